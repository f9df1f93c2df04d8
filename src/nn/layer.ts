/**
 * What a layer is. `defineLayer` makes kinds of layers, the user's own and the built-in ones alike: a definition checks options and gives a
 * behaviour, and this file does the rest: names, weights, sharing, configs.
 */

import {
  HeddleError,
  rejectUnknownOptions,
  Tensor,
  type Value,
  type Variable,
  withScope,
} from '../engine/index.js';
import { checkedFlag } from './checks.js';
import { type Json, toJson } from './json.js';
import {
  type BuiltBehaviour,
  type CallContext,
  type CommonLayerOptions,
  type ErasedBehaviour,
  erased,
  type LayerDefinition,
} from './layer-definition.js';

import { checkedShape, type FreeShape, fitsFree, showFree } from './shapes.js';
import { callLayer, checkName, isSymbolic, type SymbolicTensor } from './symbolic.js';
import { checkingBuilder, creatingBuilder, type WeightSource } from './weights.js';

/** A layer as a file keeps it. */
export interface LayerConfig {
  readonly type: string;
  readonly name: string;
  readonly trainable: boolean;
  readonly options: Readonly<Record<string, Json>>;
}

type FactoryArguments<O> = object extends O
  ? [options?: O & CommonLayerOptions]
  : [options: O & CommonLayerOptions];

/** Makes layers of one kind. */
export interface LayerFactory<O extends object = never> {
  (...args: FactoryArguments<O>): Layer;
  readonly type: string;
  /** The layer that a config tells of. Throws a HeddleError for options that it does not have or that are wrong. */
  readonly restore: (config: LayerConfig) => Layer;
}

export type { CallContext, CommonLayerOptions, LayerBehaviour, LayerDefinition } from './layer-definition.js';

type Applicable = SymbolicTensor | Tensor;

const isTensor = (value: Applicable): value is Tensor => value instanceof Tensor;

/** The random stream of layers that are applied to tensors on their own. Models number the uses of theirs from 2³⁰. */
const OWN_STREAM = 0x2000_0000;

const COMMON = ['name', 'inputShape', 'trainable'] as const;

/**
 * A new kind of layer: `const scale = defineLayer<{ by: number }>({ type: 'scale', options: ['by'], create: … })`, then `scale({ by: 2 })`.
 *
 * @throws HeddleError (the factory) for unknown options, with the nearest valid one, and whatever `create` throws.
 */
export function defineLayer<O extends object, W = undefined>(
  definition: LayerDefinition<O, W>,
): LayerFactory<O> {
  const { type, options: own } = definition;
  const make = (given: O & CommonLayerOptions): Layer => {
    const label = labelOf(type, given.name ?? null);
    rejectUnknownOptions(label, given, [...own, ...COMMON]);
    const options = Object.fromEntries(
      Object.entries(given).filter(([key]) => own.includes(key as keyof O & string)),
    );
    return new Layer(type, given, options, (speaker) => erased(definition.create(options as O, speaker)));
  };
  return Object.freeze(
    Object.assign((...[options]: FactoryArguments<O>) => make(options ?? ({} as O)), {
      type,
      restore: ({ name, trainable, options }: LayerConfig) =>
        make({ ...options, name, trainable } as unknown as O),
    }),
  );
}

const labelOf = (type: string, name: string | null): string => (name === null ? type : `${type} '${name}'`);

/** The model that a layer belongs to. */
export interface LayerOwner {
  readonly seed: number;
  /** uint32 []: counts its steps. */
  readonly counter: Value;
  /** Asked for, it makes the weights. */
  readonly graph: object;
}

export class Layer {
  readonly type: string;
  /** Without batch; `null` where the user did not give it. */
  readonly inputShape: FreeShape | null;
  readonly trainable: boolean;
  readonly #create: (label: string) => ErasedBehaviour;
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #weights: Variable[] = [];
  readonly #outputs: SymbolicTensor[] = [];
  #name: string | null;
  #owner: LayerOwner | null = null;
  #behaviour: ErasedBehaviour;
  #built: BuiltBehaviour | null = null;

  constructor(
    type: string,
    common: CommonLayerOptions,
    options: Readonly<Record<string, unknown>>,
    create: (label: string) => ErasedBehaviour,
  ) {
    this.type = type;
    this.#name = common.name === undefined ? null : checkName(type, common.name);
    this.inputShape =
      common.inputShape === undefined ? null : checkedShape(this.label, 'inputShape', common.inputShape);
    this.trainable = checkedFlag(this.label, 'trainable', common.trainable ?? true);
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
    return this.#weights;
  }

