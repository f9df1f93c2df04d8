/** Are these gradients right? Finite differences of the float64 reference against Heddle's own gradients, both on the CPU. */

import { gradients } from '../compiler/autodiff.js';
import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { randomStream } from '../core/random.js';
import { applyOne, canonical, topologicalOrder, type Value } from '../ir/graph.js';
import { constant, inputOp, isVariable, type VariableAttrs } from '../ir/leaves.js';
import { mul, sum } from '../ops/index.js';
import { checkGradients, type GradientCheckOptions, type GradientReport } from '../reference/grad-check.js';
import { type ArrayLike, toHostTensor } from './ndarray.js';
import { storeOf } from './store.js';
import { Tensor } from './tensor.js';
import type { Variable } from './variable.js';

export interface GradCheckOptions extends GradientCheckOptions {
  /** Variables whose gradients are checked too, at their present values. */
  readonly variables?: readonly Variable[];
}

export interface GradCheckReport extends GradientReport {
  readonly passed: boolean;
}

const OPTIONS = ['variables', 'step', 'tolerance', 'samples', 'seed'] as const;

/**
 * Checks ∂f/∂x for every float input (and `variables`) by central differences in float64. An `f` that is no scalar is weighted with a
 * fixed random cotangent and summed. Runs on the CPU at any device; meant for small sizes.
 *
 * @param f builds the value from its inputs: an op, a layer, a loss, a whole network.
 * @throws HeddleError where `f` gives no float tensor, nothing can be checked, or an option is unknown.
 */
export async function gradCheck(
  f: (...inputs: Tensor[]) => Value,
  inputs: readonly ArrayLike[],
  options: GradCheckOptions = {},
): Promise<GradCheckReport> {
  rejectUnknownOptions('gradCheck', options, OPTIONS);
  const { variables = [], ...rest } = options;
  const hosts = inputs.map((source, index) =>
    toHostTensor(source, { op: 'gradCheck', role: `input ${index}` }),
  );
  const leaves = hosts.map(({ shape, dtype }, index) =>
    applyOne(inputOp, [], { name: `input_${index}`, shape, dtype }),
  );
  const loss = weighted(canonical(f(...leaves.map((leaf) => new Tensor(leaf)))), rest.seed ?? 1);
  const wrt = [...leaves.filter((leaf) => leaf.dtype === 'float32'), ...variables.map(canonical)];
  if (wrt.length === 0) {
    throw new HeddleError({
      op: 'gradCheck',
      message: 'there is no float input to check',
      roles: ['inputs'],
      fix: 'pass float data, or { variables }',
    });
  }
  const feeds = new Map(
    leaves.map((leaf, index) => [leaf.node, (hosts[index] as { data: Float32Array }).data]),
  );
  const read = topologicalOrder([loss]).filter(
    (node) => node.op.leaf && isVariable(node.outputs[0] as Value),
  );
  const refs = read.map((node) => (node.attrs as VariableAttrs).variable);
  const values = new Map(
    await Promise.all(refs.map(async (ref) => [ref, (await storeOf(ref).read(ref)).data] as const)),
  );
  const report = checkGradients(
    {
      loss,
      wrt,
      gradients: gradients([loss], [null], wrt),
      feeds,
      variables: (ref) => values.get(ref) as Float32Array,
    },
    rest,
  );
  return { ...report, passed: report.failures.length === 0 };
}

/** Σ w·y with fixed random weights: every element of the Jacobian counts. */
function weighted(y: Value, seed: number): Value {
  if (y.shape.length === 0) return y;
  const random = randomStream(seed, 0);
  const weights = Float64Array.from(
    { length: y.shape.reduce((size, extent) => size * extent, 1) },
    () => random.uniform() + 0.5,
  );
  return sum(mul(y, constant(weights, y.shape, 'float32')));
}
