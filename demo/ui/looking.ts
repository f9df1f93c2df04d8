/** What a person shows the model: a picture that was chosen or drawn, and what comes of it, again and again while it trains. */

import type { PackedImages } from '../data/datasets.js';
import type { Driver } from '../driver/driver.js';
import { Bars } from './bars.js';
import { byId } from './dom.js';
import { DrawPad } from './draw-pad.js';
import { FeatureView } from './feature-view.js';
import { Latest } from './latest.js';

export class Looking {
  readonly #driver: Driver;
  readonly #box = byId('draw-box', HTMLElement);
  readonly #says = byId('drawn-says', HTMLElement);
  readonly #bars = new Bars(byId('bars', HTMLElement));
  readonly #view: FeatureView;
  readonly #pad: DrawPad;
  readonly #latest: Latest;
  /** The row whose features are shown; `null` for the drawing's. */
  #row: number | null = 0;
  #next = 0;

  constructor(driver: Driver, failed: (error: unknown) => void) {
    this.#driver = driver;
    this.#view = new FeatureView(driver);
    this.#latest = new Latest(() => this.#lookUnlessGone(), failed);
    this.#pad = new DrawPad(byId('pad', HTMLCanvasElement), () => {
      this.#row = this.#pad.picture() ? null : 0;
      this.#latest.ask();
    });
    byId('pad-clear', HTMLButtonElement).addEventListener('click', () => this.#pad.clear());
    byId('pad-put', HTMLButtonElement).addEventListener('click', () => {
      const set = this.#set;
      if (!set) return;
      this.#pad.clear();
      this.#pad.put(set, this.#next++ % set.rows);
    });
  }

  /** A new run; `digits` says whether what is drawn can mean something to its model. */
  begin({ digits }: { readonly digits: boolean }): void {
    this.#box.hidden = !digits;
    this.#view.hide();
    this.#row = digits && this.#pad.picture() ? null : 0;
    this.#latest.ask();
  }

  /** Shows the features of a picture. */
  choose(row: number): void {
    this.#row = row;
    this.#latest.ask();
  }

  /** The model has learned something. */
  again(): void {
    this.#latest.ask();
  }

  get #set(): PackedImages | null {
    return this.#driver.current?.test ?? null;
  }

  /** A run that began meanwhile took the model away: no failure, since that one will be looked at next. */
  async #lookUnlessGone(): Promise<void> {
    const { current } = this.#driver;
    try {
      await this.#look();
    } catch (error) {
      if (this.#driver.current === current) throw error;
    }
  }

  async #look(): Promise<void> {
    const drawn = this.#box.hidden ? null : this.#pad.picture();
    if (!this.#box.hidden) await this.#classify(drawn);
    const set = this.#set;
    if (!set) return;
    const size = set.height * set.width;
    const row = this.#row ?? 0;
    const picture = this.#row === null && drawn ? drawn : set.images.subarray(row * size, (row + 1) * size);
    await this.#view.show(picture);
  }

  async #classify(drawn: Uint8Array | null): Promise<void> {
    const set = this.#set;
    const shares = drawn && (await this.#driver.classify(drawn));
    const names = set?.classNames ?? Array.from({ length: 10 }, (_, digit) => String(digit));
    this.#bars.show(names, shares);
    this.#says.textContent = shares ? sentence(names, shares) : drawn ? 'no model yet' : 'nothing drawn yet';
  }
}

function sentence(names: readonly string[], shares: readonly number[]): string {
  const most = Math.max(...shares);
  return `looks like ${names[shares.indexOf(most)]}, ${(100 * most).toFixed(0)} % sure`;
}
