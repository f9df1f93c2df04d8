/** Losses and metrics of sequences, with and without masks: padded steps count nothing, and means are over the steps that count. */

import { beforeAll, describe, expect, it } from 'vitest';
import { grad, init, type Nested, ops, type Tensor, tensor } from '../../src/engine/index.js';
import { defineLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import type { LossFunction } from '../../src/nn/losses.js';
import * as losses from '../../src/nn/losses.js';
import { type Model, model, sequential } from '../../src/nn/model.js';
import { failure, rejection } from '../kit/failure.js';
import { masked as under } from '../kit/sequences.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

type None = Readonly<Record<never, never>>;

/** Step t of row b counts where t < 1 + b mod 3; row 5 has none. */
const LENGTHS = [1, 2, 3, 1, 2, 0];

const keeping = defineLayer<None>({
  type: 'keeping',
  options: [],
  create: () => ({ outputShape: ([shape = []]) => shape, call: ([x]) => x as Tensor, keepsMask: true }),
});

const ROWS = LENGTHS.length;
const STEPS = 3;
const COUNTS = LENGTHS.map((length) => Array.from({ length: STEPS }, (_, step) => (step < length ? 1 : 0)));
const numbers = (width: number, offset: number): number[][][] =>
  LENGTHS.map((_, b) =>
    Array.from({ length: STEPS }, (_, t) =>
      Array.from(
        { length: width },
        (_, c) => (((b * 7 + t * 3 + c) * 0.6180339887 + offset) % 1) * 0.8 + 0.1,
      ),
    ),
  );
const X = numbers(4, 0.3);
const LABELS = LENGTHS.map((_, b) => Array.from({ length: STEPS }, (_, t) => (b + 2 * t) % 4));
const VALUES = numbers(4, 0.7);
const ONE_HOT = LABELS.map((row) => row.map((label) => [0, 1, 2, 3].map((c) => (c === label ? 1 : 0))));

interface Options {
  readonly loss: string | LossFunction;
  readonly metrics?: readonly string[];
  readonly masked?: boolean;
}

/** y = x · w, w [4] of ones: one weight that the tests can follow. */
const scale = defineLayer<None, Tensor>({
  type: 'scale',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    build: (weights) => weights.add('w', [4], 'ones'),
    call: ([x], w) => ops.mul(x as Tensor, w),
    keepsMask: true,
  }),
});

function build({ loss, metrics = [], masked = true }: Options): Model {
  const x = layers.input({ shape: [STEPS, 4], name: 'x' });
  const counts = layers.input({ shape: [STEPS], name: 'counts' });
  const flow = masked ? under().apply([x, counts]) : x;
  const y = keeping().apply(scale().apply(flow));
  const net = model({ inputs: masked ? [x, counts] : [x], outputs: y, seed: 3 });
  net.compile({ optimizer: 'sgd', loss, metrics });
  return net;
}

const data = (masked: boolean, from = 0, to = ROWS) => ({
  x: X.slice(from, to),
  ...(masked ? { counts: COUNTS.slice(from, to) } : {}),
});

/** The mean of `values` [rows, steps] over the steps that count. */
function mean(values: readonly (readonly number[])[], masked: boolean, from = 0, to = ROWS): number {
  let [sum, count] = [0, 0];
  for (let b = from; b < to; b++) {
    for (let t = 0; t < STEPS; t++) {
      if (masked && t >= (LENGTHS[b] ?? 0)) continue;
      sum += values[b]?.[t] ?? 0;
      count++;
    }
  }
  return count > 0 ? sum / count : 0;
}

const perStep = (of: (x: number[], b: number, t: number) => number): number[][] =>
  X.map((row, b) => row.map((x, t) => of(x, b, t)));
const argMax = (row: readonly number[]): number => row.indexOf(Math.max(...row));
const total = (row: readonly number[]): number => row.reduce((sum, value) => sum + value, 0);
const softmax = (row: readonly number[]): number[] => {
  const powers = row.map(Math.exp);
  return powers.map((power) => power / total(powers));
};
const target = (b: number, t: number): number[] => VALUES[b]?.[t] ?? [];
const label = (b: number, t: number): number => LABELS[b]?.[t] ?? 0;

