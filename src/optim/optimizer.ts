/**
 * What an optimizer is to the rest of Heddle: a rule with numbers, tied to variables by `bind`. The state that it keeps for each variable
 * (its slots) lies in the same store, slots of one kind side by side, so that one dispatch updates a whole model.
 */

import type { Update, Value, Variable, VariableStore } from '../engine/index.js';

export type OptimizerConfig = Readonly<Record<string, number | boolean>>;

export interface Optimizer {
  /** `adam`. */
  readonly name: string;
  /** The options that make it again, defaults filled in, with the learning rate as it is now. */
  readonly config: OptimizerConfig;
  /**
   * A finite number ≥ 0. May be set at any time, also while a model trains: steps queued from then on use it, and nothing is
   * compiled again.
   */
  learningRate: number;
  /** Makes the slots for `variables` in `store`. */
  bind(store: VariableStore, variables: readonly Variable[]): BoundOptimizer;
  /**
   * Updates that take one step down `loss`, for `compile({ updates })`. Several calls for the same variables (a full and a partial batch,
   * say) share slots and count of steps. Where the loss reads the step counter of a model (for the masks of dropout), that
   * counts on too. An element whose new value would not be finite keeps its old one.
   *
   * @param loss float32 []
   * @param variables what to change; all on one device
   * @throws HeddleError for a loss that is no float32 scalar, no variables, one that stands there twice, is not trainable, or that the
   * loss does not depend on.
   */
  minimize(loss: Value, variables: readonly Variable[]): Update[];
}

/** Scalars that a step turns on; each uint32 []. */
export interface StepControl {
  /** t: the number of this step, from 1. */
  readonly step: Value;
  /** Where 0, nothing changes. */
  readonly apply: Value;
  /** Raised to 1 where a result is not finite; that element keeps its old value. */
  readonly fault: Value;
  /** Whether the optimizer begins the step: before it, one is added to `step`, `apply` is set to 1 and `fault` to 0. Default `false`. */
  readonly begins?: boolean;
}

/** A step of an optimizer in the graph. */
export interface OptimizerStep {
  /** New values of the variables and slots. */
  readonly updates: Update[];
  /** The control scalars afterwards. They are overwritten in place, so whoever keeps them in variables updates them to these. */
  readonly control: StepControl;
}

/** An optimizer with its state for some variables. */
export interface BoundOptimizer {
  /** float32 [], in a buffer of its own. */
  readonly learningRate: Variable;
  /** All slots, kind by kind, each in the order of the variables; named `${variable}/m`. */
  readonly slots: readonly Variable[];
  /** @param gradients one for each variable, of its shape */
  updates(gradients: readonly Value[], control: StepControl): OptimizerStep;
  /** Forgets the slots and the learning rate; a learning rate set later no longer reaches it. */
  dispose(): void;
}
