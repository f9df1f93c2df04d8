/** How layers make their weights, and how a layer that is used again is held to those it has. */

import {
  HeddleError,
  randomStream,
  type Shape,
  Variable,
  type VariableStore,
  zeros,
} from '../engine/index.js';
import type { Constraint } from './constraints/constraint.js';
import { type InitializerSpec, resolveInitializer } from './initializers/resolve.js';
import type { Regularizer } from './regularizers/regularizer.js';
import { type FreeShape, showFree } from './shapes.js';

export interface WeightOptions {
  /** Whether optimizers may change it, where the layer is trainable. Default `true`. */
  readonly trainable?: boolean;
  /** What `compile`d models add to the loss for it. Default `null`: nothing. */
  readonly regularizer?: Regularizer | null;
  /** Applied to it after each step of a `compile`d model. Default `null`. */
  readonly constraint?: Constraint | null;
}

export interface WeightBuilder {
  /**
   * A float32 weight of this layer.
   *
   * @throws HeddleError for a name used twice and for extents that are not positive integers.
   */
  add(name: string, shape: Shape, initializer: InitializerSpec, options?: WeightOptions): Variable;
  /**
   * Float32 numbers that last from batch to batch, zero at first and after `model.resetStates()`. They are no weight: `model.weights` and
   * files do not hold them. `context.update` changes them in `predict` and `evaluate` too.
   *
   * @throws HeddleError for a name used twice and for extents that are not positive integers.
   */
  state(name: string, shape: Shape): Variable;
}

const states = new WeakSet<Variable>();

/** Whether `variable` is a state: it changes outside training too. */
export const isState = (variable: Variable): boolean => states.has(variable);

/** A weight's first values; throws where it has none, or none of this shape. */
export type InitialWeights = (name: string, shape: Shape) => Float32Array<ArrayBuffer>;

/** A weight, and what training does with it beside the optimizer. */
export interface RuledWeight {
  readonly variable: Variable;
  readonly regularizer: Regularizer | null;
  readonly constraint: Constraint | null;
}

/** Where a model's weights go. */
export interface WeightSource {
  /** The model that asks. */
  readonly owner: object;
  readonly store: VariableStore;
  readonly seed: number;
  /** The random stream of the next weight: its position among all weights of the model. */
  nextStream(): number;
  /** Asked instead of initializers, where it is there. */
  readonly initial: InitialWeights | undefined;
}

interface Owner {
  readonly name: string;
  /** `dense 'hidden'`. */
  readonly label: string;
  readonly trainable: boolean;
}

/** What a layer has made. */
export interface Made {
  readonly weights: RuledWeight[];
  readonly states: Variable[];
}

/** Makes weights and states and appends them to `into`. */
export function creatingBuilder(owner: Owner, source: WeightSource, into: Made): WeightBuilder {
  const { name: layer, label } = owner;
  const checkedName = (name: string, shape: Shape): string => {
    const full = `${layer}/${name}`;
    checkWeight(label, name, shape);
    if (!into.weights.some(({ variable }) => variable.name === full) && !named(into.states, full))
      return full;
    throw new HeddleError({
      op: label,
      message: `it has two weights named '${name}'`,
      roles: ['weights'],
      values: { name },
      fix: 'give each weight a name of its own',
    });
  };
  return {
    add(name, shape, initializer, options = {}) {
      const full = checkedName(name, shape);
      const { trainable = true, regularizer = null, constraint = null } = options;
      const random = randomStream(source.seed, source.nextStream());
      const data =
        source.initial?.(full, shape) ?? resolveInitializer(label, initializer).create(shape, random);
      // Side by side lies what one dispatch will update.
      const group = trainable && owner.trainable ? 'parameters' : 'state';
      const initial = { data, shape, dtype: 'float32' as const };
      const variable = new Variable(source.store.create(initial, { name: full, trainable, group }));
      into.weights.push({ variable, regularizer, constraint });
      return variable;
    },
    state(name, shape) {
      const spec = { name: checkedName(name, shape), trainable: false, group: 'layer states' };
      const variable = new Variable(source.store.create(zeros(shape), spec));
      states.add(variable);
      into.states.push(variable);
      return variable;
    },
  };
}

const named = (variables: readonly Variable[], name: string): Variable | undefined =>
  variables.find((one) => one.name === name);

/** Hands out the weights and states of `known` again; throws where other shapes are asked for. */
export function checkingBuilder(
  { name: layer, label }: Owner,
  known: Made,
  inputs: readonly FreeShape[],
): WeightBuilder {
  const checked = (variables: readonly Variable[], name: string, shape: Shape): Variable => {
    const weight = named(variables, `${layer}/${name}`);
    const same = weight?.shape.length === shape.length && weight.shape.every((n, axis) => n === shape[axis]);
    if (weight && same) return weight;
    throw new HeddleError({
      op: label,
      message: `input ${inputs.map(showFree).join(', ')} asks for ${name} [${shape.join(',')}], it has [${weight?.shape.join(',')}]`,
      roles: ['input', name],
      values: { inputs, wanted: shape, has: weight?.shape },
      fix: 'a layer used twice needs inputs that fit the same weights; use two layers',
    });
  };
  const weights = known.weights.map(({ variable }) => variable);
  return {
    add: (name, shape) => checked(weights, name, shape),
    state: (name, shape) => checked(known.states, name, shape),
  };
}

function checkWeight(label: string, name: string, shape: Shape): void {
  if (name !== '' && shape.every((extent) => Number.isInteger(extent) && extent > 0)) return;
  throw new HeddleError({
    op: label,
    message: `weight '${name}' has shape [${shape.map(String).join(',')}]`,
    roles: [name],
    values: { name, shape },
    fix: 'use positive integers; where they come from the input, its extents must not be free: give inputShape',
  });
}
