/** A stack of layers, each fed by the one before, as it is put together. */

import { HeddleError } from '../engine/index.js';
import type { Layer } from './layer.js';
import { input, type SymbolicTensor } from './symbolic.js';

export class SequentialBuilder {
  readonly #op: string;
  #input: SymbolicTensor | null = null;
  #output: SymbolicTensor | null = null;

  constructor(op: string) {
    this.#op = op;
  }

  /** Appends a layer. Throws a HeddleError where the first has no `inputShape`, and where its input does not fit. */
  add(layer: Layer): void {
    if (!this.#output && !layer.inputShape) {
      throw new HeddleError({
        op: this.#op,
        message: `the first layer, ${layer.label}, has no inputShape`,
        roles: ['inputShape'],
        values: { layer: layer.name },
        fix: 'say what one example looks like: inputShape: [784]',
      });
    }
    this.#input ??= input({ shape: layer.inputShape ?? [] });
    this.#output = layer.apply(this.#output ?? this.#input);
  }

  /** First input and last output. Throws a HeddleError for a stack without layers. */
  ends(): { readonly input: SymbolicTensor; readonly output: SymbolicTensor } {
    if (this.#input && this.#output) return { input: this.#input, output: this.#output };
    throw new HeddleError({
      op: this.#op,
      message: 'there are no layers',
      roles: ['layers'],
      values: { layers: 0 },
      fix: 'add() one that has an inputShape',
    });
  }
}
