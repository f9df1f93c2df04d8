/** Whom a model has taken in: layers, its own and those of other models, and the names of all. */

import type { AnyLayer, LayerOwner } from './layer.js';
import { Names } from './names.js';
import type { SymbolicTensor } from './symbolic.js';

export class Members {
  readonly #owner: LayerOwner;
  readonly #names: Names;
  readonly #taken = new Set<AnyLayer>();

  /** @param model the name of `owner`, for errors */
  constructor(owner: LayerOwner, model: string) {
    this.#owner = owner;
    this.#names = new Names(model);
  }

  has(layer: AnyLayer): boolean {
    return this.#taken.has(layer);
  }

  /** Takes in the ends and layers of a graph; gives the names of the inputs. */
  take(inputs: readonly SymbolicTensor[], layers: readonly AnyLayer[]): string[] {
    for (const { name } of inputs) if (name !== null) this.#names.take(name);
    this.adopt(layers);
    return inputs.map(({ name }) => name ?? this.#names.next('input'));
  }

  /** Makes the layers the owner's. The user's names are taken first, so that no counted name stands in their way. */
  adopt(layers: readonly AnyLayer[]): void {
    const fresh = layers.filter((layer) => !this.#taken.has(layer));
    const [named, others] = [true, false].map((one) => fresh.filter(({ named: has }) => has === one));
    const take = (layer: AnyLayer, name: string): void => {
      layer.adopt(this.#owner, name);
      this.#taken.add(layer);
    };
    for (const layer of named ?? []) take(layer, this.#names.take(layer.name));
    for (const layer of others ?? []) take(layer, this.#names.next(layer.type));
  }

  /** Gives a layer back as it came. */
  release(layer: AnyLayer): void {
    this.#taken.delete(layer);
    this.#names.free(layer.name);
    layer.release(this.#owner);
  }

  releaseAll(): void {
    for (const layer of [...this.#taken]) this.release(layer);
  }
}
