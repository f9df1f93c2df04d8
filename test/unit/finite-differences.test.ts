/**
 * Every op case in double precision, in Node: it evaluates; its gradients are the slopes that finite differences find, of second
 * order too where the case says so; each op's own reference and gradient equal those of its decomposition.
 */

import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import type { HostArray } from '../../src/core/dtype.js';
import { sizeOf } from '../../src/core/shape.js';
import { apply, type HostTensor, type Node, topologicalOrder, type Value } from '../../src/ir/graph.js';
import { decompositionOf } from '../../src/reference/decomposition.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { checkGradients, type GradientCheck } from '../../src/reference/grad-check.js';
import { type BuiltCase, buildCase, caseName, opCases } from '../kit/op-cases.js';
import { cotangentFor, weightedSum } from '../kit/weighted-sum.js';
import type { OpCase } from '../ops/case.js';

const cases = opCases.filter(({ full, deviceOnly }) => !deviceOnly && (!full || process.env.FULL));

test('there are cases', () => {
  expect(cases.length).toBeGreaterThan(50);
});

describe.each(cases.map((one) => [caseName(one), one] as const))('%s', (_, one) => {
  const built = buildCase(one, true);

  test('evaluates', () => {
    const results = evaluateValues(built.outputs, built.feeds, { precision: 'float64' });
    results.forEach(({ data, shape, dtype }, index) => {
      expect({ shape, dtype }).toEqual({
        shape: built.outputs[index]?.shape,
        dtype: built.outputs[index]?.dtype,
      });
      expect(data.length).toBe(sizeOf(shape));
      expect(data.every((value) => Number.isFinite(value))).toBe(true);
    });
  });

  if (differentiable(one, built)) {
    test('gradients are slopes', () => expectSlopes(firstOrder(built)));
    if (one.secondOrder) test('gradients of gradients are slopes', () => expectSlopes(secondOrder(built)));
  }

  const fused = fusedNodes(one, built);
  if (fused.length > 0) {
    test('references and gradients equal those of the decompositions', () => {
      for (const [node, tensors] of fused) expectDecomposition(node, tensors);
    });
  }
});

function differentiable(one: OpCase, { inputs, outputs }: BuiltCase): boolean {
  const float = ({ dtype, shape }: Value): boolean => dtype === 'float32' && sizeOf(shape) > 0;
  return one.gradients !== false && inputs.some(float) && outputs.some(float);
}

function firstOrder({ inputs, outputs, feeds }: BuiltCase): GradientCheck {
  const loss = weightedSum(outputs);
  const wrt = inputs.filter(({ dtype, shape }) => dtype === 'float32' && sizeOf(shape) > 0);
  return { loss, wrt, gradients: gradients([loss], [null], wrt), feeds };
}

function secondOrder(built: BuiltCase): GradientCheck {
  const { gradients: slopes, wrt, feeds } = firstOrder(built);
  const loss = weightedSum(
    slopes.filter((slope) => slope !== null),
    { seed: 7 },
  );
  return { loss, wrt, gradients: gradients([loss], [null], wrt), feeds };
}

function expectSlopes(check: GradientCheck): void {
  const report = checkGradients(check);
  expect(report.failures).toEqual([]);
  expect(report.checked).toBeGreaterThan(0);
}

/** Nodes of the case, and of its gradients, that say what they mean in base ops, with the data of their inputs. */
function fusedNodes(one: OpCase, built: BuiltCase): (readonly [Node, HostTensor[]])[] {
  const roots = [...built.outputs];
  if (differentiable(one, built)) {
    roots.push(...firstOrder(built).gradients.filter((gradient) => gradient !== null));
  }
  const nodes = topologicalOrder(roots).filter(({ op }) => op.decompose && (op.reference || op.vjp));
  return nodes.map(
    (node) => [node, evaluateValues(node.inputs, built.feeds, { precision: 'float64' })] as const,
  );
}

function expectDecomposition(node: Node, tensors: readonly HostTensor[]): void {
  const { op, attrs } = node;
  const { placeholders, results } = decompositionOf(node);
  const feeds = new Map(
    placeholders.map((value, index) => [value.node, (tensors[index] as HostTensor).data]),
  );
  const values = apply(op, placeholders, attrs);
  if (op.reference) expectClose(op.name, values, results, feeds);
  if (!op.vjp) return;
  // The residual outputs carry no gradient of their own.
  const outputs = values.filter(({ dtype }, index) => dtype === 'float32' && !op.residuals?.includes(index));
  const parts = outputs.map(({ index }) => results[index] as Value);
  const wrt = placeholders.filter(({ dtype }) => dtype === 'float32');
  if (outputs.length === 0 || wrt.length === 0) return;
  const dys = outputs.map((output, index) => cotangentFor(output, 3 + index));
  const own = gradients(outputs, dys, wrt);
  const expected = gradients(parts, dys, wrt);
  const both = own.map((gradient, index) => [gradient, expected[index] ?? null] as const);
  for (const [a, b] of both) expect(a === null, `${op.name}: a gradient is missing`).toBe(b === null);
  expectClose(
    `the gradient of ${op.name}`,
    own.filter((gradient) => gradient !== null),
    expected.filter((gradient) => gradient !== null),
    feeds,
  );
}

function expectClose(
  name: string,
  actual: readonly Value[],
  expected: readonly Value[],
  feeds: ReadonlyMap<Node, HostArray>,
): void {
  const results = evaluateValues([...actual, ...expected], feeds, { precision: 'float64' });
  actual.forEach((_, output) => {
    const a = results[output]?.data ?? [];
    const b = results[actual.length + output]?.data ?? [];
    expect(a.length).toBe(b.length);
    const scale = Math.max(1e-6, ...b.map(Math.abs));
    const worst = Math.max(0, ...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))));
    expect(worst / scale, `output ${output} of ${name}`).toBeLessThan(1e-9);
  });
}
