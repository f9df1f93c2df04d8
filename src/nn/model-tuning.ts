/**
 * A model's own tuning table: by which its programs are compiled, and which is saved with it, because its bits depend on it.
 *
 * One that was loaded comes from wherever the model was trained. On another adapter its kernels were never measured: it is kept, for when
 * the model goes home, and not used.
 */

import { adapterName } from '../core/adapter.js';
import { type Backend, checkedTable, type TuningTable } from '../engine/index.js';

export class ModelTuning {
  readonly #model: { readonly name: string };
  #table: TuningTable | null = null;
  #loaded = false;
  #told = false;

  constructor(model: { readonly name: string }) {
    this.#model = model;
  }

  get table(): TuningTable | null {
    return this.#table;
  }

  /** `loaded`: it stood in a file. Throws a `HeddleError` for anything that is no table. */
  set(table: TuningTable | null, loaded: boolean): void {
    this.#table = table && checkedTable('tuning', table);
    this.#loaded = loaded;
    this.#told = false;
  }

  /** What to compile by on the model's device; `compile` refuses a table that was set and is another adapter's. */
  async for(backend: () => Promise<Backend>): Promise<TuningTable | null> {
    const table = this.#table;
    if (!table || !this.#loaded) return table;
    const { adapter, kind } = await backend();
    const here = adapterName(adapter);
    if (table.adapter === here) return table;
    if (!this.#told)
      console.warn(
        `Heddle: model '${this.#model.name}' was tuned on '${table.adapter}'. On '${here}' its programs are compiled without that table, so the last bits of its results may differ; ${kind === 'cpu' ? '' : 'tune() measures here, '}tuning = null forgets it.`,
      );
    this.#told = true;
    return null;
  }
}
