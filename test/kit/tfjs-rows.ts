/** Rows of ops in both worlds: the reference, its gradients, and TensorFlow.js on the same numbers. */

import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import { applyOne, type HostTensor, type Value } from '../../src/ir/graph.js';
import { constant, inputOp } from '../../src/ir/leaves.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import type { CaseInput } from '../ops/case.js';
import { fill, hash } from './fill.js';
import { tf } from './tfjs.js';

export interface OracleRow {
  readonly inputs: readonly CaseInput[];
  heddle(...inputs: Value[]): Value;
  tfjs(...inputs: tf.Tensor[]): tf.Tensor;
  /** What is wrong with the oracle's own gradient, where it cannot judge. */
  readonly wrongGradient?: string;
}

export const floats = (...shapes: number[][]): CaseInput[] => shapes.map((shape) => ({ shape }));

/** Output and gradients of every row. */
export function testAgainstTfjs(rows: Readonly<Record<string, OracleRow>>): void {
  describe.each(Object.entries(rows))('%s', (name, row) => {
    test('forward', () => {
      const { output, feeds, peers } = build(name, row);
      const [actual] = evaluateValues([output], feeds);
      const expected = row.tfjs(...peers);
      expect(actual?.shape).toEqual(expected.shape);
      expectClose(actual?.data, expected.dataSync());
    });

    if (row.wrongGradient === undefined) test('gradients', () => judgeGradients(name, row));
  });
}

function judgeGradients(name: string, row: OracleRow): void {
  const { inputs, output, feeds, peers } = build(name, row);
  const { data, shape } = fill({ shape: output.shape }, hash(name), inputs.length);
  const slopes = gradients([output], [constant(data, shape, 'float32')], inputs);
  expect(slopes).not.toContain(null);
  const actual = evaluateValues(
    slopes.filter((slope) => slope !== null),
    feeds,
  );
  const dy = tf.tensor(Float32Array.from(data), [...shape]);
  const expected = tf.grads((...list: tf.Tensor[]) => row.tfjs(...list))(peers, dy);
  expect(actual.length).toBe(expected.length);
  expected.forEach((slope, index) => {
    expect(actual[index]?.shape).toEqual(slope.shape);
    expectClose(actual[index]?.data, slope.dataSync());
  });
}

/** One row in both worlds, on the same numbers. */
function build(name: string, row: OracleRow) {
  const tensors = row.inputs.map((input, index) => fill(input, hash(name), index));
  const inputs = tensors.map(({ shape, dtype }, index) =>
    applyOne(inputOp, [], { name: `input ${index}`, shape, dtype }),
  );
  const feeds = new Map(inputs.map((input, index) => [input.node, (tensors[index] as HostTensor).data]));
  const peers = tensors.map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape]));
  return { inputs, output: row.heddle(...inputs), feeds, peers };
}

/** Both round to float32 between ops, so a few units in the last place of the largest element. */
function expectClose(actual: ArrayLike<number> | undefined, expected: ArrayLike<number>): void {
  const values = Array.from(expected);
  const scale = Math.max(...values.map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  expect(actual?.length).toBe(values.length);
  const worst = Math.max(...values.map((value, index) => Math.abs(value - (actual?.[index] ?? Number.NaN))));
  expect(worst / scale).toBeLessThan(2e-6);
}
