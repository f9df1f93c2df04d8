/** What a kind of layer is: data and functions that `defineLayer` takes, free of names, models and files. */

import type { DType, Tensor, Value, Variable } from '../engine/index.js';
import type { FreeShape } from './shapes.js';
import type { WeightBuilder } from './weights.js';

/** Options that every layer has. */
export interface CommonLayerOptions {
  /** Unique in a model. Default: `dense_1`, `dense_2` … */
  readonly name?: string;
  /** Of one example, without the batch: what the first layer of a `sequential` has to say. `null` for extents that vary. */
  readonly inputShape?: FreeShape;
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
   * Hands out what a weight that no optimizer changes (`trainable: false`), such as a moving average, is to hold after this step. `next` is
   * given what it holds by then: where the layer is used twice, the second use goes on from the first. A step that is refused leaves it.
   */
  update(variable: Variable, next: (current: Tensor) => Tensor): void;
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

export interface BuiltBehaviour {
  call(inputs: readonly Tensor[], context: ForwardContext, trainable: boolean): readonly Tensor[];
}

/** A behaviour whose kind of weights is nobody else's business; it may have several outputs. */
export interface ErasedBehaviour {
  outputs(inputs: readonly OutputType[]): readonly OutputType[];
  build(weights: WeightBuilder, inputs: readonly FreeShape[]): BuiltBehaviour;
}

export const erased = <W>(behaviour: LayerBehaviour<W>): ErasedBehaviour => ({
  outputs(inputs) {
    const shape = behaviour.outputShape(inputs.map((one) => one.shape));
    return [{ shape, dtype: behaviour.outputDtype?.(inputs.map(({ dtype }) => dtype)) ?? 'float32' }];
  },
  build(builder, inputs) {
    const weights = behaviour.build?.(builder, inputs) as W;
    return {
      call: (tensors, { training, seed, counter, update, nextStream }, trainable) => [
        behaviour.call(tensors, weights, {
          training,
          trainable,
          seed,
          stream: nextStream(),
          counter,
          update,
        }),
      ],
    };
  },
});
