// The report of a run: one HTML file that needs nothing else.
import {
  type DemoEvent,
  type DrawnStrip,
  lineOf,
  type Plot,
  type RunSummary,
  type TestReport,
  type VerifySummary,
} from '../../demo/driver/events.js';
import { Curve } from '../../demo/ui/curve.js';
import { escaped, lineChart, linePlot } from './svg.js';

type WrittenEvent = Extract<DemoEvent, { type: 'written' }>;

/** What is kept of the events for the report. */
export class History {
  readonly loss = new Map<string, Curve>();
  readonly accuracy = new Map<string, Curve>();
  strips: readonly DrawnStrip[] = [];
  plot: Plot | null = null;
  written: WrittenEvent | null = null;
  plan = '';

  hear(event: DemoEvent): void {
    if (event.type === 'plan') this.plan = event.plan.text;
    if (event.type === 'strips') this.strips = event.strips;
    if (event.type === 'plot') this.plot = event.plot;
    if (event.type === 'written') this.written = event;
    if (event.type === 'epoch') this.#hearEpoch(event);
    if (event.type !== 'steps') return;
    for (const told of event.steps) {
      const { series, step, loss, accuracy } = told;
      curveOf(this.loss, series).add(step, loss);
      if (accuracy !== null) curveOf(this.accuracy, lineOf(told, 'accuracy')).add(step, accuracy);
    }
  }

  #hearEpoch({ curves, done }: Extract<DemoEvent, { type: 'epoch' }>): void {
    for (const chart of ['loss', 'accuracy'] as const)
      for (const [name, value] of Object.entries(curves[chart] ?? {}))
        curveOf(this[chart], name).add(done, value);
  }
}

function curveOf(curves: Map<string, Curve>, name: string): Curve {
  const curve = curves.get(name) ?? new Curve();
  curves.set(name, curve);
  return curve;
}

export interface ReportParts {
  readonly title: string;
  readonly summary: RunSummary;
  readonly history: History;
  readonly verify: VerifySummary | null;
  readonly test: TestReport | null;
}

const STYLE = `:root{color-scheme:light dark}body{max-width:820px;margin:32px auto;padding:0 16px;font:15px/1.5 system-ui,sans-serif}
h1{font-size:24px}h2{font-size:17px;margin:32px 0 10px}svg{width:100%;height:auto}svg text{font-size:11px;fill:#7a8494}
.grid{stroke:#8886;stroke-width:.6}table{border-collapse:collapse;font-size:13px}th,td{padding:4px 8px;text-align:left;border-bottom:1px solid #8884}
.scroll{overflow-x:auto}.confusion td{text-align:right;font-variant-numeric:tabular-nums}.confusion th{white-space:nowrap}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:14px}figure{margin:0}
figure img{width:100%;image-rendering:pixelated;border:3px solid #2a9560;border-radius:6px;box-sizing:border-box}.wrong img{border-color:#c8372d}
figure .text{margin:0;font-weight:600}.written{white-space:pre-wrap}figcaption{font-size:13px;line-height:1.35}
.strip{margin-bottom:10px}.strip div{display:flex;gap:4px}.strip img,.strip div figure{flex:1;min-width:0}.strip img{border:0}.bad{color:#c8372d}pre{overflow-x:auto;font-size:12px}.legend{font-size:13px}.legend .key{width:24px;height:8px;margin-left:10px}`;

