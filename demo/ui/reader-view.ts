/** A text to type and what the model takes it for, and below it some texts that the model has never trained on. */

import type { Driver } from '../driver/driver.js';
import type { ReadText } from '../driver/events.js';
import { Bars } from './bars.js';
import { byId, make } from './dom.js';
import { Latest } from './latest.js';

/** Texts on show. */
const SHOWN = 12;

export class ReaderView {
  readonly #driver: Driver;
  readonly #box = byId('reader-box', HTMLElement);
  readonly #text = byId('reader-text', HTMLInputElement);
  readonly #says = byId('reader-says', HTMLElement);
  readonly #bars = new Bars(byId('reader-bars', HTMLElement));
  readonly #table = byId('read', HTMLElement);
  readonly #right = byId('read-right', HTMLElement);
  readonly #latest: Latest;

  constructor(driver: Driver, failed: (error: unknown) => void) {
    this.#driver = driver;
    this.#latest = new Latest(() => this.#read(), failed);
    this.#text.addEventListener('input', () => this.#latest.ask());
  }

  /** A new run: nothing is read yet. */
  begin(): void {
    this.#box.hidden = true;
    this.#table.replaceChildren();
  }

  /** What the model makes of texts that it never trains on. */
  hear(texts: readonly ReadText[]): void {
    const names = this.#driver.current?.reader?.classNames;
    if (!names) return;
    this.#box.hidden = false;
    const right = texts.filter(({ truth, predicted }) => truth === predicted).length;
    this.#right.textContent = `${right} of ${texts.length} right`;
    this.#table.replaceChildren(...texts.slice(0, SHOWN).map((one) => row(names, one)));
    this.#latest.ask();
  }

  /** A run that began meanwhile took the model away: no failure, since that one will be asked next. */
  async #read(): Promise<void> {
    const { current } = this.#driver;
    const names = current?.reader?.classNames;
    if (!names) return;
    const text = this.#text.value.trim();
    try {
      const shares = text === '' ? null : await this.#driver.read(text);
      if (this.#driver.current !== current) return;
      this.#bars.show(names, shares);
      this.#says.textContent = shares ? sentence(names, shares) : 'nothing typed yet';
    } catch (error) {
      if (this.#driver.current === current) throw error;
    }
  }
}

function sentence(names: readonly string[], shares: readonly number[]): string {
  const most = Math.max(...shares);
  return `sounds like ${names[shares.indexOf(most)]}, ${(100 * most).toFixed(0)} % sure`;
}

/** Right or wrong is said by a sign and in words, not by colour alone. */
function row(names: readonly string[], { text, truth, predicted, confidence }: ReadText): HTMLElement {
  const right = truth === predicted;
  const verdict = make('td', {
    className: right ? 'good' : 'bad',
    text: `${right ? '✓' : '✗'} ${names[predicted]}`,
    title: right ? 'right' : 'wrong',
  });
  return make(
    'tr',
    {},
    make('td', { className: 'text', text }),
    make('td', { text: names[truth] ?? '' }),
    verdict,
    make('td', { className: 'number', text: `${(100 * confidence).toFixed(0)} %` }),
  );
}
