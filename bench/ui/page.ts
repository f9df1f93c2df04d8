/** The page: choose, run, watch, export. */

import type { runSuites } from '../run.js';
import type { Suite } from '../suites/index.js';
import { showAdapter, showRoof } from './adapter.js';
import { download } from './download.js';
import { element } from './element.js';
import { resultsIn } from './results.js';

interface PageParts {
  readonly suites: Readonly<Record<string, Suite>>;
  readonly defaultRuns: number;
  readonly runSuites: typeof runSuites;
}

export function startPage(document: Document, { suites, defaultRuns, runSuites }: PageParts): void {
  const find = <T extends HTMLElement>(selector: string): T => {
    const found = document.querySelector<T>(selector);
    if (!found) throw new Error(`the page lacks ${selector}`);
    return found;
  };
  const runs = find<HTMLInputElement>('#runs');
  const peers = find<HTMLInputElement>('#peers');
  const [start, stop, save] = ['#start', '#stop', '#export'].map((id) => find<HTMLButtonElement>(id)) as [
    HTMLButtonElement,
    HTMLButtonElement,
    HTMLButtonElement,
  ];
  const progress = find('#progress');
  const bar = find<HTMLProgressElement>('#progress progress');
  const words = find('#progress p');
  const status = find('#status');
  const adapter = find('#adapter');
  const results = resultsIn(find('#results'), find('#summary'), suites);
  let abort = new AbortController();

  runs.value = String(defaultRuns);
  const boxes = Object.entries(suites).map(([name, suite], index) => suiteBox(name, suite, index));
  find('#suites div').append(...boxes.map(({ label }) => label));
  const chosen = (): string[] => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
  const choose = (all: boolean) => (): void => {
    for (const { box } of boxes) box.checked = all;
  };
  void showAdapter(adapter);

  const running = (yes: boolean): void => {
    start.disabled = yes;
    stop.disabled = !yes;
    save.disabled = yes || results.rows.length === 0;
    progress.hidden = !yes;
  };
  const say = (text: string, className = ''): void => {
    status.textContent = text;
    status.className = className;
  };

  const run = async (): Promise<void> => {
    const names = chosen();
    if (names.length === 0) {
      say('Choose a suite first.');
      return;
    }
    results.clear();
    abort = new AbortController();
    running(true);
    say('Running.');
    bar.value = 0;
    words.textContent = 'starting';
    try {
      await runSuites({
        suites: names,
        peers: peers.checked,
        runs: runs.valueAsNumber,
        signal: abort.signal,
        onProgress({ text, done, secondsLeft }) {
          bar.value = done;
          words.textContent = `${text}${secondsLeft === null ? '' : ` · ${duration(secondsLeft)} left`}`;
        },
        onRoof(roof) {
          results.judgeBy(roof);
          showRoof(adapter, roof);
        },
        onSample: results.show,
        onRows: results.add,
      });
      say(`Done: ${casesText(results.rows)}.`);
    } catch (error) {
      results.stop();
      if (abort.signal.aborted) say(`Stopped: ${casesText(results.rows)}.`);
      else say(`✕ ${error instanceof Error ? error.message : String(error)}`, 'failed');
    } finally {
      running(false);
    }
  };

  find('#all').addEventListener('click', choose(true));
  find('#none').addEventListener('click', choose(false));
  find<HTMLFormElement>('#setup').addEventListener('submit', (event) => {
    event.preventDefault();
    void run();
  });
  stop.addEventListener('click', () => {
    abort.abort();
    say('Stopping behind this sample.');
  });
  save.addEventListener('click', () => download('heddle-benchmarks.json', results.rows));
}

function suiteBox(
  name: string,
  { about }: Suite,
  index: number,
): { readonly label: HTMLElement; readonly box: HTMLInputElement } {
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.value = name;
  box.checked = index === 0;
  const text = element('span', '', name);
  text.append(element('small', '', about));
  const label = element('label');
  label.append(box, text);
  return { label, box };
}

function casesText(rows: readonly { readonly suite: string; readonly case: string }[]): string {
  const count = new Set(rows.map((row) => `${row.suite}/${row.case}`)).size;
  return count === 1 ? '1 case' : `${count} cases`;
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
