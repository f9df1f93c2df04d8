/** What layers of sequences need of every layer: several outputs, masks, states, and batches of one size. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, ops, type Tensor, tensor, type Variable } from '../../src/engine/index.js';
import { load, save } from '../../src/nn/file.js';
import { defineLayer, type Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { model, sequential } from '../../src/nn/model.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import type { SymbolicTensor } from '../../src/nn/symbolic.js';
import { failure, rejection } from '../kit/failure.js';
import { seen } from '../kit/masks.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

type None = Readonly<Record<never, never>>;
type Pair = Layer<[SymbolicTensor, SymbolicTensor], [Tensor, Tensor]>;

/** x [batch, n] → x · kernel [batch, n], and its sum over features [batch]. */
const pair = defineLayer<None, Variable, Pair>({
  type: 'pair',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    outputShapes: ([shape = []]) => [shape, shape.slice(0, 1)],
    build: (weights, [shape = []]) => weights.add('kernel', [shape[1] ?? 0], 'ones'),
    call([x], kernel) {
      const scaled = ops.mul(x as Tensor, kernel);
      return [scaled, ops.sum(scaled, { axis: 1 })];
    },
  }),
});

/** y = x + what the batches before added up to. */
const running = defineLayer<None, Variable>({
  type: 'running',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    build: (weights, [shape = []]) => weights.state('sum', shape as number[]),
    call([x], sum, { update }) {
      const next = ops.add(x as Tensor, sum);
      update(sum, (now) => ops.add(x as Tensor, now));
      return next;
    },
  }),
});

/** Masks steps of [batch, steps, features] whose first feature is 0. */
const masks = defineLayer<None>({
  type: 'masks',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    call: ([x]) => x as Tensor,
    mask(_, [x]) {
      const { shape } = x as Tensor;
      const first = ops.slice(x as Tensor, { begin: [0, 0, 0], size: [shape[0] ?? 0, shape[1] ?? 0, 1] });
      return ops.cast(ops.notEqual(ops.reshape(first, shape.slice(0, 2)), 0), 'float32');
    },
  }),
});

const through = (keepsMask: boolean) =>
  defineLayer<None>({
    type: keepsMask ? 'keeps' : 'drops',
    options: [],
    create: () => ({ outputShape: ([shape = []]) => shape, call: ([x]) => x as Tensor, keepsMask }),
  });
const keeps = through(true);
const drops = through(false);

const OWN = { pair, running, masks, seen, keeps, drops };
const X = [
  [1, 2, 3],
  [4, 5, 6],
];
const SEQUENCE = [
  [
    [1, 1],
    [0, 1],
    [2, 1],
  ],
  [
    [0, 1],
    [0, 1],
    [3, 1],
  ],
];
const MASK = [
  [1, 0, 1],
  [0, 0, 1],
];

describe('several outputs', () => {
  const build = () => {
    const x = layers.input({ shape: [3] });
    const [scaled, sum] = pair().apply(x);
    return model({ inputs: x, outputs: [scaled, sum], seed: 1 });
  };

  it('come as a list, with their shapes', async () => {
    const net = build();
    expect(net.outputs.map(({ shape }) => shape)).toEqual([[null, 3], [null]]);
    expect(net.outputNames).toEqual(['pair_1', 'pair_1_2']);
    const result = (await net.predict(X)) as Record<string, { array(): unknown }>;
    expect(result.pair_1?.array()).toEqual(X);
    expect(result.pair_1_2?.array()).toEqual([6, 15]);
    const layer = net.getLayer<Pair>('pair_1');
    expect(layer.output).toEqual([...net.outputs]);
    const [scaled, sum] = layer.apply(tensor(X));
    expect([await scaled.array(), await sum.array()]).toEqual([X, [6, 15]]);
    net.dispose();
  });

  it('go through configs and files, and stand in summaries', async () => {
    const x = layers.input({ shape: [3] });
    const [scaled, sum] = pair().apply(x);
    const net = model({ inputs: x, outputs: [layers.dense({ units: 2 }).apply(scaled), sum], seed: 1 });
    const again = networkFromConfig(JSON.parse(JSON.stringify(net.config)), { layers: OWN });
    expect(again.config).toEqual(net.config);
    expect(again.outputs[1]?.call?.outputs.indexOf(again.outputs[1])).toBe(1);
    expect(net.summary()).toContain('[any,3], [any]');
    expect(net.summary()).toContain('pair_1[0]');
    const loaded = await load(await save(net), { layers: OWN });
    expect(await loaded.predict(X)).toEqual(await net.predict(X));
    for (const one of [net, again, loaded]) one.dispose();
  });

  it('reach gradients and models within models', async () => {
    const inner = build();
    const x = layers.input({ shape: [3] });
    const [scaled, sum] = inner.asLayer(null).apply(x) as SymbolicTensor[];
    const net = model({ inputs: x, outputs: [scaled as SymbolicTensor, sum as SymbolicTensor] });
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const targets = { model_1: X, model_1_2: [0, 0] };
    const before = await net.evaluate(X, targets);
    await net.fit(X, targets, { epochs: 3 });
    expect((await net.evaluate(X, targets)).loss).toBeLessThan(before.loss ?? 0);
    inner.dispose();
    net.dispose();
  });

  it('stand in no sequential, and have to be as many as said', () => {
    expect(
      failure(() => sequential([layers.dense({ units: 3, inputShape: [3] }), pair() as never])).message,
    ).toContain("pair 'pair_1' has 2 outputs, and the next layer takes one");
    const wrong = defineLayer<None>({
      type: 'wrong',
      options: [],
      create: () => ({
        outputShape: ([shape = []]) => shape,
        outputShapes: ([shape = []]) => [shape, shape],
        call: ([x]) => x as Tensor,
      }),
    });
    const x = layers.input({ shape: [3] });
    const net = model({ inputs: x, outputs: wrong().apply(x) as unknown as SymbolicTensor[] });
    expect(failure(() => net.apply([tensor(X)])).message).toContain(
      'call() gives 1 outputs, outputShapes() says 2',
    );
    net.dispose();
  });
});

