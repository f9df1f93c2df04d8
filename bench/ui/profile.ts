/** The page's section of profiles: choose a training step, see its timeline and its table. */

import { rateText, threeDigits } from '../format.js';
import type { JudgedDispatch, profileTask, TaskProfile } from '../profile.js';
import { download } from './download.js';
import { element } from './element.js';
import { timeline } from './timeline.js';

interface ProfileParts {
  readonly tasks: readonly string[];
  readonly profileTask: typeof profileTask;
}

export function startProfile(document: Document, { tasks, profileTask }: ProfileParts): void {
  const find = <T extends HTMLElement>(selector: string): T => {
    const found = document.querySelector<T>(`#profile ${selector}`);
    if (!found) throw new Error(`the page lacks #profile ${selector}`);
    return found;
  };
  const choice = find<HTMLSelectElement>('select');
  const start = find<HTMLButtonElement>('button[type="submit"]');
  const save = find<HTMLButtonElement>('button[type="button"]');
  const words = find('[role="status"]');
  const place = find('div');
  let profile: TaskProfile | null = null;
  choice.append(...tasks.map((name) => new Option(name)));

  const run = async (): Promise<void> => {
    start.disabled = true;
    words.className = '';
    words.textContent = 'waiting for its turn';
    try {
      profile = await profileTask(choice.value, {
        onProgress: (text) => {
          words.textContent = text;
        },
      });
      words.textContent = summary(profile);
      place.replaceChildren(timeline(profile), table(profile));
    } catch (error) {
      words.textContent = error instanceof Error ? error.message : String(error);
      words.className = 'failed';
    } finally {
      start.disabled = false;
      save.disabled = profile === null;
    }
  };

  find<HTMLFormElement>('form').addEventListener('submit', (event) => {
    event.preventDefault();
    void run();
  });
  save.addEventListener('click', () => {
    if (profile) download(`heddle-profile-${profile.task}.json`, profile);
  });
}

function summary({ task, whole, dispatches, source, repeat, adapter, roof }: TaskProfile): string {
  const sum = dispatches.reduce((total, { milliseconds }) => total + milliseconds, 0);
  const how =
    source === 'timestamps' ? 'timestamps of the GPU' : 'the clock, as this device has no timestamps';
  return (
    `${task}: ${threeDigits(whole)} ms a step; its ${dispatches.length} dispatches alone ${threeDigits(sum)} ms ` +
    `(by ${how}; median of ${repeat} passes). Adapter: ${adapter}. ` +
    `Its limits: ${threeDigits(roof.gflops)} GFLOP/s, ${threeDigits(roof.gbps)} GB/s.`
  );
}

const CAPTION =
  'Slowest first: time, share of the step, and how fast that is beside what the adapter can do (above 100 % data come from caches).';

function table(profile: TaskProfile): HTMLElement {
  const made = element('table');
  const [head, body, titles] = [element('thead'), element('tbody'), element('tr')];
  const caption = element('caption', '', CAPTION);
  for (const [title, className] of [
    ['Step, kernel', ''],
    ['Time', 'number'],
    ['Spread', 'number wide'],
    ['Share', 'number'],
    ['So far', 'number wide'],
    ['Rate, of the limit', 'number'],
  ] as const) {
    titles.append(element('th', className, title));
  }
  let soFar = 0;
  const sorted = [...profile.dispatches].sort((a, b) => b.milliseconds - a.milliseconds);
  for (const row of sorted) {
    soFar += row.share;
    body.append(tableRow(row, soFar, profile));
  }
  head.append(titles);
  made.append(caption, head, body);
  return made;
}

function tableRow(row: JudgedDispatch, soFar: number, { roof }: TaskProfile): HTMLElement {
  const line = element('tr');
  const name = element('th', '', row.step);
  name.setAttribute('scope', 'row');
  name.append(element('span', 'kernel', `${row.index + 1}. ${row.kernel}`));
  line.append(
    name,
    element('td', 'number', `${threeDigits(row.milliseconds)} ms`),
    element('td', 'number wide', percent(row.spread)),
    element('td', 'number', percent(row.share)),
    element('td', 'number wide', percent(soFar)),
    element('td', 'number', rateText(row, roof)),
  );
  return line;
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
