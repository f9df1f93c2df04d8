/** `minimize`: an optimizer in a graph program, which has no model to count its steps. */

import { grad, HeddleError, ops, type Update, type Value, Variable, zeros } from '../engine/index.js';
import type { BoundOptimizer, Optimizer } from './optimizer.js';
import { stepCountersAmong } from './step-counters.js';

interface Minimized {
  readonly bound: BoundOptimizer;
  /** Its step counts the steps done. */
  readonly control: Readonly<Record<'step' | 'apply' | 'fault', Variable>>;
}

/** Side by side in this order, as one binding of the optimizers' kernels finds them. */
const CONTROL = ['step', 'apply', 'fault'] as const;

export class Minimizer {
  readonly #optimizer: Pick<Optimizer, 'name' | 'bind'>;
  /** By the ids of the variables. */
  readonly #minimized = new Map<string, Minimized>();

  constructor(optimizer: Pick<Optimizer, 'name' | 'bind'>) {
    this.#optimizer = optimizer;
  }

  updates(loss: Value, variables: readonly Variable[]): Update[] {
    const nodes = nodesAbove(loss);
    checkLoss(loss);
    checkVariables(variables, nodes);
    const { bound, control } = this.#minimizedFor(variables);
    const step = bound.updates(grad(loss, variables), { ...control, begins: true });
    return [
      ...step.updates,
      ...CONTROL.map((name) => ({ variable: control[name], value: step.control[name] })),
      ...stepCountersAmong(nodes).map((variable) => ({ variable, value: ops.add(variable, 1) })),
    ];
  }

  #minimizedFor(variables: readonly Variable[]): Minimized {
    const key = variables.map(({ ref }) => ref.id).join(',');
    const known = this.#minimized.get(key);
    if (known) return known;
    const { store } = variables[0] as Variable;
    const bound = this.#optimizer.bind(store, variables);
    const group = `${this.#optimizer.name}/control`;
    const scalar = (name: string): Variable =>
      new Variable(store.create(zeros([], 'uint32'), { name: `${group}/${name}`, trainable: false, group }));
    const [step, apply, fault] = CONTROL.map(scalar) as [Variable, Variable, Variable];
    const minimized = { bound, control: { step, apply, fault } };
    this.#minimized.set(key, minimized);
    return minimized;
  }
}

function checkLoss(loss: Value): void {
  if (loss.dtype === 'float32' && loss.shape.length === 0) return;
  throw new HeddleError({
    op: 'minimize',
    message: `the loss is ${loss.dtype}[${loss.shape.join(',')}], not a float32 scalar`,
    roles: ['loss'],
    values: { shape: loss.shape, dtype: loss.dtype },
    fix:
      loss.dtype === 'float32'
        ? 'reduce it: ops.mean(loss)'
        : "compute it in float32: ops.cast(x, 'float32')",
  });
}

function checkVariables(variables: readonly Variable[], nodes: ReadonlySet<Value['node']>): void {
  const refuse = (message: string, fix: string, name?: string): never => {
    throw new HeddleError({
      op: 'minimize',
      message,
      roles: ['variables'],
      values: { variable: name, variables: variables.map((one) => one.name) },
      fix,
    });
  };
  if (variables.length === 0)
    refuse('there are no variables', 'pass net.trainableWeights, or a list of variables');
  variables.forEach((variable, index) => {
    const { name, trainable } = variable;
    if (variables.indexOf(variable) !== index)
      refuse(`variable '${name}' is given twice`, 'give it once', name);
    if (!trainable) {
      refuse(
        `variable '${name}' is not trainable`,
        'leave it out, or make it with { trainable: true }',
        name,
      );
    }
    if (!nodes.has(variable.node)) {
      refuse(`the loss does not depend on variable '${name}'`, 'leave it out, or use it in the loss', name);
    }
  });
}

/** Every node that `loss` is computed from. */
function nodesAbove(loss: Value): ReadonlySet<Value['node']> {
  const seen = new Set([loss.node]);
  const stack = [loss.node];
  for (let node = stack.pop(); node; node = stack.pop()) {
    for (const input of node.inputs) {
      if (seen.has(input.node)) continue;
      seen.add(input.node);
      stack.push(input.node);
    }
  }
  return seen;
}
