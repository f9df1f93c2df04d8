/** How tuning shares the page: its bounded time, its moments of idleness, and its end when a signal says so. */

import { giveWay } from '../core/give-way.js';

export interface PaceOptions {
  /** Of work; waiting for idle moments does not count. */
  readonly milliseconds: number;
  readonly idle: boolean;
  readonly signal: AbortSignal | undefined;
}

export class Pace {
  readonly #options: PaceOptions;
  #left: number;
  #since = performance.now();

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#left = options.milliseconds;
  }

  /** Waits until work may go on. `false` when the time is up. Rejects with the reason of the signal when it is aborted. */
  async next(): Promise<boolean> {
    const { idle, signal } = this.#options;
    this.#left -= performance.now() - this.#since;
    signal?.throwIfAborted();
    await (idle ? idleMoment(signal) : giveWay());
    signal?.throwIfAborted();
    this.#since = performance.now();
    return this.#left > 0;
  }
}

/** Where nobody tells of idle moments, a task of its own. A page that never rests is left by the signal. */
function idleMoment(signal: AbortSignal | undefined): Promise<void> {
  if (typeof globalThis.requestIdleCallback !== 'function') return giveWay();
  return new Promise((resolve) => {
    const leave = (): void => {
      cancelIdleCallback(handle);
      resolve();
    };
    const handle = requestIdleCallback(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    });
    signal?.addEventListener('abort', leave, { once: true });
  });
}
