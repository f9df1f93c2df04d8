/** Reductions, broadcasting, softmax and cross-entropy: numbers worked out by hand, refusals by their fields, kernels as data. */

import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/core/dtype.js';
import { HeddleError } from '../../src/core/errors.js';
import type { Value } from '../../src/ir/graph.js';
import { applyOne } from '../../src/ir/graph.js';
import { constant, inputOp } from '../../src/ir/leaves.js';
import type { OpDef } from '../../src/ir/op.js';
import { type Capabilities, DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { reduceLayout } from '../../src/kernels/reduce-layout.js';
import {
  sigmoidCrossentropy,
  softmaxCrossentropy,
  sparseSoftmaxCrossentropy,
} from '../../src/ops/crossentropy.js';
import { argMax, max, mean, min } from '../../src/ops/reduce.js';
import { logSoftmax, softmax } from '../../src/ops/softmax.js';
import { broadcastTo, expandDims, flatten, reshape, squeeze, sum, sumTo } from '../../src/ops/structural.js';
import { evaluateValues } from '../../src/reference/evaluate.js';

const input = (shape: readonly number[], dtype: DType = 'float32'): Value =>
  applyOne(inputOp, [], { name: 'x', shape, dtype });
const floats = (shape: readonly number[], ...data: number[]): Value =>
  constant(Float32Array.from(data), shape, 'float32');
const ints = (shape: readonly number[], ...data: number[]): Value =>
  constant(Int32Array.from(data), shape, 'int32');

/** The elements of `value`, by the reference in float64. */
function numbers(value: Value): number[] {
  const [result] = evaluateValues([value], new Map(), { precision: 'float64' });
  return Array.from(result?.data ?? []);
}

function refusal(build: () => unknown): Pick<HeddleError, 'op' | 'roles' | 'values'> & { fix: boolean } {
  try {
    build();
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    const { op, roles, values, fix } = error;
    return { op, roles, values, fix: fix.length > 0 };
  }
  throw new Error('nothing was refused');
}

const table = floats([2, 3], 1, -2, 3, 4, 5, -6);

describe('numbers worked out by hand', () => {
  test.each([
    ['sum', sum(table), [5]],
    ['sum of columns', sum(table, { axis: 0 }), [5, 3, -3]],
    ['sum of rows', sum(table, { axis: -1 }), [2, 3]],
    ['sum of bool', sum(constant(Uint8Array.of(1, 0, 1), [3], 'bool')), [2]],
    ['sum of nothing', sum(input([0])), [0]],
    ['int32 sums wrap', sum(ints([2], 2 ** 31 - 1, 1)), [-(2 ** 31)]],
    ['mean of columns', mean(table, { axis: 0 }), [2.5, 1.5, -1.5]],
    ['max of rows', max(table, { axis: 1 }), [3, 5]],
    ['min of all', min(table), [-6]],
    ['argMax of rows', argMax(table), [2, 1]],
    ['argMax of columns', argMax(table, { axis: 0 }), [1, 1, 0]],
    ['argMax takes the first of equals', argMax(ints([4], 1, 7, 7, 7)), [1]],
    ['broadcastTo', broadcastTo(floats([2, 1], 1, 2), [2, 3]), [1, 1, 1, 2, 2, 2]],
    ['sumTo', sumTo(table, [2, 1]), [2, 3]],
    ['sumTo a scalar', sumTo(table, []), [5]],
    ['softmax', softmax(floats([2], Math.log(3), 0)), [0.75, 0.25]],
    ['softmax of columns', softmax(floats([2, 1], Math.log(3), 0), { axis: 0 }), [0.75, 0.25]],
    ['logSoftmax', logSoftmax(floats([2], 1000, 0)), [0, -1000]],
    [
      'sparse cross-entropy',
      sparseSoftmaxCrossentropy(floats([2, 2], Math.log(3), 0, 0, 0), ints([2], 1, 0)),
      [Math.log(4), Math.log(2)],
    ],
    ['cross-entropy', softmaxCrossentropy(floats([1, 2], 0, 0), floats([1, 2], 0.5, 1.5)), [2 * Math.log(2)]],
    [
      'sigmoid cross-entropy',
      sigmoidCrossentropy(floats([2], 0, -1000), floats([2], 1, 1)),
      [Math.log(2), 1000],
    ],
  ] as const)('%s', (_, value, expected) => {
    const actual = numbers(value);
    expect(actual).toHaveLength(expected.length);
    expected.forEach((number, index) => {
      expect(actual[index]).toBeCloseTo(number, 6);
    });
  });

  test('the residual is the gradient to the logits', () => {
    const losses = sparseSoftmaxCrossentropy(floats([1, 2], Math.log(3), 0), ints([1], 1));
    expect(losses.node.op.residuals).toEqual([1]);
    const [, residual] = losses.node.outputs;
    const gradient = numbers(residual as Value);
    [0.75, -0.75].forEach((number, index) => {
      expect(gradient[index]).toBeCloseTo(number, 6);
    });
  });
});

describe('shapes', () => {
  test.each([
    ['sum', sum(input([2, 3, 4]), { axis: [0, -1] }), [3]],
    ['sum keepDims', sum(input([2, 3, 4]), { axis: [0, -1], keepDims: true }), [1, 3, 1]],
    ['reshape', reshape(input([2, 3, 4]), [-1, 8]), [3, 8]],
    ['expandDims', expandDims(input([2, 3])), [2, 3, 1]],
    ['expandDims in front', expandDims(input([2, 3]), { axis: 0 }), [1, 2, 3]],
    ['squeeze', squeeze(input([1, 3, 1])), [3]],
    ['squeeze one', squeeze(input([1, 3, 1]), { axis: -1 }), [1, 3]],
    ['flatten', flatten(input([2, 3, 4])), [2, 12]],
    ['flatten no examples', flatten(input([0, 3, 4])), [0, 12]],
  ] as const)('%s', (_, { shape }, expected) => expect(shape).toEqual(expected));

  test('what changes nothing makes no node', () => {
    const x = input([2, 3]);
    expect([reshape(x, [2, 3]), broadcastTo(x, [2, 3]), sumTo(x, [2, 3]), sum(x, { axis: [] })]).toEqual([
      x,
      x,
      x,
      x,
    ]);
  });
});

describe('refusals', () => {
  const x = input([2, 3]);
  test.each([
    ['axis', () => sum(x, { axis: 2 }), 'sum', ['axis'], { axis: 2, rank: 2 }],
    ['packed bytes', () => sum(input([4], 'uint8')), 'sum', ['x'], { dtype: 'uint8', shape: [4] }],
    ['an integer mean', () => mean(input([4], 'int32')), 'mean', ['x'], { dtype: 'int32', shape: [4] }],
    [
      'the maximum of nothing',
      () => max(input([0, 2]), { axis: 0 }),
      'max',
      ['x', 'axis'],
      { shape: [0, 2] },
    ],
    ['argMax of bool', () => argMax(input([2], 'bool')), 'argMax', ['x'], { dtype: 'bool', shape: [2] }],
    ['sizes', () => reshape(x, [4, -1]), 'reshape', ['x', 'shape'], { x: [2, 3], shape: [4, -1] }],
    [
      'a broadcast',
      () => broadcastTo(x, [2, 4]),
      'broadcastTo',
      ['x', 'shape'],
      { x: [2, 3], shape: [2, 4] },
    ],
    ['a wide axis', () => squeeze(x, { axis: 1 }), 'squeeze', ['x', 'axis'], { x: [2, 3], axis: 1 }],
    ['integer softmax', () => softmax(input([2], 'int32')), 'softmax', ['x'], { dtype: 'int32', shape: [2] }],
    [
      'labels of the wrong shape',
      () => sparseSoftmaxCrossentropy(x, input([3], 'int32')),
      'sparseSoftmaxCrossentropy',
      ['logits', 'labels'],
      { logits: [2, 3], labels: [3] },
    ],
    [
      'float labels',
      () => sparseSoftmaxCrossentropy(x, input([2])),
      'sparseSoftmaxCrossentropy',
      ['logits', 'labels'],
      { logits: 'float32', labels: 'float32' },
    ],
    [
      'targets of the wrong shape',
      () => softmaxCrossentropy(x, input([2])),
      'softmaxCrossentropy',
      ['logits', 'targets'],
      { logits: [2, 3], targets: [2] },
    ],
  ] as const)('%s', (_, build, op, roles, values) => {
    expect(refusal(build)).toEqual({ op, roles, values, fix: true });
  });

  test('a misspelt option names the right one', () => {
    expect(() => sum(x, { axes: 1 } as object)).toThrow("did you mean 'axis'");
  });
});

test('neighbouring axes of one kind merge, an outermost extent of 1 stays', () => {
  expect(reduceLayout([2, 3, 4, 5], [1, 2])).toMatchObject({ outputs: 10, extent: 12, dynamic: false });
  expect(reduceLayout([2, 3, 4, 5], [1, 2]).groups.map(({ extent }) => extent)).toEqual([2, 12, 5]);
  expect(reduceLayout([1, 1, 4], [2]).groups.map(({ extent, reduced }) => [extent, reduced])).toEqual([
    [1, false],
    [4, true],
  ]);
});

describe('kernels', () => {
  /** Every kernel of every candidate of `value`'s op; `code` with its entry point, since one text has several. */
  function kernels(value: Value, software: boolean): { key: string; code: string; candidate: string }[] {
    const { op, attrs, inputs, outputs } = value.node as { op: OpDef } & Value['node'];
    const capabilities: Capabilities = { ...DEFAULT_CAPABILITIES, software };
    const used = outputs.map(() => true);
    const candidates = op.candidates?.({ inputs, outputs, attrs, used, capabilities }) ?? [];
    return candidates.flatMap((candidate) =>
      candidate.lower().dispatches.map(({ launch, args }) => {
        expect(args).toHaveLength(launch.kernel.bindings.length);
        expect(launch.params).toHaveLength(launch.kernel.params.length);
        const { key, entryPoint, code } = launch.kernel;
        return { key, code: `${entryPoint}\n${code}`, candidate: candidate.key };
      }),
    );
  }
  const builders: readonly (readonly [string, (batch: number) => Value])[] = [
    ['sum of rows', (batch) => sum(input([batch, 10]), { axis: 1 })],
    ['sum of columns', (batch) => sum(input([batch, 10]), { axis: 0 })],
    ['sum of all', (batch) => sum(input([batch, 3, 10]))],
    ['sum of axes apart', (batch) => sum(input([batch, 3, 10]), { axis: [0, 2] })],
    ['max', (batch) => max(input([batch, 4, 10]), { axis: 1 })],
    ['argMax', (batch) => argMax(input([batch, 10]))],
    ['argMax along the batch', (batch) => argMax(input([batch, 10]), { axis: 0 })],
    ['broadcastTo', (batch) => broadcastTo(input([batch, 1, 4]), [batch, 3, 4])],
    ['broadcastTo over the batch', (batch) => broadcastTo(input([4]), [batch, 4])],
    ['softmax', (batch) => softmax(input([batch, 10]))],
    ['softmax along the batch', (batch) => softmax(input([batch, 10]), { axis: 0 })],
    [
      'sparse cross-entropy',
      (batch) => sparseSoftmaxCrossentropy(input([batch, 10]), input([batch], 'int32')),
    ],
    ['cross-entropy', (batch) => softmaxCrossentropy(input([batch, 10]), input([batch, 10]))],
  ];

  test.each(builders)('%s: a new batch size brings no new shader', (_, build) => {
    for (const software of [true, false]) {
      const byKey = (batch: number): Map<string, string> =>
        new Map(kernels(build(batch), software).map(({ key, code }) => [key, code]));
      const reference = byKey(32);
      expect(reference.size).toBeGreaterThan(0);
      for (const batch of [2, 70, 4096]) expect(byKey(batch)).toEqual(reference);
    }
  });

  test('keys are equal where code is, and only there', () => {
    const codes = new Map<string, string>();
    for (const [, build] of builders) {
      for (const { key, code } of kernels(build(32), true)) {
        expect(codes.get(key) ?? code).toBe(code);
        codes.set(key, code);
      }
    }
    expect(new Set(codes.values()).size).toBe(codes.size);
  });

  test('software adapters are spared barriers', () => {
    const first = (value: Value): string | undefined => kernels(value, true)[0]?.candidate;
    expect(first(sum(input([32, 128]), { axis: 0 }))).toBe('reduce_serial');
    expect(first(sum(input([100_000])))).toBe('reduce_split_serial');
    expect(first(softmax(input([32, 1000])))).toBe('softmax_serial');
    expect(first(sparseSoftmaxCrossentropy(input([32, 1000]), input([32], 'int32')))).toBe(
      'crossentropy_serial',
    );
  });

  test('inference writes no residual', () => {
    const { op, inputs, outputs, attrs } = sparseSoftmaxCrossentropy(
      input([32, 10]),
      input([32], 'int32'),
    ).node;
    const request = { inputs, outputs, attrs, used: [true, false], capabilities: DEFAULT_CAPABILITIES };
    for (const candidate of op.candidates?.(request) ?? []) {
      const names = candidate
        .lower()
        .dispatches.map(({ launch }) => launch.kernel.bindings.map(({ name }) => name));
      expect(names).toEqual([['logits', 'labels', 'losses']]);
    }
  });
});
