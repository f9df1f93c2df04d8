/** Data that no model can train on: each fault is told by its fields, and the model trains on afterwards. */

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ColumnData } from '../../src/data/columns.js';
import { init, type NDArray, tensor } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { type Model, sequential } from '../../src/nn/model.js';
import { rejection } from '../kit/rejection.js';
import { compiled, examples, FEATURES, weightsOf } from '../kit/small-model.js';

const ROWS = 12;
const { x, y } = examples(ROWS);

let net: Model<NDArray>;

beforeAll(() => init({ device: 'cpu' }));
beforeEach(() => {
  net = compiled();
});

interface Row {
  readonly x?: ColumnData;
  readonly y?: ColumnData;
  readonly sampleWeight?: Float32Array;
  readonly roles: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly fix: RegExp;
}

/** A copy with `value` at `index`. */
const spoilt = <T extends Float32Array | Int32Array>(data: T, index: number, value: number): T => {
  const copy = data.slice() as T;
  copy[index] = value;
  return copy;
};
const rows = (width: number): number[][] =>
  Array.from({ length: ROWS }, () => new Array<number>(width).fill(0.5));

const FAULTS: Readonly<Record<string, Row>> = {
  'another number of features': {
    x: rows(5),
    roles: ['x'],
    values: { actual: [ROWS, 5], expected: [null, FEATURES] },
    fix: /inputShape/,
  },
  'another rank': {
    x: { data: x, shape: [ROWS, 2, 2] },
    roles: ['x'],
    values: { actual: [ROWS, 2, 2], expected: [null, FEATURES] },
    fix: /reshape/,
  },
  'a scalar': { x: 3, roles: ['x'], values: { actual: [] }, fix: /reshape/ },
  'no whole number of rows': {
    x: x.subarray(1),
    roles: ['x'],
    values: { length: ROWS * FEATURES - 1 },
    fix: /complete rows/,
  },
  'a shape that does not hold the data': {
    x: { data: x, shape: [ROWS + 1, FEATURES] },
    roles: ['x', 'shape'],
    values: { length: ROWS * FEATURES, shape: [ROWS + 1, FEATURES] },
    fix: /product/,
  },
  'labels of another shape': {
    y: { data: new Int32Array(ROWS * 2), shape: [ROWS, 2] },
    roles: ['y'],
    values: { actual: [ROWS, 2], expected: [null] },
    fix: /reshape/,
  },
  'fewer labels than rows': {
    y: y.subarray(1),
    roles: ['x', 'y'],
    values: { rows: [ROWS, ROWS - 1] },
    fix: /same number/,
  },
  'fewer weights than rows': {
    sampleWeight: new Float32Array(ROWS - 1),
    roles: ['x', 'sampleWeight'],
    values: { rows: [ROWS, ROWS, ROWS - 1] },
    fix: /same number/,
  },
  'a weight that is no number': {
    sampleWeight: spoilt(new Float32Array(ROWS), 3, Number.NaN),
    roles: ['sampleWeight'],
    values: { row: 3, value: Number.NaN },
    fix: /clean/,
  },
  'ragged rows': {
    x: [
      [1, 2, 3, 4],
      [1, 2, 3],
    ],
    roles: ['x'],
    values: { index: [1], expected: 4, actual: 3 },
    fix: /same length/,
  },
  'text among the numbers': {
    x: [[1, 2, 3, '4' as unknown as number]],
    roles: ['x'],
    values: { index: [0, 3], value: '4' },
    fix: /numbers/,
  },
  'null among the numbers': {
    x: [[1, 2, 3, null as unknown as number]],
    roles: ['x'],
    values: { index: [0, 3], value: null },
    fix: /numbers/,
  },
  'an array type that it does not know': {
    x: new BigInt64Array(FEATURES) as unknown as Float32Array,
    roles: ['x'],
    values: { type: 'BigInt64Array' },
    fix: /Float32Array/,
  },
  'no rows': { x: [], y: [], roles: ['x'], values: { rows: 0 }, fix: /at least one/ },
  'no bytes': {
    x: new Float32Array(0),
    y: new Int32Array(0),
    roles: ['x'],
    values: { rows: 0 },
    fix: /at least one/,
  },
  'no targets': {
    y: undefined as unknown as ColumnData,
    roles: ['y'],
    values: { targets: 0 },
    fix: /pass y/,
  },
  'null for data': { x: null as unknown as ColumnData, roles: ['x'], values: { x: null }, fix: /array/ },
  'null for targets': { y: null as unknown as ColumnData, roles: ['y'], values: { y: null }, fix: /array/ },
  NaN: {
    x: spoilt(x, 2 * FEATURES + 1, Number.NaN),
    roles: ['x'],
    values: { row: 2, column: 1, value: Number.NaN },
    fix: /clean/,
  },
  infinity: {
    x: spoilt(x, 11 * FEATURES + 3, Number.NEGATIVE_INFINITY),
    roles: ['x'],
    values: { row: 11, column: 3, value: Number.NEGATIVE_INFINITY },
    fix: /clean/,
  },
  'NaN in nested arrays': {
    x: [[0, 0, 0, Number.NaN]],
    roles: ['x'],
    values: { row: 0, column: 3, value: Number.NaN },
    fix: /clean/,
  },
  'a double that no float32 can hold': {
    x: Float64Array.of(1, 2, 3e39, 4),
    roles: ['x'],
    values: { row: 0, column: 2, value: Number.POSITIVE_INFINITY },
    fix: /clean/,
  },
  'NaN in a tensor': {
    x: tensor(spoilt(x, 5 * FEATURES, Number.NaN), { shape: [ROWS, FEATURES] }),
    roles: ['x'],
    values: { row: 5, column: 0 },
    fix: /clean/,
  },
  'a label above the classes': {
    y: spoilt(y, 7, 3),
    roles: ['y'],
    values: { row: 7, label: 3, classes: 3 },
    fix: /0 to 2/,
  },
  'a negative label': { y: spoilt(y, 4, -1), roles: ['y'], values: { row: 4, label: -1 }, fix: /0 to 2/ },
  'a label in bytes above the classes': {
    y: Uint8Array.from(y, (label, row) => (row === 9 ? 200 : label)),
    roles: ['y'],
    values: { row: 9, label: 200 },
    fix: /0 to 2/,
  },
  'a label between two classes': {
    y: Float32Array.from(y, (label, row) => (row === 6 ? 1.5 : label)),
    roles: ['y'],
    values: { row: 6, label: 1.5 },
    fix: /whole numbers/,
  },
  'a label that is NaN': {
    y: Float64Array.from(y, (label, row) => (row === 6 ? Number.NaN : label)),
    roles: ['y'],
    values: { row: 6, label: Number.NaN },
    fix: /whole numbers/,
  },
  'an input by a name that the model does not have': {
    x: { pixels: x },
    roles: ['x'],
    values: { x: 'pixels', valid: ['input_1'] },
    fix: /input_1/,
  },
  'a target by a name that the model does not have': {
    y: { logit: y },
    roles: ['y'],
    values: { y: 'logit', valid: ['logits'] },
    fix: /logits/,
  },
};

