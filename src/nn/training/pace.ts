/** How many steps go into one submit: enough that the device never waits for the page, few enough that the page stays alive. */

/** Milliseconds of work per submit to aim at. */
const TARGET_MS = 60;
const MOST_STEPS = 256;
/** Growth from one submit to the next: the first measurements are of a cold device. */
const GROWTH = 4;

export class Pace {
  readonly #fixed: number | null;
  #steps = 1;
  #last = performance.now();

  constructor(stepsPerSubmit?: number) {
    this.#fixed = stepsPerSubmit ?? null;
  }

  /** Whether the caller wants each step looked at before the next is queued. */
  get exact(): boolean {
    return this.#fixed === 1;
  }

  get steps(): number {
    return this.#fixed ?? this.#steps;
  }

  /** Begins to measure anew, after time that was no step's. */
  restart(): void {
    this.#last = performance.now();
  }

  /** `steps` steps have been seen to end. */
  finished(steps: number): void {
    const now = performance.now();
    const perStep = (now - this.#last) / steps;
    this.#last = now;
    const wanted = Math.floor(TARGET_MS / Math.max(perStep, 1e-3));
    this.#steps = Math.max(1, Math.min(wanted, this.#steps * GROWTH, MOST_STEPS));
  }
}