/** By name: the loss, its targets, and the value of each step. */
const CASES: Record<string, readonly [LossFunction, Nested, number[][]]> = {
  meanSquaredError: [
    losses.meanSquaredError(),
    VALUES,
    perStep((x, b, t) => total(x.map((v, c) => (v - (target(b, t)[c] ?? 0)) ** 2)) / 4),
  ],
  meanAbsoluteError: [
    losses.meanAbsoluteError(),
    VALUES,
    perStep((x, b, t) => total(x.map((v, c) => Math.abs(v - (target(b, t)[c] ?? 0)))) / 4),
  ],
  binaryCrossentropy: [
    losses.binaryCrossentropy(),
    ONE_HOT,
    perStep((x, b, t) => total(x.map((p, c) => -Math.log(c === label(b, t) ? p : 1 - p))) / 4),
  ],
  'binaryCrossentropy on logits': [
    losses.binaryCrossentropy({ fromLogits: true }),
    ONE_HOT,
    perStep((x, b, t) => total(x.map((z, c) => Math.log1p(Math.exp(z)) - (c === label(b, t) ? z : 0))) / 4),
  ],
  categoricalCrossentropy: [
    losses.categoricalCrossentropy(),
    ONE_HOT,
    perStep((x, b, t) => -Math.log((x[label(b, t)] ?? 0) / total(x))),
  ],
  'categoricalCrossentropy on logits': [
    losses.categoricalCrossentropy({ fromLogits: true }),
    ONE_HOT,
    perStep((x, b, t) => -Math.log(softmax(x)[label(b, t)] ?? 0)),
  ],
  sparseCategoricalCrossentropy: [
    losses.sparseCategoricalCrossentropy(),
    LABELS,
    perStep((x, b, t) => -Math.log((x[label(b, t)] ?? 0) / total(x))),
  ],
  'sparseCategoricalCrossentropy on logits': [
    losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    LABELS,
    perStep((x, b, t) => -Math.log(softmax(x)[label(b, t)] ?? 0)),
  ],
};

const ACCURACY: Record<'binary' | 'classes' | 'values', number[][]> = {
  binary: perStep((x, b, t) => total(x.map((p, c) => (p > 0.5 === (c === label(b, t)) ? 1 : 0))) / 4),
  classes: perStep((x, b, t) => (argMax(x) === label(b, t) ? 1 : 0)),
  values: perStep((x, b, t) => (argMax(x) === argMax(target(b, t)) ? 1 : 0)),
};

describe.each([true, false])('masked: %s', (masked) => {
  it.each(Object.entries(CASES))('%s, in evaluate and in every step', async (_, [loss, y, values]) => {
    const net = build({ loss, metrics: ['accuracy'], masked });
    const kind = loss.lossName?.startsWith('mean')
      ? 'values'
      : loss.lossName === 'binaryCrossentropy'
        ? 'binary'
        : 'classes';
    const threshold = loss.config?.fromLogits && kind === 'binary';
    const agrees = threshold
      ? perStep((x, b, t) => total(x.map((z, c) => (z > 0 === (c === label(b, t)) ? 1 : 0))) / 4)
      : ACCURACY[kind];
    const whole = await net.evaluate(data(masked), y, { batchSize: ROWS });
    expect(whole.loss).toBeCloseTo(mean(values, masked), 5);
    expect(whole.accuracy).toBeCloseTo(mean(agrees, masked), 6);
    // The loss is a mean over examples of the means of batches; metrics are means over all steps, as in Keras.
    const parts = await net.evaluate(data(masked), y, { batchSize: 4 });
    const [first, last] = [mean(values, masked, 0, 4), mean(values, masked, 4, 6)];
    expect(parts.loss).toBeCloseTo((4 * first + 2 * last) / 6, 5);
    expect(parts.accuracy).toBeCloseTo(mean(agrees, masked), 6);
    const { history } = await net.fit(data(masked), y, { batchSize: 4, shuffle: false });
    expect(history.loss?.[0]).toBeGreaterThan(0);
    const [rows, targets] = [data(masked, 4, 6), (y as Nested[]).slice(4, 6)];
    const step = await net.trainOnBatch(rows, targets as Nested);
    expect(Object.keys(step)).toEqual(['loss', 'accuracy']);
    expect((await net.predict(data(masked))).shape).toEqual([ROWS, STEPS, 4]);
    net.dispose();
  });
});

