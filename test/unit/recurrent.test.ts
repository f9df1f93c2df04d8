/** The recurrent ops beyond their cases: honest budgets, what padding leaves alone, and the helper that unrolls cells. */

import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import type { HostTensor, Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import { add, lstm, mul } from '../../src/ops/index.js';
import { unroll } from '../../src/ops/recurrent/unroll.js';
import { referenceFollowing, referenceWithBudget } from '../../src/reference/budget.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { buildCase } from '../kit/op-cases.js';
import { buildLayer, CELL_NAMES, type LayerCase, layerCase } from '../kit/recurrent-cases.js';
import { fusedNodes, ratios, stepByStep } from '../kit/recurrent-nodes.js';
import { weightedSum } from '../kit/weighted-sum.js';
import { cases } from '../ops/recurrent.js';

const LAYER: Omit<LayerCase, 'cell' | 'steps'> = {
  direction: 'both',
  batch: 2,
  features: 3,
  units: 6,
  bias: true,
  state: true,
  mask: true,
  dropout: true,
};

describe.each(CELL_NAMES)('%s', (cell) => {
  test.each([1, 7, 40])('a float32 machine keeps the budget over %i steps', (steps) => {
    const nodes = fusedNodes({ ...LAYER, cell, steps });
    expect(nodes.map(([{ op }]) => op.name)).toEqual([
      `${cell}Sequence`,
      `${cell}SequenceGradient`,
      'recurrentWeightGradient',
    ]);
    for (const [node, inputs] of nodes) {
      const worst = ratios(referenceWithBudget(node, inputs), stepByStep(node, inputs));
      for (const ratio of worst) expect(ratio, node.op.name).toBeLessThanOrEqual(1);
    }
  });

  test('a budget does not grow without end where weights are contractive', () => {
    const widest = (steps: number): number[] =>
      fusedNodes({ ...LAYER, mask: false, cell, steps })
        .slice(0, 2)
        .map(([node, inputs]) => {
          const { values, budgets } = referenceWithBudget(node, inputs);
          const size = Math.max(...(values[0]?.data ?? []).map(Math.abs));
          return Math.max(...(budgets[0] ?? [])) / size;
        });
    const [short, long] = [widest(20), widest(200)];
    long.forEach((width, index) => {
      expect(width).toBeLessThan(2 * (short[index] as number));
      expect(width).toBeLessThan(3e-5);
    });
  });

  test('a fault of two numbers that go in breaks the budget', () => {
    for (const [node, inputs] of fusedNodes({ ...LAYER, mask: false, dropout: false, cell, steps: 12 })) {
      inputs.forEach((input, position) => {
        const data = Float32Array.from(input.data);
        const size = 0.01 * Math.max(...data.map(Math.abs));
        // Of a sequence neither end, which a direction may leave unread; of a state both h and c, one of which may be.
        for (const place of [0.3, 0.7].map((share) => Math.floor(share * data.length))) {
          data[place] = (data[place] as number) + size;
        }
        const damaged = inputs.map((own, i) => (i === position ? { ...own, data } : own));
        const worst = ratios(referenceWithBudget(node, inputs), referenceWithBudget(node, damaged).values);
        expect(Math.max(...worst), `input ${position} of ${node.op.name}`).toBeGreaterThan(2);
      });
    }
  });

  test('followed step by step, a device is held to one step of rounding, whatever the weights', () => {
    const wild: LayerCase = { ...LAYER, cell, mask: false, steps: 30, recurrentScale: 5, scale: 0.3 };
    const wider: number[] = [];
    for (const [node, inputs] of fusedNodes(wild).slice(0, 2)) {
      const actual = stepByStep(node, inputs);
      const followed = referenceFollowing(node, inputs, actual);
      for (const ratio of ratios(followed, actual)) expect(ratio, node.op.name).toBeLessThanOrEqual(1);
      const [first] = actual as [HostTensor];
      const size = Math.max(...first.data.map(Math.abs));
      const widest = (budgets: readonly Float64Array[]): number => Math.max(...(budgets[0] ?? [])) / size;
      expect(widest(followed.budgets)).toBeLessThan(1e-4);
      wider.push(widest(referenceWithBudget(node, inputs).budgets) / widest(followed.budgets));
      const place = first.data.findIndex((value) => Math.abs(value) === size);
      const data = first.data.slice();
      data[place] = 1.001 * (data[place] as number);
      const damaged = actual.map((tensor, output) => (output === 0 ? { ...tensor, data } : tensor));
      const worst = ratios(referenceFollowing(node, inputs, damaged), damaged);
      expect(Math.max(...worst), node.op.name).toBeGreaterThan(2);
    }
    expect(Math.max(...wider)).toBeGreaterThan(100);
  });

  test('a row that is padded altogether keeps its state, and no gradient reaches what it reads', () => {
    const one: LayerCase = { ...LAYER, cell, batch: 3, steps: 4 };
    const { inputs, outputs, feeds } = buildCase(layerCase(one));
    const [x, kernel] = inputs as [Value, Value];
    const h = inputs[4] as Value; // after bias
    const [dx] = gradients([weightedSum(outputs)], [null], [x, kernel]);
    const [sequence, last, initial, slope] = evaluateValues(
      [outputs[0] as Value, outputs[1] as Value, h, dx as Value],
      feeds,
    ) as [HostTensor, HostTensor, HostTensor, HostTensor];
    const states = 2 * one.units;
    const row = (tensor: HostTensor, width: number): number[] =>
      Array.from(tensor.data.slice(2 * width, 3 * width)); // the third kind of mask leaves out every step
    expect(row(last, states)).toEqual(row(initial, states));
    for (let t = 0; t < one.steps; t++) {
      expect(row(sequence, one.steps * states).slice(t * states, (t + 1) * states)).toEqual(
        row(initial, states),
      );
    }
    expect(row(slope, one.steps * one.features).every((value) => value === 0)).toBe(true);
    expect(slope.data.some((value) => value !== 0)).toBe(true);
  });

  test('an empty batch gives empty results', () => {
    const one: LayerCase = { ...LAYER, cell, batch: 0, steps: 3, mask: false, dropout: false };
    const { outputs } = buildCase(layerCase(one));
    const shapes = [
      [0, 3, 12],
      [0, 12],
      [0, 12],
    ];
    expect(outputs.map(({ shape }) => shape)).toEqual(shapes.slice(0, cell === 'lstm' ? 3 : 2));
    expect(evaluateValues(outputs).map(({ data }) => data.length)).toEqual(outputs.map(() => 0));
  });
});

test('the sizes of the default run and those of the full one meet all options', () => {
  const sizes = cases.filter(({ deviceOnly, exact }) => deviceOnly && !exact);
  for (const inFull of [false, true]) {
    const options = sizes
      .filter(({ full }) => (full === true) === inFull)
      .map(({ name = '' }) => name.split(', ').slice(1).join());
    expect(new Set(options)).toEqual(
      new Set([
        'bias',
        'state',
        'dropout',
        'mask,dropout',
        'state,mask',
        'bias,mask',
        'state,dropout',
        'bias,state,mask,dropout',
      ]),
    );
  }
});

test('without the cell state an lstm ends with h', () => {
  const one: LayerCase = { ...LAYER, cell: 'lstm', steps: 2, mask: false, dropout: false, state: false };
  const built = buildCase(layerCase(one));
  const [x, kernel, recurrentKernel, bias] = built.inputs as [Value, Value, Value, Value];
  const lean = lstm(x, kernel, recurrentKernel, bias, { bidirectional: true, cellState: false });
  const whole = buildLayer(one, built.inputs);
  expect([lean.length, whole.length]).toEqual([2, 3]);
  const results = evaluateValues([...lean, ...whole.slice(0, 2)], built.feeds);
  expect(results.slice(0, 2)).toEqual(results.slice(2));
});

test.each([false, true])('unroll steps through a sequence, backwards %s', (goBackwards) => {
  const x = constant(Float32Array.of(1, 2, 3, 10, 20, 30), [2, 3, 1], 'float32');
  const start = constant(Float32Array.of(100, 200), [2, 1], 'float32');
  const { sequences, states } = unroll(
    [x],
    [start],
    ([now], [before]) => {
      const total = add(before as Value, now as Value);
      return { outputs: [total, mul(now as Value, 2)], states: [total] };
    },
    { goBackwards },
  );
  const [totals, doubles, last] = evaluateValues([...sequences, ...states]);
  expect(totals?.shape).toEqual([2, 3, 1]);
  expect(Array.from(totals?.data ?? [])).toEqual(
    goBackwards ? [106, 105, 103, 260, 250, 230] : [101, 103, 106, 210, 230, 260],
  );
  expect(Array.from(doubles?.data ?? [])).toEqual([2, 4, 6, 20, 40, 60]);
  expect(Array.from(last?.data ?? [])).toEqual([106, 260]);
});
