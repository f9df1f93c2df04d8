/** Work that is asked for faster than it is done: one at a time, and afterwards once more for all that was asked meanwhile. */

export class Latest {
  readonly #work: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #running = false;
  #again = false;

  constructor(work: () => Promise<void>, failed: (error: unknown) => void) {
    this.#work = work;
    this.#failed = failed;
  }

  ask(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.#work()
      .catch(this.#failed)
      .finally(() => {
        this.#running = false;
        if (!this.#again) return;
        this.#again = false;
        this.ask();
      });
  }
}
