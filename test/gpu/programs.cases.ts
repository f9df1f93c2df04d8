/**
 * Op cases as whole programs: compiled with fusion and planned memory, with all gradients, run by the engine, against the reference
 * with the budget of the whole graph. `kernels.cases.ts` shows that kernels are right; this shows that what the compiler makes
 * of them is.
 */

import { gradients } from '../../src/compiler/autodiff.js';
import { sizeOf } from '../../src/core/shape.js';
import { compile } from '../../src/engine/index.js';
import type { HostTensor, Value } from '../../src/ir/graph.js';
import { evaluateWithBudgets } from '../../src/reference/budget.js';
import { judge } from '../../src/reference/judge.js';
import { networkCases } from '../kit/networks.js';
import { buildCase, caseName, opCases } from '../kit/op-cases.js';
import { randomNetworks } from '../kit/random-networks.js';
import { weightedSum } from '../kit/weighted-sum.js';
import type { OpCase } from '../ops/case.js';
import { type CaseContext, check, equal, type Failure, type GpuCase } from './kit.js';

/** Cases of each op in the default run: the first, the last and those between at even distances. */
const PER_OP = 6;

const opNames = [...new Set(opCases.map(({ op }) => op))];

export const cases: GpuCase[] = [
  ...opNames.map((op) => ({
    name: op,
    run({ full }: CaseContext) {
      const list = opCases.filter((one) => one.op === op && (full || !one.full));
      return checkAll(full ? list : spread(list));
    },
  })),
  ...[...networkCases, ...randomNetworks].map((one) => ({
    name: `network ${caseName(one)}`,
    run: () => checkProgram(one),
  })),
];

function spread<T>(list: readonly T[]): T[] {
  if (list.length <= PER_OP) return [...list];
  return Array.from(
    { length: PER_OP },
    (_, index) => list[Math.round((index * (list.length - 1)) / (PER_OP - 1))] as T,
  );
}

async function checkAll(list: readonly OpCase[]): Promise<Failure[]> {
  const failures: Failure[] = check('cases', list.length > 0, 'some', 'none');
  for (const one of list) failures.push(...(await checkProgram(one)));
  return failures;
}

async function checkProgram(one: OpCase): Promise<Failure[]> {
  const { inputs, outputs, tensors, feeds } = buildCase(one);
  const derived = derivatives(one, inputs, outputs);
  const roots = [...outputs, ...derived];
  const names = roots.map((_, index) =>
    index < outputs.length ? `output ${index}` : `gradient ${index - outputs.length}`,
  );
  const program = await compile({
    name: caseName(one),
    inputs: Object.fromEntries(inputs.map((value, index) => [`x${index}`, value])),
    outputs: Object.fromEntries(roots.map((value, index) => [names[index] as string, value])),
  });
  const results = await program
    .run(Object.fromEntries(tensors.map((tensor, index) => [`x${index}`, tensor])))
    .finally(() => program.dispose());
  const expected = evaluateWithBudgets(roots, feeds);
  return roots.flatMap((root, index) => {
    const label = `${caseName(one)}, ${names[index]}`;
    const actual = results[names[index] as string] as HostTensor;
    const shapes = check(
      `${label}: shape`,
      String(actual.shape) === String(root.shape),
      String(root.shape),
      String(actual.shape),
    );
    const { data } = expected.values[index] as HostTensor;
    if (one.exact && root.dtype === 'float32')
      return [...shapes, ...equal(label, actual.data, Float32Array.from(data))];
    return [...shapes, ...judged(label, actual, data, expected.budgets[index] as Float64Array)];
  });
}

/** The gradients of all float inputs, where the case has any. */
function derivatives(one: OpCase, inputs: readonly Value[], outputs: readonly Value[]): Value[] {
  const floats = inputs.filter((input) => input.dtype === 'float32' && sizeOf(input.shape) > 0);
  if (one.gradients === false || floats.length === 0) return [];
  return gradients([weightedSum(outputs, { integers: one.exact === true })], [null], floats).filter(
    (value) => value !== null,
  );
}

function judged(
  label: string,
  actual: HostTensor,
  expected: ArrayLike<number>,
  budgets: Float64Array,
): Failure[] {
  const { worst, index, actual: got, expected: wanted, budget } = judge(actual.data, expected, budgets);
  if (worst <= 1) return [];
  return [
    {
      what: label,
      at: `[${index}]`,
      expected: `${wanted} ± ${budget}`,
      actual: String(got),
      // An infinite ratio would cross to Node as null.
      budgetRatio: Math.min(worst, Number.MAX_VALUE),
    },
  ];
}
