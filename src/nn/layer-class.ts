/** What a layer is, whatever its kind: a behaviour with a name, weights that all its uses share, and a config. */

import type { NumberRange } from '../data/spec.js';
import {
  type DType,
  HeddleError,
  Tensor,
  type Value,
  type Variable,
  withScope,
  zeros,
} from '../engine/index.js';
import { checkedFlag } from './checks.js';
import { checkFirstInput, firstInput } from './first-input.js';
import { type Json, toJson } from './json.js';
import {
  type BuiltBehaviour,
  type CommonLayerOptions,
  type ErasedBehaviour,
  type Flow,
  type ForwardContext,
  type OutputType,
  unmasked,
} from './layer-definition.js';
import { type FreeShape, fitsFree, showFree } from './shapes.js';
import { callLayer, checkName, isSymbolic, type SymbolicTensor } from './symbolic.js';
import {
  checkingBuilder,
  creatingBuilder,
  type Made,
  type RuledWeight,
  type WeightSource,
} from './weights.js';

/** A layer as a file keeps it. */
export interface LayerConfig {
  readonly type: string;
  readonly name: string;
  readonly trainable: boolean;
  readonly options: Readonly<Record<string, Json>>;
}

type Applicable = SymbolicTensor | Tensor;

const isTensor = (value: Applicable): value is Tensor => value instanceof Tensor;

/** The random stream of layers that are applied to tensors on their own. Models number the uses of theirs from 2³⁰. */
const OWN_STREAM = 0x2000_0000;

export const labelOf = (type: string, name: string | null): string =>
  name === null ? type : `${type} '${name}'`;

/** The model that a layer's weights belong to. */
export interface LayerOwner {
  readonly seed: number;
  /** uint32 []: counts its steps. */
  readonly counter: Value;
  /** Asked for, it makes the weights. */
  readonly graph: object;
}

/** A model that is used as a layer of another. */
export interface InnerModel {
  readonly name: string;
  readonly layers: readonly AnyLayer[];
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  getLayer(name: string): AnyLayer;
}

/** A layer of any number of outputs. */
export type AnyLayer = Layer<SymbolicTensor | SymbolicTensor[], Tensor | Tensor[]>;

/** `S` is what `apply` gives for symbolic tensors and `T` for real ones: lists, for a layer with several outputs. */
export class Layer<
  S extends SymbolicTensor | SymbolicTensor[] = SymbolicTensor,
  T extends Tensor | Tensor[] = Tensor,
