/** States of recurrent layers: out of one and into another, kept from batch to batch, and set to zero again. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, type NDArray, ops, tensor } from '../../src/engine/index.js';
import type { AnyLayer, CommonLayerOptions } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import type { SequenceOptions } from '../../src/nn/layers/recurrent/options.js';
import { type Model, model, sequential } from '../../src/nn/model.js';
import { Network } from '../../src/nn/network.js';
import { failure } from '../kit/failure.js';
import { distance, numbers, outputsOf, sequenceNet } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const [BATCH, STEPS, FEATURES, UNITS] = [2, 6, 3, 4];
const HALF = STEPS / 2;

/** States are rounded where a sequence is cut. */
const TOLERANCE = 1e-6;

type Options = CommonLayerOptions & SequenceOptions;

interface Kind {
  make(options: Options): AnyLayer;
  readonly states: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  simpleRNN: { make: (options) => layers.simpleRNN({ units: UNITS, ...options }), states: 1 },
  gru: { make: (options) => layers.gru({ units: UNITS, ...options }), states: 1 },
  lstm: { make: (options) => layers.lstm({ units: UNITS, ...options }), states: 2 },
  'lstm, step by step': {
    make: (options) => layers.lstm({ units: UNITS, activation: 'gelu', ...options }),
    states: 2,
  },
};

const whole = numbers([BATCH, STEPS, FEATURES]);
const x = { data: whole, shape: [BATCH, STEPS, FEATURES] };
/** Steps 0 to 2, or 3 to 5. */
function half(index: number): { data: Float32Array<ArrayBuffer>; shape: number[] } {
  const row = STEPS * FEATURES;
  const begin = (index * row) / 2;
  const data = Float32Array.from([
    ...whole.subarray(begin, begin + row / 2),
    ...whole.subarray(row + begin, row + begin + row / 2),
  ]);
  return { data, shape: [BATCH, HALF, FEATURES] };
}

/** What a first layer of `steps` steps is told. */
const batchOf = (steps: number) => ({ batchInputShape: [BATCH, steps, FEATURES] });

const predicted = async (net: Model<NDArray>, values: typeof x): Promise<NDArray['data']> =>
  (await net.predict(values)).data;

describe.each(Object.entries(KINDS))('%s', (_, { make, states }) => {
  it('two halves with the states handed on are the whole', async () => {
    const options = { returnSequences: true, returnState: true };
    const first = layers.input({ shape: [HALF, FEATURES] });
    const second = layers.input({ shape: [HALF, FEATURES] });
    const layer = make(options);
    const [y1, ...between] = outputsOf(layer, first);
    const ends = outputsOf(layer, [second, ...between]);
    expect(between).toHaveLength(states);
    const net = new Network({ inputs: [first, second], outputs: [y1 as typeof first, ...ends], seed: 5 });
    const given = [half(0), half(1)].map(({ data, shape }) => tensor(data, { shape }));
    const [a, b, ...last] = net.apply(given);
    const long = sequenceNet(make(options), { shape: [STEPS, FEATURES] });
    const [y, ...expected] = long.apply([tensor(x.data, { shape: x.shape })]);
    const joined = ops.concat([a, b] as never, { axis: 1 });
    expect(distance(await joined.data(), await y?.data())).toBeLessThan(TOLERANCE);
    for (const [index, state] of last.entries()) {
      expect(distance(await state.data(), await expected[index]?.data())).toBeLessThan(TOLERANCE);
    }
  });

  it('kept states make two batches one long one, until they are reset', async () => {
    const kept = sequential([make({ stateful: true, ...batchOf(HALF) })], { seed: 5 });
    const long = sequential([make(batchOf(STEPS))], { seed: 5 });
    const y = await predicted(long, x);
    const first = await predicted(kept, half(0));
    expect(distance(await predicted(kept, half(1)), y)).toBeLessThan(TOLERANCE);
    expect(await predicted(kept, half(0))).not.toEqual(first);
    kept.resetStates();
    expect(await predicted(kept, half(0))).toEqual(first);
    expect(kept.states.map(({ shape }) => shape)).toEqual(
      Array.from({ length: states }, () => [BATCH, UNITS]),
    );
    expect(kept.weights).toHaveLength(long.weights.length);
    kept.dispose();
    long.dispose();
  });

  it('kept states of both directions', async () => {
    const net = sequential([layers.bidirectional({ layer: make({ stateful: true }), ...batchOf(HALF) })], {
      seed: 5,
    });
    const first = await predicted(net, half(0));
    const second = await predicted(net, half(0));
    expect(second).not.toEqual(first);
    expect(net.states.map(({ shape }) => shape)).toEqual(
      Array.from({ length: states }, () => [BATCH, 2 * UNITS]),
    );
    net.resetStates();
    expect(await predicted(net, half(0))).toEqual(first);
    net.dispose();
  });
});