/** One more epoch: its loss is a number, and the weights move. */
async function expectTrains(): Promise<void> {
  const before = await weightsOf(net);
  const { history } = await net.fit(x, y, { batchSize: 5 });
  expect(history.loss?.every(Number.isFinite)).toBe(true);
  expect(await weightsOf(net)).not.toEqual(before);
}

describe('fit refuses', () => {
  it.each(Object.entries(FAULTS))('%s', async (_, fault) => {
    const before = await weightsOf(net);
    const { sampleWeight } = fault;
    const options = sampleWeight ? { sampleWeight } : {};
    const error = await rejection(() =>
      net.fit(
        'x' in fault ? (fault.x as ColumnData) : x,
        'y' in fault ? (fault.y as ColumnData) : y,
        options,
      ),
    );
    expect(error).toMatchObject({ op: 'fit', roles: fault.roles, values: fault.values });
    expect(error.fix).toMatch(fault.fix);
    expect(error.message).toContain(error.fix);
    expect(await weightsOf(net)).toEqual(before);
    await expectTrains();
  });
});

describe('evaluate, predict and trainOnBatch refuse the same', () => {
  it('and say who asks', async () => {
    const bad = spoilt(x, 9, Number.NaN);
    const where = { roles: ['x'], values: { row: 2, column: 1 } };
    expect(await rejection(() => net.evaluate(bad, y))).toMatchObject({ op: 'evaluate', ...where });
    expect(await rejection(() => net.predict(bad))).toMatchObject({ op: 'predict', ...where });
    expect(await rejection(() => net.predictOnGpu(bad))).toMatchObject({ op: 'predictOnGpu', ...where });
    expect(await rejection(() => net.trainOnBatch(bad, y))).toMatchObject({ op: 'trainOnBatch', ...where });
    const none = undefined as unknown as ColumnData;
    expect(await rejection(() => net.evaluate(x, none))).toMatchObject({ op: 'evaluate', roles: ['y'] });
    expect(await rejection(() => net.trainOnBatch(x, none))).toMatchObject({
      op: 'trainOnBatch',
      roles: ['y'],
    });
    expect(await rejection(() => net.evaluate([], []))).toMatchObject({
      op: 'evaluate',
      values: { rows: 0 },
    });
    await expectTrains();
  });

  it('in validation data', async () => {
    const error = await rejection(() => net.fit(x, y, { validationData: { x, y: spoilt(y, 1, 5) } }));
    expect(error).toMatchObject({ op: 'fit', roles: ['y'], values: { row: 1, label: 5 } });
    const untargeted = await rejection(() => net.fit(x, y, { validationData: { x } }));
    expect(untargeted).toMatchObject({ op: 'fit', roles: ['y'] });
    const pair = [x, y] as unknown as { x: Float32Array };
    const listed = await rejection(() => net.fit(x, y, { validationData: pair }));
    expect(listed).toMatchObject({ op: 'fit', roles: ['validationData'] });
    expect(listed.fix).toContain('{ x, y }');
    await expectTrains();
  });
});

describe('targets by value', () => {
  it('are refused in another shape, or with NaN in them', async () => {
    const line = sequential([layers.dense({ units: 2, inputShape: [1] })]);
    line.compile({ optimizer: 'sgd', loss: losses.meanSquaredError() });
    const wide = await rejection(() =>
      line.fit(
        [[1], [2]],
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ),
    );
    expect(wide).toMatchObject({ op: 'fit', roles: ['y'], values: { actual: [2, 3], expected: [null, 2] } });
    const spoiled = await rejection(() =>
      line.fit(
        [[1], [2]],
        [
          [1, 2],
          [4, Number.NaN],
        ],
      ),
    );
    expect(spoiled).toMatchObject({ op: 'fit', roles: ['y'], values: { row: 1, column: 1 } });
    const { history } = await line.fit(
      [[1], [2]],
      [
        [1, 2],
        [4, 5],
      ],
    );
    expect(history.loss?.[0]).toBeGreaterThan(0);
  });
});
