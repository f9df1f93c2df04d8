/** A curve of any number of steps in a bounded number of points: each is the mean of a stretch, and stretches grow as steps come in. */

const MOST_POINTS = 400;

export class Curve {
  readonly x: number[] = [];
  readonly y: number[] = [];
  /** Steps in each full point. */
  #stretch = 1;
  /** Steps in the last point. */
  #inLast = 0;

  add(step: number, value: number): void {
    if (this.#inLast === this.#stretch || this.#inLast === 0) {
      if (this.x.length === MOST_POINTS) this.#halve();
      this.x.push(step);
      this.y.push(value);
      this.#inLast = 1;
      return;
    }
    const last = this.y.length - 1;
    const count = ++this.#inLast;
    this.y[last] = (this.y[last] ?? 0) + (value - (this.y[last] ?? 0)) / count;
    this.x[last] = step;
  }

  /** Joins points two by two; there is an even number of full ones. */
  #halve(): void {
    for (let index = 0; index < MOST_POINTS / 2; index++) {
      this.x[index] = this.x[2 * index + 1] ?? 0;
      this.y[index] = ((this.y[2 * index] ?? 0) + (this.y[2 * index + 1] ?? 0)) / 2;
    }
    this.x.length = MOST_POINTS / 2;
    this.y.length = MOST_POINTS / 2;
    this.#stretch *= 2;
  }
}
