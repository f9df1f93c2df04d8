/** The page: buttons in, events out. The same driver runs here for a person and, through `window.heddleDemo`, for the command. */

import 'uplot/dist/uPlot.min.css';
import './pictures.css';
import './tables.css';
import './texts.css';
import './style.css';
import { Driver } from './driver/driver.js';
import { type DemoEvent, lineOf, type RunRequest } from './driver/events.js';
import { faceOf } from './driver/face.js';
import { CATALOGUE, type ExampleName } from './examples/catalogue.js';
import { Chart } from './ui/chart.js';
import { Controls } from './ui/controls.js';
import { byId, make, showNumber, showTime } from './ui/dom.js';
import { Looking } from './ui/looking.js';
import { PlotView } from './ui/plot-view.js';
import { PredictionGrid } from './ui/predictions.js';
import { ReaderView } from './ui/reader-view.js';
import { showStrips } from './ui/strips.js';
import { planTiles, showTiles, showVerification } from './ui/tables.js';
import { WriterView } from './ui/writer-view.js';

const driver = new Driver(() => controls.files);
globalThis.heddleDemo = faceOf(driver);

const at = (id: string): HTMLElement => byId(id, HTMLElement);
const progress = byId('progress', HTMLProgressElement);
const verifyButton = byId('verify', HTMLButtonElement);
const saveButton = byId('save', HTMLButtonElement);
const loss = new Chart(at('loss-chart'));
const accuracy = new Chart(at('accuracy-chart'));
const plot = new PlotView(at('plot'));
const looking = new Looking(driver, say);
const reader = new ReaderView(driver, say);
const writer = new WriterView(driver, say);
const pictures = new PredictionGrid(at('pictures'), (row) => looking.choose(row));

const controls = new Controls({
  train: (name, request) => void attempt(() => train(name, request)),
  stop: () => driver.stop(),
});

/** Does what a button asks; what goes wrong is said on the page. */
async function attempt(work: () => Promise<void>): Promise<void> {
  at('error').hidden = true;
  try {
    await work();
  } catch (error) {
    say(error);
  }
}

function say(error: unknown): void {
  at('error').textContent = error instanceof Error ? error.message : String(error);
  at('error').hidden = false;
}

async function train(name: ExampleName, request: RunRequest): Promise<void> {
  controls.busy = true;
  try {
    await driver.run(name, request);
  } catch (error) {
    at('stage').textContent = 'failed';
    throw error;
  } finally {
    controls.busy = false;
  }
}

verifyButton.addEventListener('click', () =>
  attempt(async () => {
    verifyButton.disabled = true;
    at('verification').replaceChildren(
      make('p', { className: 'muted', text: 'running the plan dispatch by dispatch …' }),
    );
    try {
      const report = await driver.verify();
      if (report) showVerification(at('verification'), report);
    } finally {
      verifyButton.disabled = false;
    }
  }),
);

saveButton.addEventListener('click', () =>
  attempt(async () => {
    const bytes = await driver.save();
    if (!bytes) return;
    const link = make('a');
    link.href = URL.createObjectURL(new Blob([bytes]));
    link.download = `${driver.current?.info.name}.safetensors`;
    link.click();
    URL.revokeObjectURL(link.href);
  }),
);

driver.on((event) => {
  handlers[event.type](event as never);
});

const handlers: { readonly [T in DemoEvent['type']]: (event: Extract<DemoEvent, { type: T }>) => void } = {
  begin({ example }) {
    for (const id of ['charts', 'pictures-box', 'strips-box', 'plot-box', 'plan', 'outcome', 'after'])
      at(id).hidden = true;
    at('error').hidden = true;
    const info = CATALOGUE.find(({ name }) => name === example);
    // A classifier's loss stays within a decade or two; a regression's crosses many.
    loss.clear({ logarithmic: info?.data === null && info.takes === undefined });
    looking.begin({ digits: info?.drawable === true });
    accuracy.clear({ fraction: true });
    pictures.clear();
    reader.begin();
    writer.begin();
    plot.clear();
    progress.hidden = true;
    showTiles(at('figures'), []);
    at('verification').replaceChildren();
  },
  device({ device }) {
    at('adapter').textContent = device.kind === 'webgpu' ? `WebGPU: ${device.adapter}` : device.adapter;
    at('notice').textContent = device.notice ?? '';
    at('notice').hidden = device.notice === null;
  },
  stage({ text }) {
    at('stage').textContent = text;
  },
  plan({ plan }) {
    at('plan').hidden = false;
    showTiles(at('plan-figures'), planTiles(plan));
    at('plan-text').textContent = plan.text;
  },
  steps({ steps, done, total, stepsPerEpoch, imagesPerSecond, secondsLeft }) {
    for (const step of steps) {
      loss.add(step.series, step.step, step.loss);
      if (step.accuracy !== null) accuracy.add(lineOf(step, 'accuracy'), step.step, step.accuracy);
    }
    const last = steps.at(-1);
    if (!last) return;
    at('charts').hidden = false;
    at('accuracy-box').hidden = last.accuracy === null;
    at('stage').textContent = 'training';
    progress.hidden = false;
    progress.max = total;
    progress.value = done;
    showTiles(at('figures'), [
      ['epoch', String(last.epoch + 1)],
      ['step', `${last.batch + 1} / ${stepsPerEpoch}`],
      ['loss', showNumber(last.loss)],
      ...(last.accuracy === null ? [] : [['accuracy', last.accuracy.toFixed(3)] as const]),
      ['examples/s', Math.round(imagesPerSecond).toLocaleString('en')],
      ['time left', showTime(secondsLeft)],
    ]);
  },
  epoch({ epoch, logs, curves, done }) {
    for (const [name, value] of Object.entries(curves.loss ?? {})) loss.add(name, done, value);
    for (const [name, value] of Object.entries(curves.accuracy ?? {})) accuracy.add(name, done, value);
    const { val_accuracy: validation } = logs;
    if (validation !== undefined)
      at('stage').textContent = `epoch ${epoch + 1}: validation accuracy ${validation.toFixed(4)}`;
  },
  predictions({ predictions }) {
    const set = driver.current?.test;
    if (!set) return;
    at('pictures-box').hidden = false;
    pictures.update(set, predictions);
    looking.again();
    const right = predictions.filter(({ truth, predicted }) => truth === predicted).length;
    at('pictures-right').textContent = `${right} of ${predictions.length} right`;
  },
  read({ texts }) {
    reader.hear(texts);
  },
  written({ request, texts }) {
    writer.hear(request, texts);
  },
  strips({ strips }) {
    at('strips-box').hidden = false;
    showStrips(at('strips'), strips);
  },
  plot({ plot: { title, axes, lines } }) {
    at('plot-box').hidden = false;
    at('plot-title').textContent = title;
    at('plot').setAttribute('aria-label', title);
    plot.draw({ axes, lines });
  },
  end({ summary }) {
    at('stage').textContent = summary.stopped ? 'stopped' : 'done';
    at('outcome').hidden = false;
    at('outcome').className = summary.passed === false ? 'card bad' : 'card good';
    at('outcome-lines').replaceChildren(...summary.details.map((text) => make('li', { text })));
    at('after').hidden = false;
    verifyButton.hidden = summary.device === 'cpu' || summary.dispatchesPerStep === null;
  },
};

void attempt(async () => {
  await driver.device('auto');
});