export function htmlReport({ title, summary, history, verify, test }: ReportParts): string {
  const parts = [
    `<h1>${escaped(title)}</h1>`,
    `<ul>${summary.details.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`,
    section('Loss', lineChart(history.loss, 'loss over steps')),
    section('Accuracy', lineChart(history.accuracy, 'accuracy over steps')),
    test ? section('Who is taken for whom', confusionTable(test)) : '',
    test ? section(`${test.samples.length} ${kindOf(test)} that it has never trained on`, samples(test)) : '',
    history.written ? section('What it wrote', writtenList(history.written)) : '',
    section('Pictures', stripRows(history.strips)),
    history.plot ? section(history.plot.title, linePlot(history.plot)) : '',
    section('The run', figures(summary)),
    verify ? section('Verification of the plan that trained', verification(verify)) : '',
    history.plan === '' ? '' : section('The plan of a step', `<pre>${escaped(history.plan)}</pre>`),
  ];
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)}</title>`;
  return `<!doctype html>\n<html lang="en"><head>${head}<style>${STYLE}</style></head><body>${parts.join('\n')}</body></html>\n`;
}

const section = (title: string, body: string): string =>
  body === '' ? '' : `<section><h2>${escaped(title)}</h2>${body}</section>`;

/** Rows are what a picture is, columns what it was taken for. */
function confusionTable({ classNames, confusion }: TestReport): string {
  const largest = Math.max(1, ...confusion.flat());
  const head = ['is ↓ taken for →', ...classNames]
    .map((name) => `<th scope="col">${escaped(name)}</th>`)
    .join('');
  const rows = confusion.map((counts, truth) => {
    const cells = counts.map((count, predicted) => {
      const hue = truth === predicted ? '42,149,96' : '200,55,45';
      const strength = count === 0 ? 0 : 0.08 + (0.72 * count) / largest;
      return `<td style="background:rgba(${hue},${strength.toFixed(2)})">${count}</td>`;
    });
    return `<tr><th scope="row">${escaped(classNames[truth] ?? '')}</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll"><table class="confusion"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

const kindOf = ({ samples: [first] }: TestReport): string =>
  first && 'text' in first ? 'texts' : 'pictures';

function samples({ classNames, samples: shown }: TestReport): string {
  const figuresOf = shown.map((one) => {
    const { truth, predicted, confidence } = one;
    const right = truth === predicted;
    const said = `${right ? '✓' : '✗'} ${classNames[predicted]} (${(confidence * 100).toFixed(0)} %)`;
    const caption = right ? escaped(said) : `${escaped(said)}<br>is: ${escaped(classNames[truth] ?? '')}`;
    const shownAs =
      'image' in one
        ? `<img src="${one.image}" alt="${escaped(`picture of: ${classNames[truth]}`)}">`
        : `<p class="text">${escaped(one.text)}</p>`;
    return `<figure class="${right ? '' : 'wrong'}">${shownAs}<figcaption>${caption}</figcaption></figure>`;
  });
  return `<div class="samples">${figuresOf.join('')}</div>`;
}

/** The texts of the last epoch. */
function writtenList({ request, texts }: WrittenEvent): string {
  const items = texts.map(
    ({ text, known }) => `<li>${escaped(text)}${known ? ' <small>(by heart)</small>' : ''}</li>`,
  );
  return `<p>At temperature ${request.temperature}:</p><ul class="written">${items.join('')}</ul>`;
}

const stripRows = (strips: readonly DrawnStrip[]): string =>
  strips
    .map(({ title, images, captions }) => {
      const pictures = images.map((image, index) => picture(image, captions?.[index])).join('');
      return `<figure class="strip"><figcaption>${escaped(title)}</figcaption><div>${pictures}</div></figure>`;
    })
    .join('');

const picture = (image: string, caption: string | undefined): string =>
  caption === undefined
    ? `<img src="${image}" alt="">`
    : `<figure><img src="${image}" alt=""><figcaption>${escaped(caption)}</figcaption></figure>`;

function figures(summary: RunSummary): string {
  const rounded = { ...summary, seconds: summary.seconds.toFixed(1) };
  const rows = Object.entries(rounded).filter(([name, value]) => value !== null && name !== 'details');
  return `<table>${rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${escaped(String(value))}</td></tr>`).join('')}</table>`;
}

function verification({ passed, worstOp, worstBudgetRatio, text }: VerifySummary): string {
  const verdict = passed ? 'Every dispatch is within its error budget.' : 'At least one dispatch is wrong.';
  const worst = ` The worst: ${worstOp}, at ${worstBudgetRatio.toPrecision(3)} of its budget.`;
  return `<p class="${passed ? '' : 'bad'}">${verdict}${escaped(worst)}</p><pre>${escaped(text)}</pre>`;
}
