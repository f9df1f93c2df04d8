/** The form: which example, with which options, on which device. */

import type { DeviceChoice, RunRequest } from '../driver/events.js';
import {
  type Brought,
  CATALOGUE,
  type ExampleInfo,
  type ExampleName,
  type RunSettings,
} from '../examples/catalogue.js';
import { byId, make } from './dom.js';

const FIELDS = ['epochs', 'batchSize', 'seed'] as const satisfies readonly (keyof RunSettings)[];

/** What the page says of the files that an example takes. */
const BROUGHT: Readonly<Record<Brought, { readonly label: string; readonly accept: string }>> = {
  folder: { label: 'Your own folder', accept: '' },
  text: { label: 'Your own text file', accept: 'text/*' },
};

export class Controls {
  readonly #form = byId('options', HTMLFormElement);
  readonly #train = byId('train', HTMLButtonElement);
  readonly #stop = byId('stop', HTMLButtonElement);
  readonly #device = byId('device', HTMLSelectElement);
  readonly #files = byId('files', HTMLInputElement);
  readonly #fields = FIELDS.map((name) => [name, byId(name, HTMLInputElement)] as const);

  constructor(on: { train(name: ExampleName, request: RunRequest): void; stop(): void }) {
    byId('examples', HTMLElement).append(...CATALOGUE.map(choice));
    this.#form.addEventListener('change', (event) => {
      if (event.target instanceof HTMLInputElement && event.target.name === 'example') this.#showDefaults();
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      on.train(this.#chosen.name, this.#request());
    });
    this.#stop.addEventListener('click', () => on.stop());
    this.#showDefaults();
    this.busy = false;
  }

  set busy(busy: boolean) {
    this.#train.disabled = busy;
    this.#stop.disabled = !busy;
  }

  /** What the user brought along for the example that is chosen. */
  get files(): readonly File[] {
    return [...(this.#files.files ?? [])];
  }

  get #chosen(): ExampleInfo {
    const name = new FormData(this.#form).get('example');
    return CATALOGUE.find((one) => one.name === name) ?? (CATALOGUE[0] as ExampleInfo);
  }

  #showDefaults(): void {
    const { defaults, name, takes } = this.#chosen;
    for (const [field, element] of this.#fields) {
      element.value = String(defaults[field]);
      element.disabled = defaults.epochs === 0;
    }
    this.#takeFiles(takes);
    this.#train.textContent = defaults.epochs === 0 ? 'Compute' : 'Train';
    this.#train.setAttribute('aria-label', `${this.#train.textContent} ${name}`);
  }

  /** Files chosen for one example are none for the next. */
  #takeFiles(takes: Brought | undefined): void {
    this.#files.value = '';
    byId('files-box', HTMLElement).hidden = takes === undefined;
    if (takes === undefined) return;
    this.#files.webkitdirectory = takes === 'folder';
    this.#files.accept = BROUGHT[takes].accept;
    byId('files-label', HTMLLabelElement).textContent = BROUGHT[takes].label;
  }

  #request(): RunRequest {
    const settings = Object.fromEntries(
      this.#fields.map(([field, element]) => [
        field,
        element.disabled ? this.#chosen.defaults[field] : element.valueAsNumber,
      ]),
    );
    return { ...settings, device: this.#device.value as DeviceChoice };
  }
}

function choice({ name, title, teaches }: ExampleInfo, index: number): HTMLElement {
  const radio = make('input');
  radio.type = 'radio';
  radio.name = 'example';
  radio.value = name;
  radio.checked = index === 0;
  const words = make('span', {}, make('strong', { text: title }), make('small', { text: teaches }));
  return make('label', { className: 'choice' }, radio, words);
}
