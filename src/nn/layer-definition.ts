/** What a kind of layer is: data and functions that `defineLayer` takes, free of names, models and files. */

import type { NumberRange } from '../data/spec.js';
import type { DType, Tensor, Value, Variable } from '../engine/index.js';
import type { FreeShape } from './shapes.js';
import type { WeightBuilder } from './weights.js';

/** Options that every layer has. */
export interface CommonLayerOptions {
  /** Unique in a model. Default: `dense_1`, `dense_2` … */
  readonly name?: string;
  /** Of one example, without the batch: what the first layer of a `sequential` has to say. `null` for extents that vary. */
  readonly inputShape?: FreeShape;
  /** The same with the batch, `[32, 100, 64]`: the model then takes batches of that size only, as layers that keep states need. */
  readonly batchInputShape?: FreeShape;
  /** Whether optimizers may change its weights; may be set later too. Default `true`. */
  readonly trainable?: boolean;
}

/** What a call may depend on beside its inputs. */
export interface CallContext {
  readonly training: boolean;
  /** The layer's: a layer whose weights are frozen may hold still in training too. */
  readonly trainable: boolean;
  /** The model's. */
  readonly seed: number;
  /** The first of 16 random streams that belong to this use of the layer alone. */
  readonly stream: number;
  /** uint32 []: counts the steps, so that each draws new numbers. */
  readonly counter: Value;
  /**
   * One for each input: float32 [batch, steps], 1 where a step counts and 0 where it is padding; `null` where all count. A layer that is
   * applied to tensors on its own has none.
   */
  readonly masks: readonly (Tensor | null)[];
  /**
   * Hands out what a weight that no optimizer changes (`trainable: false`), such as a moving average, is to hold after this step, or a
   * state (`weights.state`) after this batch. `next` is given what it holds by then: where the layer is used twice, the second use goes on
   * from the first. Weights change in training alone, states in `predict` and `evaluate` too. A training step that is refused leaves both.
   */
  update(variable: Variable, next: (current: Tensor) => Tensor): void;
}

/** What a layer with checked options does. `W` is what `build` made. */
export interface LayerBehaviour<W> {
  /** The output's shape, batch first; throws a HeddleError for inputs that do not fit. Also called with the shapes of real tensors. */
  outputShape(inputs: readonly FreeShape[]): FreeShape;
  /** For a layer with several outputs, in place of `outputShape`: one for each. Its `apply` then gives a list. */
  outputShapes?(inputs: readonly FreeShape[]): readonly FreeShape[];
  /** Of all outputs; what `call` gives must be of it. Default `float32`. Throws a HeddleError for inputs that do not fit. */
  outputDtype?(inputs: readonly DType[]): DType;
  /** Makes the weights for inputs of these shapes; called once for each use, always asking for the same weights. */
  build?(weights: WeightBuilder, inputs: readonly FreeShape[]): W;
  /** The output's graph; a list where there are several outputs. */
  call(inputs: readonly Tensor[], weights: W, context: CallContext): Tensor | readonly Tensor[];
  /**
   * Which steps of the output count, float32 [batch, steps], from those of the inputs; a list where there are several outputs, else it is
   * the first one's. Default: all count, so that a mask ends here.
   */
  mask?(masks: Masks, inputs: readonly Tensor[]): Tensor | null | Masks;
  /** In place of `mask`: the (first) output has the mask of the first input. */
  readonly keepsMask?: boolean;
  /**
   * Which numbers each input may hold, where they are indices or counts; `null`: any. Data from the host that are fed to this layer as they
   * are get checked before anything runs. What other layers compute, and what lies on the device already, nobody looks at.
   */
  accepts?(inputs: readonly FreeShape[]): readonly (ValueRange | null)[];
}

/** float32 [batch, steps] each, 1 where a step counts; `null`: all do. */
export type Masks = readonly (Tensor | null)[];

/** Whole numbers from `least` to `most`. */
export type ValueRange = Omit<NumberRange, 'layer'>;

export interface LayerDefinition<O extends object, W = undefined> {
  /** `dense`: in names, summaries and files. */
  readonly type: string;
  /** Names of its options. */
  readonly options: readonly (keyof O & string)[];
  /** What its input holds where it is the first of a `sequential`. Default `float32`. */
  readonly inputDtype?: DType;
  /** What other libraries call them, each with what to do instead. */
  readonly otherNames?: Readonly<Record<string, string>>;
  /**
   * Checks the options, fills in defaults and gives the behaviour.
   *
   * @param label who speaks, for errors: `dense 'hidden'`
   */
  create(options: O, label: string): LayerBehaviour<W>;
}

/** What a shape and a dtype are to layers. */
export interface OutputType {
  readonly shape: FreeShape;
  readonly dtype: DType;
}

/** What a model hands down to the layers of one forward pass. */
export interface ForwardContext extends Pick<CallContext, 'training' | 'seed' | 'counter' | 'update'> {
  /** The first of 16 random streams that nobody else has. */
  readonly nextStream: () => number;
  /** Whether a layer's weights change in the program that is being made. */
  readonly isTrainable: (layer: { readonly trainable: boolean }) => boolean;
}

/** What flows from layer to layer. */
export interface Flow {
  readonly value: Tensor;
  readonly mask: Tensor | null;
}

export const unmasked = (value: Tensor): Flow => ({ value, mask: null });

export interface BuiltBehaviour {
  call(inputs: readonly Flow[], context: ForwardContext, trainable: boolean): readonly Flow[];
}

/** A behaviour whose kind of weights is nobody else's business; it may have several outputs. */
export interface ErasedBehaviour {
  outputs(inputs: readonly OutputType[]): readonly OutputType[];
  build(weights: WeightBuilder, inputs: readonly FreeShape[]): BuiltBehaviour;
  accepts(inputs: readonly OutputType[]): readonly (ValueRange | NumberRange | null)[];
}

export const erased = <W>(behaviour: LayerBehaviour<W>): ErasedBehaviour => ({
  outputs(inputs) {
    const shapes = inputs.map((one) => one.shape);
    const dtype = behaviour.outputDtype?.(inputs.map((one) => one.dtype)) ?? 'float32';
    const given = behaviour.outputShapes?.(shapes) ?? [behaviour.outputShape(shapes)];
    return given.map((shape) => ({ shape, dtype }));
  },
  accepts: (inputs) => behaviour.accepts?.(inputs.map(({ shape }) => shape)) ?? [],
  build(builder, inputs) {
    const weights = behaviour.build?.(builder, inputs) as W;
    return {
      call(flows, { training, seed, counter, update, nextStream }, trainable) {
        const tensors = flows.map(({ value }) => value);
        const masks = flows.map(({ mask }) => mask);
        const stream = nextStream();
        const context = { training, trainable, seed, stream, counter, update, masks };
        const results = listOf(behaviour.call(tensors, weights, context));
        const kept = behaviour.keepsMask ? (masks[0] ?? null) : null;
        const given = listOf(behaviour.mask ? behaviour.mask(masks, tensors) : kept);
        return results.map((value, index) => ({ value, mask: given[index] ?? null }));
      },
    };
  },
});

const listOf = <T extends Tensor | null>(given: T | readonly T[]): readonly T[] =>
  Array.isArray(given) ? (given as readonly T[]) : [given as T];