  /** What it gives, where it is used once. Throws where it is not used yet, or more than once. */
  get output(): SymbolicTensor {
    const [output] = this.#outputs;
    if (output && this.#outputs.length === 1) return output;
    throw new HeddleError({
      op: this.label,
      message: `it is used ${this.#outputs.length} times, so it has no single output`,
      roles: ['layer'],
      values: { uses: this.#outputs.length },
      fix: output
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
   * what it does outside training, once it belongs to a model.
   *
   * @throws HeddleError for inputs that do not fit or are neither, and on tensors for a layer without a model.
   */
  apply(inputs: Tensor | readonly Tensor[]): Tensor;
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor;
  apply(inputs: Applicable | readonly Applicable[]): Applicable {
    const list = Array.isArray(inputs) ? (inputs as readonly Applicable[]) : [inputs as Applicable];
    if (list.length > 0 && list.every(isSymbolic)) return this.#applySymbolic(list);
    if (list.length > 0 && list.every(isTensor)) return this.#applyTensors(list);
    throw new HeddleError({
      op: this.label,
      message: 'apply() takes symbolic tensors, or tensors',
      roles: ['inputs'],
      values: { inputs: list.length },
      fix: 'start from layers.input({ shape }), or from tensor() and input() in a graph program',
    });
  }

  #applySymbolic(inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const shapes = inputs.map(({ shape }) => shape);
    this.#checkInputShape(shapes);
    const dtype = this.#behaviour.outputDtype(inputs.map((one) => one.dtype));
    const output = callLayer(this, inputs, this.#behaviour.outputShape(shapes), dtype);
    this.#outputs.push(output);
    return output;
  }

  #applyTensors(inputs: readonly Tensor[]): Tensor {
    if (!this.#owner) throw this.#unbuilt();
    const { seed, counter } = this.#owner;
    if (!this.#built) void this.#owner.graph;
    return withScope(this.name, () =>
      this.call(inputs, { training: false, seed, counter, stream: OWN_STREAM, update: () => {} }),
    );
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

  #checkInputShape([shape]: readonly FreeShape[]): void {
    if (!this.inputShape || !shape || fitsFree(shape.slice(1), this.inputShape)) return;
    throw new HeddleError({
      op: this.label,
      message: `inputShape is ${showFree(this.inputShape)}, the input ${showFree(shape)}`,
      roles: ['inputShape', 'input'],
      values: { inputShape: this.inputShape, input: shape },
      fix: 'leave inputShape out: only the first layer of a sequential needs it',
    });
  }

  /** For models: whether `owner` took it. */
  belongsTo(owner: LayerOwner): boolean {
    return this.#owner === owner;
  }

  /** For models: takes the layer for `owner`, under `name`. Throws where it belongs to another. */
  adopt(owner: LayerOwner, name: string): void {
    if (this.#owner && this.#owner !== owner) {
      throw new HeddleError({
        op: this.label,
        message: 'it belongs to another model already',
        roles: ['layers'],
        values: { layer: this.name },
        fix: 'make a layer for each model; a layer is shared within one model only',
      });
    }
    this.#owner = owner;
    if (this.#name === name) return;
    this.#name = name;
    this.#behaviour = this.#create(this.label);
  }

  /** For models: makes the weights for inputs of these shapes, or checks that those it has fit. */
  build(inputs: readonly FreeShape[], source: WeightSource): void {
    const builder = this.#built
      ? checkingBuilder(this, this.#weights, inputs)
      : creatingBuilder(this, source, this.#weights);
    this.#built = this.#behaviour.build(builder, inputs);
  }

  /** For models: the output for real inputs. */
  call(inputs: readonly Tensor[], context: Omit<CallContext, 'trainable'>): Tensor {
    if (!this.#built) throw this.#unbuilt();
    const result = this.#built.call(inputs, { ...context, trainable: this.trainable });
    const expected = this.#behaviour.outputShape(inputs.map(({ shape }) => shape));
    if (fitsFree(result.shape, expected)) return result;
    throw new HeddleError({
      op: this.label,
      message: `call() gives ${showFree(result.shape)}, outputShape() says ${showFree(expected)}`,
      roles: ['output'],
      values: { output: result.shape, expected },
      fix: 'make the two agree in the definition of the layer',
    });
  }
}
