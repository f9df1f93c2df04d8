/**
 * What a layer is. `defineLayer` makes kinds of layers, the user's own and the built-in ones alike: a definition checks options and gives a
 * behaviour, and this file does the rest: names, weights, sharing, configs.
 */

import {
  type DType,
  HeddleError,
  rejectUnknownOptions,
  type Tensor,
  type Value,
  type Variable,
} from '../engine/index.js';
import { type Json, toJson } from './json.js';
import { checkedShape, type FreeShape, fitsFree, showFree } from './shapes.js';
import { callLayer, checkName, isSymbolic, type SymbolicTensor } from './symbolic.js';
import { checkingBuilder, creatingBuilder, type WeightBuilder, type WeightSource } from './weights.js';

/** Options that every layer has. */
export interface CommonLayerOptions {
  /** Unique in a model. Default: `dense_1`, `dense_2` … */
  readonly name?: string;
  /** Of one example, without the batch: what the first layer of a `sequential` has to say. `null` for extents that vary. */
  readonly inputShape?: FreeShape;
  /** Whether optimizers may change its weights. Default `true`. */
  readonly trainable?: boolean;
}

/** What a call may depend on beside its inputs. */
export interface CallContext {
  readonly training: boolean;
  /** The model's. */
  readonly seed: number;
  /** The first of 16 random streams that belong to this use of the layer alone. */
  readonly stream: number;
  /** uint32 []: counts the steps, so that each draws new numbers. */
  readonly counter: Value;
}

/** What a layer with checked options does. `W` is what `build` made. */
export interface LayerBehaviour<W> {
  /** The output's shape, batch first; throws a HeddleError for inputs that do not fit. Also called with the shapes of real tensors. */
  outputShape(inputs: readonly FreeShape[]): FreeShape;
  /** Default `float32`. */
  outputDtype?(inputs: readonly DType[]): DType;
  /** Makes the weights for inputs of these shapes; called once for each use, always asking for the same weights. */
  build?(weights: WeightBuilder, inputs: readonly FreeShape[]): W;
  /** The output's graph. */
  call(inputs: readonly Tensor[], weights: W, context: CallContext): Tensor;
}

export interface LayerDefinition<O extends object, W = undefined> {
  /** `dense`: in names, summaries and files. */
  readonly type: string;
  /** Names of its options. */
  readonly options: readonly (keyof O & string)[];
  /**
   * Checks the options, fills in defaults and gives the behaviour.
   *
   * @param label who speaks, for errors: `dense 'hidden'`
   */
  create(options: O, label: string): LayerBehaviour<W>;
}

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

interface BuiltBehaviour {
  call(inputs: readonly Tensor[], context: CallContext): Tensor;
}

/** A behaviour whose kind of weights is nobody else's business. */
interface ErasedBehaviour {
  outputShape(inputs: readonly FreeShape[]): FreeShape;
  outputDtype(inputs: readonly DType[]): DType;
  build(weights: WeightBuilder, inputs: readonly FreeShape[]): BuiltBehaviour;
}

const erased = <W>(behaviour: LayerBehaviour<W>): ErasedBehaviour => ({
  outputShape: (inputs) => behaviour.outputShape(inputs),
  outputDtype: (inputs) => behaviour.outputDtype?.(inputs) ?? 'float32',
  build(builder, inputs) {
    const weights = behaviour.build?.(builder, inputs) as W;
    return { call: (tensors, context) => behaviour.call(tensors, weights, context) };
  },
});

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
  #owner: object | null = null;
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
    this.trainable = common.trainable ?? true;
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
   * Uses the layer on symbolic tensors. Used again, it shares its weights.
   *
   * @throws HeddleError for inputs that are not symbolic or do not fit.
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const list = Array.isArray(inputs) ? (inputs as readonly SymbolicTensor[]) : [inputs as SymbolicTensor];
    if (list.length === 0 || !list.every(isSymbolic)) {
      throw new HeddleError({
        op: this.label,
        message: 'apply() takes symbolic tensors',
        roles: ['inputs'],
        values: { inputs: list.length },
        fix: 'start from layers.input({ shape }); for numbers put the layer into a model and call its apply() or predict()',
      });
    }
    const shapes = list.map(({ shape }) => shape);
    this.#checkInputShape(shapes);
    const dtype = this.#behaviour.outputDtype(list.map((one) => one.dtype));
    const output = callLayer(this, list, this.#behaviour.outputShape(shapes), dtype);
    this.#outputs.push(output);
    return output;
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
  belongsTo(owner: object): boolean {
    return this.#owner === owner;
  }

  /** For models: takes the layer for `owner`, under `name`. Throws where it belongs to another. */
  adopt(owner: object, name: string): void {
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
  call(inputs: readonly Tensor[], context: CallContext): Tensor {
    if (!this.#built)
      throw new HeddleError({ op: this.label, message: 'it has not been built', fix: 'put it into a model' });
    const result = this.#built.call(inputs, context);
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
