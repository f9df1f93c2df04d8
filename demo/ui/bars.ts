/** How sure a model is of each class: a bar and a number for each. */

import { make } from './dom.js';

interface Bar {
  readonly row: HTMLElement;
  readonly fill: HTMLElement;
  readonly share: HTMLElement;
}

export class Bars {
  readonly #place: HTMLElement;
  #bars: Bar[] = [];

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  /** `null` empties the bars. */
  show(names: readonly string[], shares: readonly number[] | null): void {
    if (this.#bars.length !== names.length) this.#build(names);
    const largest = shares ? Math.max(...shares) : Number.NaN;
    for (const [index, { row, fill, share }] of this.#bars.entries()) {
      const value = shares?.[index] ?? 0;
      fill.style.inlineSize = `${(100 * value).toFixed(1)}%`;
      share.textContent = shares ? `${(100 * value).toFixed(0)} %` : '';
      row.classList.toggle('likeliest', value === largest);
    }
  }

  #build(names: readonly string[]): void {
    this.#bars = names.map((name) => {
      const fill = make('span', { className: 'fill' });
      const share = make('span', { className: 'share' });
      const track = make('span', { className: 'track' }, fill);
      const row = make('li', { className: 'bar' }, make('span', { text: name }), track, share);
      return { row, fill, share };
    });
    this.#place.replaceChildren(...this.#bars.map(({ row }) => row));
  }
}