describe('kept states', () => {
  const stateful = (): Model<NDArray> => {
    const net = sequential(
      [layers.gru({ units: UNITS, stateful: true, ...batchOf(HALF) }), layers.dense({ units: 1 })],
      { seed: 3 },
    );
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    return net;
  };
  const y = { data: Float32Array.of(0.5, -0.5), shape: [BATCH, 1] };
  const statesOf = async (net: Model<NDArray>): Promise<number[]> => [
    ...((await net.states[0]?.read())?.data ?? []),
  ];

  it('change in fit, evaluate and predict, and in each as they would in one long sequence', async () => {
    const net = stateful();
    expect(new Set(await statesOf(net))).toEqual(new Set([0]));
    const { loss } = await net.evaluate(half(0), y, { batchSize: BATCH });
    const evaluated = await statesOf(net);
    expect(evaluated.some((value) => value !== 0)).toBe(true);
    net.resetStates();
    await net.predict(half(0));
    expect(await statesOf(net)).toEqual(evaluated);
    net.resetStates();
    const { history } = await net.fit(half(0), y, { batchSize: BATCH, epochs: 1, shuffle: false });
    expect(history.loss?.[0]).toBeCloseTo(loss ?? Number.NaN, 5);
    expect(await statesOf(net)).toEqual(evaluated);
    const carried = await net.fit(half(0), y, { batchSize: BATCH, epochs: 1, shuffle: false });
    expect(await statesOf(net)).not.toEqual(evaluated);
    expect(carried.history.loss?.[0]).not.toBe(loss);
    net.dispose();
  });

  it('of a layer that is used twice go on from its first use', async () => {
    const layer = layers.lstm({ units: UNITS, stateful: true });
    const input = () => layers.input({ shape: [HALF, FEATURES], batchSize: BATCH });
    const [a, b] = [input(), input()];
    const net = model({ inputs: [a, b], outputs: [layer.apply(a), layer.apply(b)], seed: 5 });
    const long = sequential([layers.lstm({ units: UNITS, ...batchOf(STEPS) })], { seed: 5 });
    const [, last] = Object.values(await net.predict({ input_1: half(0), input_2: half(1) }));
    expect(distance(last?.data, await predicted(long, x))).toBeLessThan(TOLERANCE);
    net.dispose();
    long.dispose();
  });

  it('refuse a batch of another size; none at all leaves them as they are', async () => {
    const net = stateful();
    await net.predict(half(0));
    const states = await statesOf(net);
    expect((await net.predict([])).shape).toEqual([0, 1]);
    expect(await statesOf(net)).toEqual(states);
    const error = failure(() =>
      net.apply(tensor(numbers([3, HALF, FEATURES]), { shape: [3, HALF, FEATURES] })),
    );
    expect(error.op).toBe("gru 'gru_1'");
    expect(error.message).toContain('it keeps the states of 2 rows, input [3,3,3] has 3');
    net.dispose();
  });

  it('of a model within another go on too, where both have the same batch', async () => {
    const inside = layers.input({ shape: [HALF, FEATURES], batchSize: BATCH });
    const inner = model({
      inputs: inside,
      outputs: layers.gru({ units: UNITS, stateful: true }).apply(inside),
      name: 'inner',
    });
    const outside = layers.input({ shape: [HALF, FEATURES], batchSize: BATCH });
    const net = model({ inputs: outside, outputs: inner.apply(outside) });
    const first = await predicted(net, half(0));
    expect(await predicted(net, half(0))).not.toEqual(first);
    net.resetStates();
    expect(await predicted(inner, half(0))).toEqual(first);
    const error = failure(() => inner.apply(layers.input({ shape: [HALF, FEATURES] })));
    expect([error.op, error.message]).toEqual([
      "model 'inner'",
      expect.stringContaining(`it takes float32 [${BATCH},3,3], got float32 [any,3,3]`),
    ]);
    for (const one of [net, inner]) one.dispose();
  });

  it('give way to initial states that are given', async () => {
    const layer = layers.simpleRNN({ units: UNITS, stateful: true });
    const input = layers.input({ shape: [HALF, FEATURES], batchSize: BATCH });
    const start = layers.input({ shape: [UNITS], batchSize: BATCH });
    const net = model({ inputs: [input, start], outputs: layer.apply([input, start]), seed: 5 });
    const given = { data: numbers([BATCH, UNITS], 2), shape: [BATCH, UNITS] };
    const first = await net.predict({ input_1: half(0), input_2: given });
    expect(await net.predict({ input_1: half(0), input_2: given })).toEqual(first);
    expect([...((await net.states[0]?.read())?.data ?? [])]).toEqual([...first.data]);
    net.dispose();
  });
});
