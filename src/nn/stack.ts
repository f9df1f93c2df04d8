/** A stack of layers, each fed by the one before, as it is put together. */

import { HeddleError } from '../engine/index.js';
import { type AnyLayer, Layer } from './layer.js';
import { input, type SymbolicTensor } from './symbolic.js';

export class SequentialBuilder {
  readonly #op: string;
  #input: SymbolicTensor | null = null;
  #output: SymbolicTensor | null = null;

  constructor(op: string) {
    this.#op = op;
  }

  /** Says what the first layer is fed, in place of its `inputShape`. Throws a HeddleError for what is no input, or comes later. */
  start(tensor: SymbolicTensor): void {
    if (!this.#input && tensor.call === null) {
      this.#input = tensor;
      return;
    }
    throw new HeddleError({
      op: this.#op,
      message: tensor.call
        ? `the output of ${tensor.call.layer.label} stands among its layers`
        : 'an input stands among its layers',
      roles: ['layers'],
      values: { shape: tensor.shape },
      fix: tensor.call
        ? 'add the layer itself, or make the model with model({ inputs, outputs })'
        : 'it has one input: put layers.input() first, or leave it out',
    });
  }

  /** Appends a layer. Throws a HeddleError where the first has no `inputShape`, and where its input does not fit; it is as before then. */
  add(layer: AnyLayer): void {
    const first = this.#input ?? this.#inputOf(layer);
    const fed = this.#output ?? first;
    const { length } = layer.outputTypes([fed]);
    if (length !== 1) throw this.#several(layer, length);
    this.#output = layer.use([fed])[0] as SymbolicTensor;
    this.#input = first;
  }

  #several({ label, name }: AnyLayer, outputs: number): HeddleError {
    return new HeddleError({
      op: this.#op,
      message: `${label} has ${outputs} outputs, and the next layer takes one`,
      roles: ['layers'],
      values: { layer: name, outputs },
      fix: 'make the model with model({ inputs, outputs }), where apply() gives a list',
    });
  }

  #inputOf({ inputShape, batchSize, inputDtype, label, name }: AnyLayer): SymbolicTensor {
    const batch = batchSize === null ? {} : { batchSize };
    if (inputShape) return input({ shape: inputShape, dtype: inputDtype, ...batch });
    throw new HeddleError({
      op: this.#op,
      message: `the first layer, ${label}, has no inputShape`,
      roles: ['inputShape'],
      values: { layer: name },
      fix: 'say what one example looks like: inputShape: [784]',
    });
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

/** Throws for what a user without types may take for a layer. */
export function checkLayer(op: string, value: unknown): asserts value is AnyLayer {
  if (value instanceof Layer) return;
  const model = typeof value === 'object' && value !== null && 'outputs' in value;
  throw new HeddleError({
    op,
    message: `a layer is ${model ? 'a model' : value === null ? 'null' : `a ${typeof value}`}`,
    roles: ['layers'],
    values: { layer: value },
    fix: model
      ? 'use it in a functional model: model({ inputs: x, outputs: inner.apply(x) })'
      : 'call the factory: layers.flatten()',
  });
}
