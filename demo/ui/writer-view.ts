/** What a model writes, anew and anew while it trains: with a beginning and a temperature that can be changed at any time. */

import type { Driver } from '../driver/driver.js';
import type { WriteRequest, Written } from '../driver/events.js';
import { byId, make } from './dom.js';
import { Latest } from './latest.js';

export class WriterView {
  readonly #driver: Driver;
  readonly #box = byId('writer-box', HTMLElement);
  readonly #title = byId('writer-title', HTMLElement);
  readonly #form = byId('writer', HTMLFormElement);
  readonly #prefix = byId('prefix', HTMLInputElement);
  readonly #temperature = byId('temperature', HTMLInputElement);
  readonly #shownTemperature = byId('temperature-shown', HTMLOutputElement);
  readonly #says = byId('writer-says', HTMLElement);
  readonly #list = byId('written', HTMLElement);
  readonly #latest: Latest;

  constructor(driver: Driver, failed: (error: unknown) => void) {
    this.#driver = driver;
    this.#latest = new Latest(() => this.#write(), failed);
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#latest.ask();
    });
    this.#form.addEventListener('input', () => {
      this.#shownTemperature.textContent = this.#temperature.value;
      this.#latest.ask();
    });
  }

  /** A new run: nothing is written yet. */
  begin(): void {
    this.#box.hidden = true;
    this.#list.replaceChildren();
    this.#says.textContent = '';
  }

  /** What the model wrote by itself; where the form asks for something else, that is asked for. */
  hear(request: WriteRequest, texts: readonly Written[]): void {
    this.#box.hidden = false;
    const { prefix, temperature } = this.#request;
    if (request.prefix === prefix && request.temperature === temperature) this.#show(texts);
    else this.#latest.ask();
  }

  get #request(): WriteRequest {
    return { prefix: this.#prefix.value, temperature: this.#temperature.valueAsNumber };
  }

  /** A run that began meanwhile took the model away: no failure, since that one will be asked next. */
  async #write(): Promise<void> {
    const { current } = this.#driver;
    try {
      const texts = await this.#driver.write(this.#request);
      if (texts && this.#driver.current === current) this.#show(texts);
    } catch (error) {
      if (this.#driver.current === current) throw error;
    }
  }

  #show(texts: readonly Written[]): void {
    const kind = this.#driver.current?.writer?.kind ?? 'texts';
    this.#title.textContent = `It writes ${kind}`;
    this.#list.className = kind === 'titles' ? 'titles' : 'passages';
    const known = texts.filter((one) => one.known).length;
    this.#says.textContent =
      known === 0 ? `${texts.length}, all of its own` : `${texts.length}, ${known} of them learned by heart`;
    this.#list.replaceChildren(
      ...texts.map((one) =>
        make(
          'li',
          {},
          make('span', { className: 'written-text', text: one.text === '' ? '–' : one.text }),
          ...(one.known ? [make('small', { className: 'muted', text: ' by heart' })] : []),
        ),
      ),
    );
  }
}
