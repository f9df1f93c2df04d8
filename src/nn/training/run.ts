/** What `fit` returns: a promise of the history, and a stream of events for whoever cares to listen. */

import { HeddleError } from '../../engine/index.js';

/** Means over the batch of one step. */
export interface StepEvent {
  readonly epoch: number;
  /** Steps since training of the model began, from 1. */
  readonly step: number;
  /** Index within the epoch. */
  readonly batch: number;
  /** Steps in the epoch; `null` for data of unknown length. */
  readonly batches: number | null;
  /** Examples in the batch. */
  readonly size: number;
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** As in TF.js: `history.loss[e]` belongs to `epoch[e]`. */
export interface History {
  readonly epoch: number[];
  readonly history: Record<string, number[]>;
}

/** Events kept for a slow listener; older ones are dropped. */
const KEPT_EVENTS = 1024;

const secondListener = (): HeddleError =>
  new HeddleError({
    op: 'fit',
    message: 'somebody listens to the events of this run already',
    roles: ['run'],
    fix: 'use one loop, and hand events on from there, or callbacks',
  });

export class FitRun extends Promise<History> implements AsyncIterable<StepEvent> {
  readonly #events: StepEvent[] = [];
  #listening = false;
  #ended = false;
  #wake: (() => void) | null = null;
  #stopping = false;
  #stopped: () => void = () => {};

  /** Starts `train` at once. */
  constructor(train: (run: FitRun) => Promise<History>) {
    let settle: (result: Promise<History>) => void = () => {};
    super((resolve) => {
      settle = resolve;
    });
    const result = train(this).finally(() => {
      this.#ended = true;
      this.#wake?.();
    });
    settle(result);
  }

  /** What `then` gives is a plain promise: only a run can be stopped. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** Ends training after the step in work; the promise resolves to the history so far. */
  stop(): void {
    this.#stopping = true;
    this.#stopped();
  }

  /** For the trainer: calls `react` when the run is stopped. */
  onStop(react: () => void): void {
    this.#stopped = react;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** For the trainer: hands an event to the listener, if there is one. */
  emit(event: StepEvent): void {
    if (!this.#listening) return;
    if (this.#events.length >= KEPT_EVENTS) this.#events.shift();
    this.#events.push(event);
    this.#wake?.();
  }

  /** Events from now on. Leaving the loop ends listening, not training. Where training fails, the loop throws its error. */
  async *[Symbol.asyncIterator](): AsyncIterator<StepEvent> {
    if (this.#listening) throw secondListener();
    this.#listening = true;
    // The loop tells of a failure; nobody has to await the run as well.
    this.catch(() => {});
    try {
      for (;;) {
        const event = this.#events.shift();
        if (event) yield event;
        else if (this.#ended) break;
        else await this.#nextEvent();
      }
      await this;
    } finally {
      this.#listening = false;
      this.#events.length = 0;
    }
  }

  #nextEvent(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}
