/** A model as a layer of another. Its weights stay its own: every model that uses it shares them. */

import type { NumberRange } from '../data/spec.js';
import type { Tensor, Variable } from '../engine/index.js';
import type { Json } from './json.js';
import { type AnyLayer, type InnerModel, Layer, type LayerConfig } from './layer.js';
import type { ErasedBehaviour, Flow, ForwardContext, OutputType } from './layer-definition.js';
import type { SymbolicTensor } from './symbolic.js';
import type { RuledWeight } from './weights.js';

/** The type of such layers in summaries and files. */
export const MODEL_TYPE = 'model';

/** What a model gives to be used as a layer. */
export interface NestedModel extends InnerModel {
  trainable: boolean;
  readonly config: object;
  /** The layers that hold weights, those of models within it included. */
  readonly leaves: readonly AnyLayer[];
  outputTypes(inputs: readonly OutputType[]): readonly OutputType[];
  inputRanges(inputs: readonly OutputType[]): readonly (NumberRange | null)[];
  run(inputs: readonly Flow[], context: ForwardContext): readonly Flow[];
}

export class ModelLayer extends Layer<SymbolicTensor | SymbolicTensor[], Tensor | Tensor[]> {
  readonly #model: NestedModel;

  /** @param name the user's for the model, or `null` */
  constructor(model: NestedModel, name: string | null) {
    super(MODEL_TYPE, name === null ? {} : { name }, {}, () => behaviourOf(model));
    this.#model = model;
  }

  override get model(): InnerModel {
    return this.#model;
  }

  override get leaves(): readonly AnyLayer[] {
    return this.#model.leaves;
  }

  override get rules(): readonly RuledWeight[] {
    return this.leaves.flatMap((layer) => layer.rules);
  }

  override get states(): readonly Variable[] {
    return this.leaves.flatMap((layer) => layer.states);
  }

  override get trainableWeights(): readonly Variable[] {
    return this.leaves.flatMap((layer) => layer.trainableWeights);
  }

  /** Whether any of its layers is; set, all are. */
  override get trainable(): boolean {
    return this.#model.trainable;
  }

  override set trainable(value: boolean) {
    this.#model.trainable = value;
  }

  override get config(): LayerConfig {
    const { type, name, trainable } = this;
    return { type, name, trainable, options: { model: this.#model.config as Json } };
  }
}

const behaviourOf = (model: NestedModel): ErasedBehaviour => ({
  outputs: (inputs) => model.outputTypes(inputs),
  accepts: (inputs) => model.inputRanges(inputs),
  build: () => ({ call: (inputs, context) => model.run(inputs, context) }),
});
