/** The evaluator itself, on ops defined here: order, storage, views, decomposition, updates, slices. */

import { expect, test } from 'vitest';
import { HeddleError } from '../../src/core/errors.js';
import { apply, applyOne, type Graph, type Value, type VariableRef } from '../../src/ir/graph.js';
import { constant, inputOp, scalar, variableOp } from '../../src/ir/leaves.js';
import type { OpDef } from '../../src/ir/op.js';
import { evaluate, evaluateValues } from '../../src/reference/evaluate.js';
import { evaluateAsync } from '../../src/reference/evaluate-async.js';

const none = {};

const plus: OpDef = {
  name: 'plus',
  infer: ([a]) => [{ shape: a?.shape ?? [], dtype: 'float32' }],
  reference([a, b], [output]) {
    for (let i = 0; i < (output?.data.length ?? 0); i++) {
      (output as { data: Float64Array }).data[i] = (a?.data[i] ?? Number.NaN) + (b?.data[i] ?? Number.NaN);
    }
  },
};

const flat: OpDef = {
  name: 'flat',
  view: true,
  infer: ([a]) => [{ shape: [(a?.shape ?? []).reduce((x, y) => x * y, 1)], dtype: a?.dtype ?? 'float32' }],
};

/** Two outputs and no reference: x + x and x + x + x. */
const multiples: OpDef = {
  name: 'multiples',
  infer: ([a]) => [0, 1].map(() => ({ shape: a?.shape ?? [], dtype: 'float32' as const })),
  decompose([x]) {
    const two = applyOne(plus, [x as Value, x as Value], none);
    return [two, applyOne(plus, [two, x as Value], none)];
  },
};

const input = (shape: number[]): Value => applyOne(inputOp, [], { name: 'x', shape, dtype: 'float32' });

function variable(name: string, shape: number[]): { ref: VariableRef; value: Value } {
  const ref: VariableRef = {
    id: 0,
    name,
    trainable: true,
    shape,
    dtype: 'float32',
    place: () => {
      throw new Error('the reference asked for a place on the device');
    },
  };
  return { ref, value: applyOne(variableOp, [], { variable: ref }) };
}

test('float32 rounds at node borders, float64 does not', () => {
  const x = input([1]);
  const sum = applyOne(
    plus,
    [applyOne(plus, [x, constant(Float64Array.of(1e-9), [1], 'float32')], none), x],
    none,
  );
  const feeds = new Map([[x.node, Float32Array.of(1)]]);
  expect(evaluateValues([sum], feeds)[0]?.data).toEqual(Float32Array.of(2));
  expect(evaluateValues([sum], feeds, { precision: 'float64' })[0]?.data).toEqual(Float64Array.of(2 + 1e-9));
});

test('a scalar constant is the number that was written', () => {
  const tenth = scalar(0.1);
  expect(evaluateValues([tenth], new Map(), { precision: 'float64' })[0]?.data[0]).toBe(0.1);
  expect(evaluateValues([tenth])[0]?.data[0]).toBe(Math.fround(0.1));
});

test('results are arrays of the caller, also for leaves, views and repeated roots', () => {
  const x = input([2, 1]);
  const fed = Float32Array.of(1, 2);
  const view = applyOne(flat, [x], none);
  const results = evaluateValues([x, view, view], new Map([[x.node, fed]]));
  expect(results.map(({ shape }) => shape)).toEqual([[2, 1], [2], [2]]);
  for (const { data } of results) {
    expect(data).toEqual(fed);
    expect(data).not.toBe(fed);
  }
  expect(new Set(results.map(({ data }) => data)).size).toBe(3);
});

test('an op without a reference runs through its decomposition', () => {
  const x = input([2]);
  const results = evaluateValues(apply(multiples, [x], none), new Map([[x.node, Float32Array.of(1, 5)]]));
  expect(results.map(({ data }) => [...data])).toEqual([
    [2, 10],
    [3, 15],
  ]);
});

test('updates read all old values', () => {
  const a = variable('a', [1]);
  const b = variable('b', [1]);
  const graph: Graph = {
    inputs: [],
    outputs: [{ name: 'sum', value: applyOne(plus, [a.value, b.value], none) }],
    updates: [
      { variable: a.ref, value: b.value },
      { variable: b.ref, value: a.value },
    ],
  };
  const data = new Map([
    [a.ref, Float32Array.of(1)],
    [b.ref, Float32Array.of(2)],
  ]);
  const { outputs, updates } = evaluate(graph, new Map(), {
    variables: (ref) => data.get(ref) ?? new Float32Array(0),
  });
  expect([...outputs, ...updates].map((tensor) => tensor.data[0])).toEqual([3, 2, 1]);
  expect(data.get(a.ref)).toEqual(Float32Array.of(1));
});

test('an input that is not fed, or fed at another size, is named', () => {
  const x = input([2]);
  expect(() => evaluateValues([x])).toThrow(HeddleError);
  expect(() => evaluateValues([x])).toThrow("input 'x' has no data");
  expect(() => evaluateValues([x], new Map([[x.node, new Float32Array(3)]]))).toThrow(
    '[2] and needs 2 elements',
  );
});

test('the slow form gives time to the page, obeys its signal, and agrees', async () => {
  const busy: OpDef = {
    ...plus,
    name: 'busy',
    reference(inputs, outputs, attrs) {
      for (const end = performance.now() + 3; performance.now() < end; );
      plus.reference?.(inputs, outputs, attrs);
    },
  };
  const x = input([1]);
  let value = x;
  for (let i = 0; i < 20; i++) value = applyOne(busy, [value, x], none);
  const graph: Graph = { inputs: [], outputs: [{ name: 'y', value }], updates: [] };
  const feeds = new Map([[x.node, Float32Array.of(1)]]);

  let turns = 0;
  const clock = setInterval(() => turns++, 1);
  const { outputs } = await evaluateAsync(graph, feeds);
  clearInterval(clock);
  expect(outputs[0]?.data[0]).toBe(21);
  expect(turns).toBeGreaterThanOrEqual(3);

  const stop = new AbortController();
  setTimeout(() => stop.abort(), 1);
  await expect(evaluateAsync(graph, feeds, { signal: stop.signal })).rejects.toThrow(/abort/i);
});
