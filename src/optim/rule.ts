/** Optimizers from update rules: slots, learning rate and runs are the same for all of them. */

import {
  HeddleError,
  type Update,
  type Value,
  Variable,
  type VariableStore,
  zeros,
} from '../engine/index.js';
import { Minimizer } from './minimize.js';
import type { BoundOptimizer, Optimizer, OptimizerConfig, OptimizerStep, StepControl } from './optimizer.js';
import { checkedNumber } from './options.js';
import { runsOf } from './runs.js';

/** One dispatch: variables side by side, with their gradients and slots. */
export interface RuleArguments {
  readonly params: readonly Value[];
  readonly grads: readonly Value[];
  /** One list for each slot name, in order. */
  readonly slots: readonly (readonly Value[])[];
  readonly learningRate: Value;
  readonly control: StepControl;
}

export interface RuleResults {
  readonly params: readonly Value[];
  readonly slots: readonly (readonly Value[])[];
  readonly control: StepControl;
}

export interface UpdateRule {
  readonly name: string;
  /** Without the learning rate. */
  readonly config: OptimizerConfig;
  /** What is kept for each variable: `['m', 'v']`. */
  readonly slotNames: readonly string[];
  apply(args: RuleArguments): RuleResults;
}

/** The optimizer of `rule`. Throws a `HeddleError` for a learning rate that is negative or not finite. */
export const optimizerOf = (rule: UpdateRule, learningRate: number): Optimizer =>
  new RuleOptimizer(rule, learningRate);

class RuleOptimizer implements Optimizer {
  readonly #rule: UpdateRule;
  readonly #bound = new Set<Bound>();
  readonly #minimizer = new Minimizer(this);
  #learningRate: number;

  constructor(rule: UpdateRule, learningRate: number) {
    this.#rule = rule;
    this.#learningRate = checkedNumber(rule.name, 'learningRate', learningRate, 'nonNegative');
  }

  get name(): string {
    return this.#rule.name;
  }

  get config(): OptimizerConfig {
    return { learningRate: this.#learningRate, ...this.#rule.config };
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = checkedNumber(this.name, 'learningRate', value, 'nonNegative');
    for (const bound of this.#bound) {
      if (bound.alive) bound.learningRate.assign(value);
      else this.#bound.delete(bound);
    }
  }

  bind(store: VariableStore, variables: readonly Variable[]): BoundOptimizer {
    const bound = new Bound(this.#rule, this.#learningRate, store, variables);
    this.#bound.add(bound);
    return bound;
  }

  minimize(loss: Value, variables: readonly Variable[]): Update[] {
    return this.#minimizer.updates(loss, variables);
  }
}

class Bound implements BoundOptimizer {
  readonly learningRate: Variable;
  readonly slots: readonly Variable[];
  readonly #rule: UpdateRule;
  readonly #store: VariableStore;
  readonly #variables: readonly Variable[];

  constructor(rule: UpdateRule, rate: number, store: VariableStore, variables: readonly Variable[]) {
    this.#rule = rule;
    this.#store = store;
    this.#variables = variables;
    const initial = { shape: [], dtype: 'float32' as const, data: Float32Array.of(rate) };
    this.learningRate = new Variable(
      store.create(initial, { name: `${rule.name}/learningRate`, trainable: false }),
    );
    this.slots = rule.slotNames.flatMap((slot) =>
      variables.map(({ name, shape }) => {
        const spec = { name: `${name}/${slot}`, trainable: false, group: `${rule.name}/${slot}` };
        return new Variable(store.create(zeros(shape), spec));
      }),
    );
  }

  /** Whether its variables still exist; a store that is disposed takes them along. */
  get alive(): boolean {
    return this.#store.holds(this.learningRate.ref);
  }

  updates(gradients: readonly Value[], control: StepControl): OptimizerStep {
    const count = this.#variables.length;
    if (gradients.length !== count) {
      throw new HeddleError({
        op: this.#rule.name,
        message: `got ${gradients.length} gradients for ${count} variables`,
        roles: ['gradients'],
        values: { gradients: gradients.length, variables: this.#variables.map(({ name }) => name) },
        fix: 'pass one gradient for each variable, in order',
      });
    }
    const updates: Update[] = [];
    let current = control;
    for (const { from, to } of runsOf(this.#variables)) {
      const params = this.#variables.slice(from, to);
      const slots = this.#rule.slotNames.map((_, kind) =>
        this.slots.slice(kind * count + from, kind * count + to),
      );
      const grads = gradients.slice(from, to);
      const results = this.#rule.apply({
        params,
        grads,
        slots,
        learningRate: this.learningRate,
        control: current,
      });
      updates.push(...paired(params, results.params));
      slots.forEach((list, kind) => {
        updates.push(...paired(list, results.slots[kind] ?? []));
      });
      current = results.control;
    }
    return { updates, control: current };
  }

  dispose(): void {
    if (!this.alive) return;
    for (const { ref } of [this.learningRate, ...this.slots]) this.#store.remove(ref);
  }
}

const paired = (variables: readonly Variable[], values: readonly Value[]): Update[] =>
  variables.map((variable, index) => ({ variable, value: values[index] as Value }));
