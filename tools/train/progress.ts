// What a person sees while it trains: stages, then a bar on a terminal, or a line now and then where the output is no terminal.
import cliProgress from 'cli-progress';
import type { DemoEvent } from '../../demo/driver/events.js';

type StepsEvent = Extract<DemoEvent, { type: 'steps' }>;

/** Milliseconds between two lines where there is no terminal. */
const LINE_MS = 2000;

export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #epochs: number;
  #bar: cliProgress.SingleBar | null = null;
  #lastLine = 0;
  #lastStage = '';

  constructor(stream: NodeJS.WriteStream, epochs: number) {
    this.#stream = stream;
    this.#epochs = epochs;
  }

  say(line: string): void {
    this.end();
    this.#stream.write(`${line}\n`);
  }

  hear(event: DemoEvent): void {
    if (event.type === 'device') this.#device(event.device);
    if (event.type === 'stage') this.#stage(event.text);
    if (event.type === 'plan') this.#plan(event.plan);
    if (event.type === 'steps') this.#steps(event);
    if (event.type === 'epoch') this.say(epochLine(event));
    if (event.type === 'written') for (const { text } of event.texts) this.say(text.replace(/^/gm, '    '));
  }

  /** Leaves the bar as it is; what comes next stands below. */
  end(): void {
    this.#bar?.stop();
    this.#bar = null;
  }

  #device({ kind, adapter, notice }: Extract<DemoEvent, { type: 'device' }>['device']): void {
    if (notice !== null) this.say(notice);
    this.say(`device: ${kind}, ${adapter}`);
  }

  #plan({ dispatches, peakBytes, lowerBoundBytes }: Extract<DemoEvent, { type: 'plan' }>['plan']): void {
    this.say(
      `plan: ${dispatches} dispatches a step, temporaries ${peakBytes} bytes (lower bound ${lowerBoundBytes})`,
    );
  }

  #stage(text: string): void {
    if (text === this.#lastStage) return;
    this.#lastStage = text;
    this.say(text);
  }

  #steps(event: StepsEvent): void {
    if (!this.#stream.isTTY) {
      const now = performance.now();
      if (now - this.#lastLine < LINE_MS && event.done < event.total) return;
      this.#lastLine = now;
      this.#stream.write(`${stepLine(event, this.#epochs)}\n`);
      return;
    }
    const fields = fieldsOf(event, this.#epochs);
    if (!this.#bar) {
      this.#bar = new cliProgress.SingleBar(
        {
          format: '{epoch} {bar} {step}  {figures}',
          stream: this.#stream,
          hideCursor: true,
          barsize: 24,
          fps: 10,
        },
        cliProgress.Presets.shades_classic,
      );
      this.#bar.start(event.total, event.done, fields);
    }
    this.#bar.update(event.done, fields);
  }
}

interface Fields {
  readonly epoch: string;
  readonly step: string;
  readonly figures: string;
}

function fieldsOf(
  { steps, stepsPerEpoch, imagesPerSecond, secondsLeft }: StepsEvent,
  epochs: number,
): Fields {
  const last = steps.at(-1);
  if (!last) return { epoch: '', step: '', figures: '' };
  const mean = (pick: (step: StepsEvent['steps'][number]) => number): number =>
    steps.reduce((sum, step) => sum + pick(step), 0) / steps.length;
  const figures = [
    `loss ${mean(({ loss }) => loss).toPrecision(4)}`,
    ...(last.accuracy === null ? [] : [`accuracy ${mean(({ accuracy }) => accuracy ?? 0).toFixed(4)}`]),
    `${Math.round(imagesPerSecond)} examples/s`,
    `${Math.ceil(secondsLeft)} s left`,
  ];
  return {
    epoch: `epoch ${last.epoch + 1}/${epochs}`,
    step: `step ${last.batch + 1}/${stepsPerEpoch}`,
    figures: figures.join(', '),
  };
}

/** The bar as a plain line. */
export function stepLine(event: StepsEvent, epochs: number): string {
  const { epoch, step, figures } = fieldsOf(event, epochs);
  return `${epoch}, ${step}: ${figures}`;
}

function epochLine({ epoch, logs }: Extract<DemoEvent, { type: 'epoch' }>): string {
  const values = Object.entries(logs).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  return `epoch ${epoch + 1}: ${values.join(', ')}`;
}
