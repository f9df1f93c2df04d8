/** The filters of a model's first convolution, and what they find in a picture, redrawn as it trains. */

import type { Driver } from '../driver/driver.js';
import type { Drawable, Found } from '../driver/features.js';
import { byId, make } from './dom.js';
import { gpuTiles, hostTiles, type Tiles } from './tiles.js';

type Part = keyof Found;

export class FeatureView {
  readonly #driver: Driver;
  readonly #box = byId('features', HTMLElement);
  readonly #tiles = new Map<Part, { readonly canvas: HTMLCanvasElement; readonly tiles: Tiles }>();
  #gpu: GPUDevice | null = null;

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  hide(): void {
    this.#box.hidden = true;
  }

  /** Shows what the model on show finds in `picture`; hides itself where it has no convolution. */
  async show(picture: Uint8Array): Promise<void> {
    const features = await this.#driver.features();
    this.#box.hidden = !features;
    if (!features) return;
    const gpu = await this.#driver.canvasGpu();
    if (gpu !== this.#gpu) this.#tiles.clear();
    this.#gpu = gpu;
    byId('features-how', HTMLElement).textContent = gpu
      ? 'drawn from buffers of the GPU, nothing is read back'
      : 'read back: no canvas can be drawn on this device';
    const draw = ({ filters, maps }: Found): void => {
      const [height, width, count] = filters.extents;
      this.#draw('filters', filters, `${count} filters of ${height} × ${width} numbers of ${features.name}`);
      const [rows, columns, channels] = maps.extents;
      this.#draw('maps', maps, `${channels} feature maps of ${rows} × ${columns} of ${features.name}`);
    };
    await features.show(picture, { asArrays: gpu === null, draw });
  }

  #draw(part: Part, value: Drawable, label: string): void {
    const { canvas, tiles } = this.#tiles.get(part) ?? this.#place(part);
    if (canvas.getAttribute('aria-label') !== label) canvas.setAttribute('aria-label', label);
    tiles.draw(value, { signs: part === 'filters' });
  }

  /** A canvas keeps the kind of its first context, and its device: another device gets another canvas. */
  #place(part: Part) {
    const canvas = make('canvas');
    canvas.setAttribute('role', 'img');
    byId(part, HTMLElement).replaceChildren(canvas);
    const placed = { canvas, tiles: this.#gpu ? gpuTiles(this.#gpu, canvas) : hostTiles(canvas) };
    this.#tiles.set(part, placed);
    return placed;
  }
}
