/** The page: choose, run, watch, export. */

import { threeDigits } from '../format.js';
import type { Roof } from '../roofline.js';
import type { Row } from '../row.js';
import { aboutFirst, byCase, type runSuites } from '../run.js';
import type { Suite } from '../suites/index.js';
import { caseCard } from './case-card.js';
import { download } from './download.js';
import { drawSuiteChart } from './suite-chart.js';

interface PageParts {
  readonly suites: Readonly<Record<string, Suite>>;
  readonly defaultRuns: number;
  readonly runSuites: typeof runSuites;
}

export function startPage(document: Document, { suites, defaultRuns, runSuites }: PageParts): void {
  const find = <T extends HTMLElement>(selector: string): T => {
    const element = document.querySelector<T>(selector);
    if (!element) throw new Error(`the page lacks ${selector}`);
    return element;
  };
  const setup = find<HTMLFormElement>('#setup');
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
  const results = find('#results');
  const adapter = find('#adapter');
  let rows: Row[] = [];
  let abort = new AbortController();

  runs.value = String(defaultRuns);
  find('#suites').append(
    ...Object.entries(suites).map(([name, suite], index) => suiteBox(name, suite, index)),
  );

  const running = (yes: boolean): void => {
    start.disabled = yes;
    stop.disabled = !yes;
    save.disabled = yes || rows.length === 0;
    progress.hidden = !yes;
  };

  const run = async (): Promise<void> => {
    rows = [];
    results.replaceChildren();
    const charts = new Map<string, ((rows: readonly Row[]) => void)[]>();
    const chartsOf = (name: string) => {
      const drawn = charts.get(name) ?? suites[name]?.charts?.map((chart) => drawSuiteChart(results, chart));
      charts.set(name, drawn ?? []);
      return drawn ?? [];
    };
    let roof: Roof | null = null;
    adapter.textContent = '';
    adapter.className = '';
    abort = new AbortController();
    running(true);
    try {
      await runSuites({
        suites: [...setup.querySelectorAll<HTMLInputElement>('#suites input:checked')].map(
          ({ value }) => value,
        ),
        peers: peers.checked,
        runs: runs.valueAsNumber,
        signal: abort.signal,
        onProgress({ text, done, secondsLeft }) {
          bar.value = done;
          words.textContent = `${text}${secondsLeft === null ? '' : ` · ${duration(secondsLeft)} left`}`;
        },
        onRoof(measured) {
          roof = measured;
        },
        onRows(found, bench) {
          rows.push(...found);
          for (const draw of chartsOf(bench.suite)) draw(found);
          for (const [name, of] of byCase(found)) {
            results.append(caseCard(of, name === bench.name ? bench.about : aboutFirst(bench), roof));
          }
          adapter.textContent = adapterText(found[0]?.adapter ?? '', roof);
        },
      });
    } catch (error) {
      if (!abort.signal.aborted) {
        adapter.textContent = error instanceof Error ? error.message : String(error);
        adapter.className = 'failed';
      }
    } finally {
      running(false);
    }
  };

  setup.addEventListener('submit', (event) => {
    event.preventDefault();
    void run();
  });
  stop.addEventListener('click', () => abort.abort());
  save.addEventListener('click', () => download('heddle-benchmarks.json', rows));
}

function suiteBox(name: string, { about }: Suite, index: number): HTMLElement {
  const label = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.value = name;
  box.checked = index === 0;
  label.append(box, ` ${name}: ${about}`);
  return label;
}

const adapterText = (name: string, roof: Roof | null): string =>
  roof
    ? `Adapter: ${name}. Its limits: ${threeDigits(roof.gflops)} GFLOP/s, ${threeDigits(roof.gbps)} GB/s.`
    : `Adapter: ${name}`;

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
