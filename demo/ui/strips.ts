/** Rows of pictures, one below the other: what went in, what came out, what was wanted. */

import type { DrawnStrip } from '../driver/events.js';
import { make } from './dom.js';

/** Draws the rows, keeping the elements of the last time: the page neither jumps nor flickers. */
export function showStrips(place: HTMLElement, strips: readonly DrawnStrip[]): void {
  const sources = strips.flatMap(({ images }) => images);
  const captions = strips.flatMap((strip) => strip.captions ?? []);
  const shown = [...place.querySelectorAll('img')];
  const said = [...place.querySelectorAll('div figcaption')];
  if (shown.length !== sources.length || said.length !== captions.length) {
    place.replaceChildren(...strips.map(strip));
    return;
  }
  for (const [index, image] of shown.entries()) image.src = sources[index] as string;
  for (const [index, caption] of said.entries()) caption.textContent = captions[index] as string;
}

function strip({ title, images, captions }: DrawnStrip): HTMLElement {
  const pictures = images.map((source, index) => {
    const image = make('img');
    image.src = source;
    image.alt = `picture ${index + 1}, ${title}`;
    const caption = captions?.[index];
    return caption === undefined
      ? image
      : make('figure', {}, image, make('figcaption', { text: caption, className: 'under' }));
  });
  return make(
    'figure',
    { className: 'strip' },
    make('figcaption', { text: title }),
    make('div', {}, ...pictures),
  );
}