> {
  readonly type: string;
  /** Without batch; `null` where the user did not give it. */
  readonly inputShape: FreeShape | null;
  /** The only size of a batch that the user wants the first layer to take; `null` for any. */
  readonly batchSize: number | null;
  /** What its input holds where a `sequential` begins with it. */
  readonly inputDtype: DType;
  readonly #create: (label: string) => ErasedBehaviour;
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #made: Made = { weights: [], states: [] };
  readonly #uses: (readonly SymbolicTensor[])[] = [];
  readonly #givenName: string | null;
  #name: string | null;
  #trainable: boolean;
  #owner: LayerOwner | null = null;
  /** The layer around it, which has its weights. */
  #wrapper: string | null = null;
  #behaviour: ErasedBehaviour;
  #built: BuiltBehaviour | null = null;

  constructor(
    type: string,
    common: CommonLayerOptions,
    options: Readonly<Record<string, unknown>>,
    create: (label: string) => ErasedBehaviour,
    inputDtype: DType = 'float32',
  ) {
    this.type = type;
    this.inputDtype = inputDtype;
    this.#givenName = common.name === undefined ? null : checkName(type, common.name);
    this.#name = this.#givenName;
    const { inputShape, batchSize } = firstInput(this.label, common);
    this.inputShape = inputShape;
    this.batchSize = batchSize;
    this.#trainable = checkedFlag(this.label, 'trainable', common.trainable ?? true);
    this.#options = options;
    this.#create = create;
    this.#behaviour = create(this.label);
  }

  /** The user's, or the one that the model gave it; before that its type. */
  get name(): string {
    return this.#name ?? this.type;
  }

  /** Whether it has a name yet. */
  get named(): boolean {
    return this.#name !== null;
  }

  /** `dense 'hidden'`. */
  get label(): string {
    return labelOf(this.type, this.#name);
  }

  /** Its weights in order of creation; none before its model is built. */
  get weights(): readonly Variable[] {
    return this.rules.map(({ variable }) => variable);
  }

  /** Those that optimizers may change; none while the layer is not trainable. */
  get trainableWeights(): readonly Variable[] {
    return this.trainable ? this.weights.filter(({ trainable }) => trainable) : [];
  }

  /** Whether optimizers may change its weights. Set, it counts from the next `compile` of a model on. */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(value: boolean) {
    this.#trainable = checkedFlag(this.label, 'trainable', value);
  }

  /** The model that this layer is made of; `null` for every other kind. */
  get model(): InnerModel | null {
    return null;
  }

  /** What it keeps from batch to batch, in order of creation; none before its model is built. */
  get states(): readonly Variable[] {
    return this.#made.states;
  }

  /** Sets its states to zero, after all work queued so far. */
  resetStates(): void {
    for (const state of this.states) state.assign(zeros(state.shape));
  }

  /** For models: the layers that hold its weights. */
  get leaves(): readonly AnyLayer[] {
    return [this];
  }

  /** For models: its weights with their regularizers and constraints. */
  get rules(): readonly RuledWeight[] {
    return this.#made.weights;
  }

  /** What it gives, where it is used once. Throws where it is not used yet, or more than once. */
  get output(): S {
    const [outputs] = this.#uses;
    if (outputs && this.#uses.length === 1) return single(outputs) as S;
    throw new HeddleError({
      op: this.label,
      message: `it is used ${this.#uses.length} times, so it has no single output`,
      roles: ['layer'],
      values: { uses: this.#uses.length },
      fix: outputs
        ? 'keep the result of the apply() that you mean'
        : 'apply() it, or add it to a model, first',
    });
  }

  /** Type, name and options as JSON. Throws for options that are functions of the user's own. */
  get config(): LayerConfig {
    const { type, name, trainable } = this;
    return { type, name, trainable, options: toJson(this.label, this.#options) };
  }

  /**
   * Uses the layer on symbolic tensors, to put a functional model together; used again, it shares its weights. On tensors it computes
   * what it does outside training, once it belongs to a model; states stay as they are then, and no step is masked. A layer with several
   * outputs gives a list.
   *
   * @throws HeddleError for inputs that do not fit or are neither, and on tensors for a layer without a model.
   */
  apply(inputs: Tensor | readonly Tensor[]): T;
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): S;
  apply(inputs: Applicable | readonly Applicable[]): S | T {
    const list = Array.isArray(inputs) ? (inputs as readonly Applicable[]) : [inputs as Applicable];
    if (list.length > 0 && list.every(isSymbolic)) return single(this.use(list)) as S;
    if (list.length > 0 && list.every(isTensor)) return single(this.#applyTensors(list)) as T;
    throw new HeddleError({
      op: this.label,
      message: 'apply() takes symbolic tensors, or tensors',
      roles: ['inputs'],
      values: { inputs: list.length },
      fix: 'start from layers.input({ shape }), or from tensor() and input() in a graph program',
    });
  }

  /** For models: `apply` on symbolic tensors, with all outputs. */
  use(inputs: readonly SymbolicTensor[]): readonly SymbolicTensor[] {
    if (this.#wrapper !== null) throw this.#inUse(`it stands within ${this.#wrapper}, which has its weights`);
    checkFirstInput(this, inputs[0]?.shape ?? []);
    const outputs = callLayer(this, inputs, this.outputTypes(inputs));
    this.#uses.push(outputs);
    return outputs;
  }

  #applyTensors(inputs: readonly Tensor[]): readonly Tensor[] {
    if (!this.#owner) throw this.#unbuilt();
    const { seed, counter } = this.#owner;
    if (!this.#built) void this.#owner.graph;
    const context: ForwardContext = {
      training: false,
      seed,
      counter,
      nextStream: () => OWN_STREAM,
      isTrainable: ({ trainable }) => trainable,
      update: () => {},
    };
    const outputs = withScope(this.name, () => this.call(inputs.map(unmasked), context));
    return outputs.map(({ value }) => value);
  }

  /**
   * For layers around others: what this one does, for any label. It is theirs from now on: its weights are made with theirs.
   *
   * @param wrapper who takes it, for errors
   * @throws HeddleError where it is a model, or used already.
   */
  within(wrapper: string): (label: string) => ErasedBehaviour {
    if (this.model || this.#owner || this.#wrapper !== null || this.#uses.length > 0)
      throw this.#inUse(this.model ? 'it is a model, with weights of its own' : 'it is used elsewhere');
    this.#wrapper = wrapper;
    return this.#create;
  }

  #inUse(message: string): HeddleError {
    return new HeddleError({
      op: this.label,
      message,
      roles: ['layer'],
      values: { layer: this.name },
      fix: 'make a layer for each use',
    });
  }

  #unbuilt(): HeddleError {
    return new HeddleError({
      op: this.label,
      message: 'it has no weights yet',
      roles: ['layer'],
      values: { layer: this.name },
      fix: 'put it into a model first: sequential([…]) or model({ inputs, outputs })',
    });
  }

  /** For models: names it, and makes its weights `owner`'s unless it belongs to a model already, which then shares it. */
  adopt(owner: LayerOwner, name: string): void {
    this.#owner ??= owner;
    if (this.#name !== name) this.#rename(name);
  }

  /** For models: undoes what `owner` did to it. */
  release(owner: LayerOwner): void {
    if (this.#owner !== owner) return;
    this.#owner = null;
    this.#built = null;
    this.#made.weights.length = 0;
    this.#made.states.length = 0;
    if (this.#name !== this.#givenName) this.#rename(this.#givenName);
  }

  #rename(name: string | null): void {
    this.#name = name;
    this.#behaviour = this.#create(this.label);
  }

  /** For models: makes the weights for inputs of these shapes, or checks that those it has fit. */
  build(inputs: readonly FreeShape[], source: WeightSource): void {
    if (!this.#built && this.#owner !== source.owner) void this.#owner?.graph;
    const builder = this.#built
      ? checkingBuilder(this, this.#made, inputs)
      : creatingBuilder(this, source, this.#made);
    this.#built = this.#behaviour.build(builder, inputs);
  }

  /** For models: what it gives for inputs of these types. Throws a HeddleError for inputs that do not fit. */
  outputTypes(inputs: readonly OutputType[]): readonly OutputType[] {
    return this.#behaviour.outputs(inputs);
  }

  /** For models: which numbers inputs of these types may hold. */
  accepts(inputs: readonly OutputType[]): readonly (NumberRange | null)[] {
    return this.#behaviour.accepts(inputs).map((range) => range && { layer: this.label, ...range });
  }

  /** For models: the outputs for real inputs, and which of their steps count. */
  call(inputs: readonly Flow[], context: ForwardContext): readonly Flow[] {
    if (!this.#built) throw this.#unbuilt();
    const expected = this.outputTypes(inputs.map(({ value }) => value));
    const results = this.#built.call(inputs, context, context.isTrainable(this));
    if (results.length !== expected.length) throw this.#miscounted(results.length, expected.length);
    results.forEach(({ value }, index) => {
      this.#checkOutput(value, expected[index] as OutputType);
    });
    return results;
  }

  #miscounted(given: number, expected: number): HeddleError {
    return new HeddleError({
      op: this.label,
      message: `call() gives ${given} outputs, outputShapes() says ${expected}`,
      roles: ['output'],
      values: { given, expected },
      fix: 'make the two agree in the definition of the layer',
    });
  }

  #checkOutput({ shape, dtype }: Tensor, expected: OutputType): void {
    if (!fitsFree(shape, expected.shape)) {
      throw new HeddleError({
        op: this.label,
        message: `call() gives ${showFree(shape)}, outputShape() says ${showFree(expected.shape)}`,
        roles: ['output'],
        values: { output: shape, expected: expected.shape },
        fix: 'make the two agree in the definition of the layer',
      });
    }
    if (dtype === expected.dtype) return;
    throw new HeddleError({
      op: this.label,
      message: `call() gives ${dtype}, declared is ${expected.dtype}`,
      roles: ['output'],
      values: { output: dtype, expected: expected.dtype },
      fix: `let outputDtype() in the definition of the layer give '${dtype}' (it says float32 where it is left out), or cast what call() gives`,
    });
  }
}

/** The only one of `outputs`, or a list of all. */
const single = <V>(outputs: readonly V[]): V | V[] =>
  outputs.length === 1 ? (outputs[0] as V) : [...outputs];