describe('masks', () => {
  const maskAfter = async (...between: Layer[]) => {
    const net = sequential([masks({ inputShape: [3, 2] }), ...between, seen()]);
    const result = (await net.predict(SEQUENCE)).array();
    net.dispose();
    return result;
  };

  it('pass layers that keep them, and end in others', async () => {
    expect(await maskAfter()).toEqual(MASK);
    expect(await maskAfter(keeps(), keeps())).toEqual(MASK);
    const none = MASK.map((row) => row.map(() => -1));
    expect(await maskAfter(keeps(), drops(), keeps())).toEqual(none);
  });

  it('pass models within models, both ways', async () => {
    const a = layers.input({ shape: [3, 2] });
    const inner = model({ inputs: a, outputs: keeps().apply(masks().apply(a)) });
    const b = layers.input({ shape: [3, 2] });
    const outer = model({ inputs: b, outputs: keeps().apply(b) });
    const x = layers.input({ shape: [3, 2] });
    const net = model({ inputs: x, outputs: seen().apply(outer.apply(inner.apply(x))) });
    expect((await net.predict(SEQUENCE)).array()).toEqual(MASK);
    for (const one of [net, inner, outer]) one.dispose();
  });
});

describe('states', () => {
  const build = () =>
    sequential([running({ batchInputShape: [2, 1] }), layers.dense({ units: 1, kernelInitializer: 'ones' })]);
  const ROWS = [[1], [2], [10], [20]];

  it('go on from batch to batch in predict, until they are reset', async () => {
    const net = build();
    expect((await net.predict(ROWS)).array()).toEqual([[1], [2], [11], [22]]);
    expect((await net.predict(ROWS.slice(0, 2))).array()).toEqual([[12], [24]]);
    net.resetStates();
    expect((await net.predict(ROWS.slice(0, 2))).array()).toEqual([[1], [2]]);
    const kept = await net.predictOnGpu(ROWS.slice(0, 2));
    expect(await kept.array()).toEqual([[2], [4]]);
    kept.dispose();
    net.dispose();
  });

  it('go on in evaluate, fit and trainOnBatch too, and are no weights', async () => {
    const net = build();
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const sum = async (): Promise<unknown> => net.states[0]?.array();
    await net.evaluate(ROWS, ROWS);
    expect(await sum()).toEqual([[11], [22]]);
    net.resetStates();
    await net.fit(ROWS, ROWS, { epochs: 2, shuffle: false });
    expect(await sum()).toEqual([[22], [44]]);
    await net.trainOnBatch(ROWS.slice(2), ROWS.slice(2));
    expect(await sum()).toEqual([[32], [64]]);
    expect(net.weights.map(({ name }) => name)).toEqual(['dense_1/kernel', 'dense_1/bias']);
    expect(net.countParams()).toBe(2);
    const loaded = await load(await save(net), { layers: OWN });
    expect(await loaded.states[0]?.array()).toEqual([[0], [0]]);
    expect(loaded.batchSize).toBe(2);
    net.dispose();
    loaded.dispose();
  });

  it('are handed to graph programs, and stay as they are without', async () => {
    const net = build();
    const x = tensor(ROWS.slice(0, 2));
    const updates: unknown[] = [];
    net.apply(x, { onUpdate: (update) => updates.push(update.variable) });
    expect(updates).toEqual(net.states);
    await net.apply(x).data();
    expect(await net.states[0]?.array()).toEqual([[0], [0]]);
    net.dispose();
  });

  it('leave moving averages alone outside training', async () => {
    const net = sequential([layers.batchNormalization({ batchInputShape: [2, 1] }), running()]);
    const before = (await net.getWeights()).map((one) => one.array());
    await net.predict(ROWS);
    expect((await net.getWeights()).map((one) => one.array())).toEqual(before);
    net.dispose();
  });
});