describe('under a mask', () => {
  it('padded steps have no gradient, and the mean is over the others', async () => {
    const net = build({ loss: 'meanSquaredError' });
    const before = tensor(Float32Array.of(1, 1, 1, 1));
    const error = ops.square(ops.sub(ops.mul(tensor(X), before), tensor(VALUES)));
    const counted = ops.mul(ops.mean(error, { axis: 2 }), tensor(COUNTS));
    const gradient = await grad(ops.div(ops.sum(counted), total(LENGTHS)), before).data();
    await net.trainOnBatch(data(true), VALUES);
    const [w] = await net.getWeights();
    for (const [index, value] of [...(w?.data ?? [])].entries()) {
      expect(value).toBeCloseTo(1 - 0.01 * (gradient[index] ?? 0), 6);
    }
    net.dispose();
  });

  it('a batch without any steps has the loss 0 and changes nothing', async () => {
    const net = build({ loss: 'meanSquaredError', metrics: ['mae'] });
    const before = await net.getWeights();
    expect(await net.trainOnBatch(data(true, 5, 6), VALUES.slice(5))).toEqual({ loss: 0, mae: 0 });
    expect(await net.getWeights()).toEqual(before);
    net.dispose();
  });

  it('example weights multiply the losses of all their steps', async () => {
    const net = build({ loss: 'meanSquaredError' });
    const weights = [1, 0, 2, 1, 0.5, 3];
    const values = CASES.meanSquaredError?.[2] ?? [];
    const weighted = values.map((row, b) => row.map((value) => value * (weights[b] ?? 0)));
    const { loss } = await net.evaluate(data(true), VALUES, { sampleWeight: weights });
    expect(loss).toBeCloseTo(mean(weighted, true), 5);
    net.dispose();
  });

  it('events, histories and validation agree, over batches with different numbers of steps', async () => {
    const net = build({ loss: 'meanSquaredError', metrics: ['mae'] });
    net.trainable = false;
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: ['mae'] });
    const validationData = { x: data(true), y: VALUES };
    const run = net.fit(data(true), VALUES, { batchSize: 4, shuffle: false, validationData });
    const events: number[] = [];
    for await (const { metrics } of run) events.push(metrics.mae ?? Number.NaN);
    const values = CASES.meanAbsoluteError?.[2] ?? [];
    expect(events[0]).toBeCloseTo(mean(values, true, 0, 4), 6);
    expect(events[1]).toBeCloseTo(mean(values, true, 4, 6), 6);
    const { history } = await run;
    expect(history.mae?.[0]).toBeCloseTo(mean(values, true), 6);
    expect(history.val_mae?.[0]).toBeCloseTo(mean(values, true), 6);
    net.dispose();
  });

  it('outputs have masks of their own', async () => {
    const x = layers.input({ shape: [STEPS, 4], name: 'x' });
    const counts = layers.input({ shape: [STEPS], name: 'counts' });
    const masked = under({ name: 'masked' }).apply([x, counts]);
    const free = keeping({ name: 'free' }).apply(x);
    const net = model({ inputs: [x, counts], outputs: [masked, free], seed: 3 });
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError', metrics: { masked: 'mae', free: 'mae' } });
    const result = await net.evaluate(data(true), { masked: VALUES, free: VALUES }, { batchSize: ROWS });
    const [squares, absolutes] = [CASES.meanSquaredError?.[2] ?? [], CASES.meanAbsoluteError?.[2] ?? []];
    expect(result.masked_loss).toBeCloseTo(mean(squares, true), 5);
    expect(result.free_loss).toBeCloseTo(mean(squares, false), 5);
    expect(result.masked_mae).toBeCloseTo(mean(absolutes, true), 6);
    expect(result.free_mae).toBeCloseTo(mean(absolutes, false), 6);
    net.dispose();
  });

  it('losses that tell nothing of steps are refused', async () => {
    const whole: LossFunction = (yTrue, yPred) =>
      ops.mean(ops.square(ops.sub(yTrue, yPred)), { axis: [1, 2] });
    const net = build({ loss: whole });
    const error = await rejection(net.trainOnBatch(data(true), VALUES));
    expect(error.message).toContain('it gives shape [6] for 6 examples of 3 steps');
    expect(error.fix).toContain('one value per step');
    net.dispose();
  });
});

it('more padding changes nothing, through embedding, recurrent layers and dense', async () => {
  const trained = async (padding: number) => {
    const padded = (row: readonly number[]): number[] => [
      ...row,
      ...Array.from({ length: padding }, () => 0),
    ];
    const ids = LABELS.map((row, b) => padded(row.map((one, t) => (t < (LENGTHS[b] ?? 0) ? one + 1 : 0))));
    const net = sequential(
      [
        layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true, inputShape: [null] }),
        layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }) }),
        layers.lstm({ units: 4, returnSequences: true }),
        layers.dense({ units: 4 }),
      ],
      { seed: 6 },
    );
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    net.compile({ optimizer: 'adam', loss, metrics: ['accuracy'] });
    const { history } = await net.fit(ids, LABELS.map(padded), { epochs: 3, batchSize: 4 });
    const weights = (await net.getWeights()).flatMap(({ data }) => [...data]);
    net.dispose();
    return [...(history.loss ?? []), ...(history.accuracy ?? []), ...weights];
  };
  const [short, long] = [await trained(0), await trained(4)];
  expect(long).toHaveLength(short.length);
  for (const [index, value] of short.entries()) expect(long[index]).toBeCloseTo(value, 5);
});

it('padded steps need labels that are classes, 0 as well as any', async () => {
  const net = sequential(
    [
      layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true, inputShape: [2] }),
      layers.dense({ units: 4 }),
    ],
    { seed: 6 },
  );
  net.compile({ optimizer: 'sgd', loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }) });
  const ids = [[2, 0]];
  expect((await rejection(net.trainOnBatch(ids, [[1, -1]]))).message).toContain('the label -1');
  const { loss } = await net.evaluate(ids, [[1, 0]]);
  expect((await net.evaluate(ids, [[1, 3]])).loss).toBe(loss);
  net.dispose();
});

it('steps without a mask: labels of other shapes and numbers are refused', async () => {
  const net = sequential([layers.dense({ units: 4, inputShape: [STEPS, 4] })]);
  net.compile({ optimizer: 'sgd', loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }) });
  const wrong = LABELS.map((row) => row.map((one) => (one === 3 ? 4 : one)));
  const error = await rejection(net.trainOnBatch(X, wrong));
  expect(error.message).toContain('the label 4');
  expect((await rejection(net.trainOnBatch(X, [0, 1, 2, 3, 0, 1]))).message).toContain('y has shape [6]');
  expect(failure(() => net.apply(tensor([[1, 2]]))).message).toContain('2 features');
  net.dispose();
});
