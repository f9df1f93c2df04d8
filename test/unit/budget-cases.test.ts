/**
 * Every op case, and its gradients, on an honest float32 machine (the reference, rounded at node borders): it must keep the budgets
 * that devices are held to, none of which may be infinite.
 */

import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import { sizeOf } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';
import { evaluateWithBudgets } from '../../src/reference/budget.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { judge } from '../../src/reference/judge.js';
import { type BuiltCase, buildCase, caseName, opCases } from '../kit/op-cases.js';
import { cotangentFor } from '../kit/weighted-sum.js';

const cases = opCases.filter(({ full, deviceOnly }) => !deviceOnly && (!full || process.env.FULL));

describe.each(cases.map((one) => [caseName(one), one] as const))('%s', (_, one) => {
  test('float32 keeps the budget', () => {
    const built = buildCase(one);
    const roots = [...built.outputs, ...(one.gradients === false ? [] : gradientsOf(built))];
    const actual = evaluateValues(roots, built.feeds);
    const { values, budgets } = evaluateWithBudgets(roots, built.feeds);
    roots.forEach((_, root) => {
      const verdict = judge(
        actual[root]?.data ?? [],
        values[root]?.data ?? [],
        budgets[root] ?? new Float64Array(0),
      );
      expect(verdict, `result ${root}`).toSatisfy(({ worst }: typeof verdict) => worst <= 1);
    });
  });
});

function gradientsOf({ inputs, outputs }: BuiltCase): Value[] {
  const float = ({ dtype, shape }: Value): boolean => dtype === 'float32' && sizeOf(shape) > 0;
  const [from, to] = [outputs.filter(float), inputs.filter(float)];
  if (from.length === 0 || to.length === 0) return [];
  const dys = from.map((output, index) => cotangentFor(output, index));
  return gradients(from, dys, to).filter((gradient) => gradient !== null);
}