describe('a fixed batch', () => {
  const build = () => {
    const x = layers.input({ shape: [1], batchSize: 4 });
    const net = model({ inputs: x, outputs: layers.dense({ units: 1 }).apply(x), name: 'fixed' });
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    return net;
  };
  const rows = (count: number): number[][] => Array.from({ length: count }, (_, index) => [index]);

  it('is told to layers, configs and errors', () => {
    const net = build();
    expect([net.batchSize, net.outputs[0]?.shape]).toEqual([4, [4, 1]]);
    const again = networkFromConfig(JSON.parse(JSON.stringify(net.config)));
    expect([again.batchSize, again.inputs[0]?.shape]).toEqual([4, [4, 1]]);
    expect(net.summary()).toContain('[4,1]');
    net.dispose();
    again.dispose();
    expect(failure(() => layers.input({ shape: [1], batchSize: 0 })).message).toContain('batchSize is 0');
    const both = { units: 1, inputShape: [1], batchInputShape: [4, 1] };
    expect(failure(() => layers.dense(both)).message).toContain(
      'both inputShape and batchInputShape are given',
    );
    expect(failure(() => layers.dense({ units: 1, batchInputShape: [] })).message).toContain(
      'batchInputShape is []',
    );
    const late = [
      layers.dense({ units: 1, inputShape: [1] }),
      layers.dense({ units: 1, batchInputShape: [4, 2] }),
    ];
    expect(failure(() => sequential(late)).message).toContain('batchInputShape is [4,2], the input [any,1]');
    const pairOf = [4, 8].map((batchSize) => layers.input({ shape: [1], batchSize }));
    const merged = () =>
      model({ inputs: pairOf, outputs: layers.flatten().apply(pairOf[0] as SymbolicTensor) });
    expect(failure(merged).message).toContain('its inputs have batches of 4 and 8');
    const one = sequential([layers.dense({ units: 1, batchInputShape: [null, 1] })]);
    expect(one.batchSize).toBeNull();
    one.dispose();
  });

  it('takes whole batches in all calls', async () => {
    const net = build();
    const { history } = await net.fit(rows(8), rows(8), { validationSplit: 0.5 });
    expect(history.val_loss).toHaveLength(1);
    expect((await net.predict(rows(8))).shape).toEqual([8, 1]);
    expect((await net.predict([])).shape).toEqual([0, 1]);
    expect(Object.keys(await net.evaluate(rows(8), rows(8)))).toEqual(['loss']);
    await net.trainOnBatch(rows(4), rows(4));
    net.dispose();
  });

  it('refuses others, and nothing is lost', async () => {
    const net = build();
    const before = (await net.getWeights()).map((one) => one.array());
    const told = async (run: Promise<unknown>) => (await rejection(run)).message;
    const odd = "rows, model 'fixed' takes batches of 4";
    expect(await told(net.fit(rows(6), rows(6)))).toContain(`x has 6 ${odd}: the last one is not full`);
    expect((await rejection(net.fit(rows(6), rows(6)))).fix).toContain('pass 4 or 8 rows');
    expect(await told(net.fit(rows(8), rows(8), { validationSplit: 0.25 }))).toContain(
      'validationSplit has 6 rows',
    );
    const validationData = { x: rows(3), y: rows(3) };
    expect(await told(net.fit(rows(4), rows(4), { validationData }))).toContain(
      'the validation data has 3 rows',
    );
    expect(await told(net.fit([{ x: rows(8), y: rows(8) }]))).toContain(`a batch has 8 ${odd}`);
    expect(await told(net.evaluate(rows(2), rows(2)))).toContain(`x has 2 ${odd}`);
    expect(await told(net.predict(rows(5)))).toContain(`x has 5 ${odd}`);
    expect(await told(net.predictOnGpu(rows(8)))).toContain(`x has 8 ${odd}`);
    expect(await told(net.trainOnBatch(rows(8), rows(8)))).toContain(`x has 8 ${odd}`);
    expect(await told(net.predict(rows(8), { batchSize: 8 }))).toContain(
      "batchSize is 8, model 'fixed' takes batches of 4",
    );
    expect(failure(() => net.apply(tensor(rows(3)))).message).toContain(
      'it expects [4,1], the tensor is [3,1]',
    );
    expect((await net.getWeights()).map((one) => one.array())).toEqual(before);
    net.dispose();
  });
});
