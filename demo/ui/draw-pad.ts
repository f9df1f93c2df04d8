/** A black square to draw on in white, with a mouse, a pen or a finger. */

import type { PackedImages } from '../data/datasets.js';
import { asPicture } from '../driver/drawing.js';
import { drawImage } from '../driver/predictions.js';

/** Pixels of the pad along a side, whatever its size on the page. */
const SIDE = 280;
/** About as broad, against a digit, as the pens of the data set. */
const PEN = 22;

export class DrawPad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #changed: () => void;
  #last: readonly [x: number, y: number] | null = null;

  /** `changed` is called as the drawing grows. */
  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.#canvas = canvas;
    this.#changed = changed;
    canvas.width = SIDE;
    canvas.height = SIDE;
    this.#context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.#blacken();
    canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(end, () => {
        this.#last = null;
      });
    }
  }

  /** The drawing as a picture of the data set; `null` where nothing is drawn. */
  picture(): Uint8Array<ArrayBuffer> | null {
    const { data } = this.#context.getImageData(0, 0, SIDE, SIDE);
    const ink = Uint8Array.from({ length: SIDE * SIDE }, (_, index) => data[4 * index] ?? 0);
    return asPicture({ ink, width: SIDE, height: SIDE });
  }

  clear(): void {
    this.#blacken();
    this.#changed();
  }

  /** Puts a picture of the data set on the pad: for those who cannot draw. */
  put(set: PackedImages, row: number): void {
    const small = document.createElement('canvas');
    drawImage(small, set, row);
    this.#context.drawImage(small, 0, 0, SIDE, SIDE);
    this.#changed();
  }

  #blacken(): void {
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, SIDE, SIDE);
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#last = this.#at(event);
    this.#line(this.#last);
    this.#changed();
  }

  #move(event: PointerEvent): void {
    if (!this.#last) return;
    const between = event.getCoalescedEvents();
    for (const one of between.length > 0 ? between : [event]) this.#line(this.#at(one));
    this.#changed();
  }

  #at({ clientX, clientY }: PointerEvent): readonly [x: number, y: number] {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return [((clientX - left) * SIDE) / width, ((clientY - top) * SIDE) / height];
  }

  #line(to: readonly [x: number, y: number]): void {
    const context = this.#context;
    context.strokeStyle = '#fff';
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...(this.#last ?? to));
    context.lineTo(...to);
    context.stroke();
    this.#last = to;
  }
}
