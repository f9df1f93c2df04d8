/** Rows of pictures, one below the other: what went in, what came out, what was wanted. */

import type { DrawnStrip } from '../driver/events.js';
import { make } from './dom.js';

/** Draws the rows, keeping the elements of the last time: the page neither jumps nor flickers. */
export function showStrips(place: HTMLElement, strips: readonly DrawnStrip[]): void {
  const sources = strips.flatMap(({ images }) => images);
  const shown = [...place.querySelectorAll('img')];
  if (shown.length !== sources.length) {
    place.replaceChildren(...strips.map(strip));
    return;
  }
  for (const [index, image] of shown.entries()) image.src = sources[index] as string;
}

function strip({ title, images }: DrawnStrip): HTMLElement {
  const pictures = images.map((source, index) => {
    const image = make('img');
    image.src = source;
    image.alt = `digit ${index + 1}, ${title}`;
    return image;
  });
  return make(
    'figure',
    { className: 'strip' },
    make('figcaption', { text: title }),
    make('div', {}, ...pictures),
  );
}
