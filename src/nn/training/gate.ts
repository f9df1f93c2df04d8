/**
 * Lets many work side by side, or one alone: while a model is verified its weights change and change back, and nobody else may look.
 */

export class Gate {
  /** Settles when the last one who wanted to be alone has done. */
  #alone: Promise<unknown> = Promise.resolve();
  readonly #together = new Set<Promise<unknown>>();

  /** Runs `work` beside others. */
  async together<T>(work: () => Promise<T>): Promise<T> {
    for (let alone: Promise<unknown> | null = null; alone !== this.#alone; ) {
      alone = this.#alone;
      await alone;
    }
    const result = work();
    const settled: Promise<unknown> = result.then(
      () => this.#together.delete(settled),
      () => this.#together.delete(settled),
    );
    this.#together.add(settled);
    return result;
  }

  /** Runs `work` when all who came before have done, and lets nobody in until it is over. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const before = [this.#alone, ...this.#together];
    const result = Promise.all(before).then(work);
    this.#alone = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}
