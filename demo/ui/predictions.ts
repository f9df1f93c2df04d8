/** The pictures on show, and under each what the model takes it for. */

import type { PackedImages } from '../data/datasets.js';
import type { Predicted } from '../driver/events.js';
import { drawImage } from '../driver/predictions.js';
import { make } from './dom.js';

export class PredictionGrid {
  readonly #place: HTMLElement;
  readonly #choose: (row: number) => void;
  #set: PackedImages | null = null;
  #captions: HTMLElement[] = [];

  /** `choose` hears of the picture that was clicked. */
  constructor(place: HTMLElement, choose: (row: number) => void) {
    this.#place = place;
    this.#choose = choose;
  }

  clear(): void {
    this.#set = null;
    this.#captions = [];
    this.#place.replaceChildren();
  }

  update(set: PackedImages, predictions: readonly Predicted[]): void {
    if (this.#set !== set) this.#draw(set, predictions);
    predictions.forEach((one, index) => {
      const caption = this.#captions[index];
      if (caption) describe(caption, set.classNames, one);
    });
  }

  #draw(set: PackedImages, predictions: readonly Predicted[]): void {
    this.clear();
    this.#set = set;
    for (const { row, truth } of predictions) {
      const canvas = make('canvas');
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', `picture of: ${set.classNames[truth]}`);
      drawImage(canvas, set, row);
      const button = make('button', { title: 'look at this picture' }, canvas);
      button.type = 'button';
      button.addEventListener('click', () => this.#choose(row));
      const caption = make('figcaption');
      this.#captions.push(caption);
      this.#place.append(make('figure', { className: 'picture' }, button, caption));
    }
  }
}

/** Right or wrong is said by a sign and in words, not by colour alone. */
function describe(
  caption: HTMLElement,
  names: readonly string[],
  { truth, predicted, confidence }: Predicted,
): void {
  const right = truth === predicted;
  caption.parentElement?.classList.toggle('wrong', !right);
  const said = make('span', {
    className: 'said',
    text: `${right ? '✓' : '✗'} ${names[predicted]}`,
    title: `${right ? 'right' : 'wrong'}, ${(confidence * 100).toFixed(0)} % sure`,
  });
  const truly = make('span', {
    className: 'truly',
    text: right ? `${(confidence * 100).toFixed(0)} %` : `is: ${names[truth]}`,
  });
  caption.replaceChildren(said, truly);
}
