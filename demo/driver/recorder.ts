/** Collects the steps of a run, tells them a few times a second, and knows how fast they come. */

import type { StepEvent } from 'heddle';
import type { DemoEvent, StepReport } from './events.js';

/** Milliseconds between two tellings: often enough to look live, seldom enough to cost nothing. */
const INTERVAL_MS = 100;
/** How much of the past the rate is taken from. */
const RATE_WINDOW_MS = 3000;

export interface Extent {
  readonly stepsPerEpoch: number;
  readonly total: number;
}

export class Recorder {
  readonly #tell: (event: DemoEvent) => void;
  #extent: Extent = { stepsPerEpoch: 1, total: 0 };
  #waiting: StepReport[] = [];
  #toldAt = 0;
  #done = 0;
  #images = 0;
  #marks: { readonly at: number; readonly done: number; readonly images: number }[] = [];

  constructor(tell: (event: DemoEvent) => void) {
    this.#tell = tell;
  }

  set extent(extent: Extent) {
    this.#extent = extent;
  }

  /** Steps recorded, over all series. */
  get done(): number {
    return this.#done;
  }

  record(series: string, { step, size, loss, metrics }: StepEvent): void {
    const { stepsPerEpoch } = this.#extent;
    const epoch = Math.floor((step - 1) / stepsPerEpoch);
    const batch = (step - 1) % stepsPerEpoch;
    this.#waiting.push({ series, step, epoch, batch, size, loss, accuracy: metrics.accuracy ?? null });
    this.#done++;
    this.#images += size;
    if (performance.now() - this.#toldAt >= INTERVAL_MS) this.flush();
  }

  /** Tells what has not been told. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const now = performance.now();
    this.#toldAt = now;
    this.#marks.push({ at: now, done: this.#done, images: this.#images });
    while (this.#marks.length > 2 && now - (this.#marks[0]?.at ?? now) > RATE_WINDOW_MS) this.#marks.shift();
    const [first] = this.#marks;
    const seconds = first ? (now - first.at) / 1000 : 0;
    const rate = (count: number): number => (seconds > 0 ? count / seconds : 0);
    const stepsPerSecond = rate(this.#done - (first?.done ?? 0));
    const { total, stepsPerEpoch } = this.#extent;
    const steps = this.#waiting;
    this.#waiting = [];
    this.#tell({
      type: 'steps',
      steps,
      done: this.#done,
      total,
      stepsPerEpoch,
      imagesPerSecond: rate(this.#images - (first?.images ?? 0)),
      secondsLeft: stepsPerSecond > 0 ? (total - this.#done) / stepsPerSecond : 0,
    });
  }
}
