/** A padded step changes nothing: outputs, states and gradients are those of the shorter sequence. */

import { beforeAll, describe, expect, it } from 'vitest';
import { grad, init, ops, type Tensor, tensor } from '../../src/engine/index.js';
import type { AnyLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import { seen } from '../kit/masks.js';
import { flatOutputs, masked, numbers, sequenceNet } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const [BATCH, STEPS, LENGTH, FEATURES, UNITS] = [2, 5, 3, 3, 4];

type Options = Readonly<Record<string, unknown>>;

const KINDS: Readonly<Record<string, (options: Options) => AnyLayer>> = {
  simpleRNN: (options) => layers.simpleRNN({ units: UNITS, ...options }),
  gru: (options) => layers.gru({ units: UNITS, ...options }),
  'gru, reset before': (options) => layers.gru({ units: UNITS, resetAfter: false, ...options }),
  lstm: (options) => layers.lstm({ units: UNITS, ...options }),
  'lstm, step by step': (options) => layers.lstm({ units: UNITS, activation: 'silu', ...options }),
  'lstm, both directions': (options) =>
    layers.bidirectional({ layer: layers.lstm({ units: UNITS, ...options }) }),
};

const whole = numbers([BATCH, STEPS, FEATURES]);
/** The steps of `whole` from `begin` on. */
const part = (begin: number, count: number): Tensor =>
  ops.slice(tensor(whole, { shape: [BATCH, STEPS, FEATURES] }), {
    begin: [0, begin, 0],
    size: [BATCH, count, FEATURES],
  });
const maskOf = (counts: (step: number) => boolean): Tensor =>
  tensor(
    Float32Array.from({ length: BATCH * STEPS }, (_, index) => Number(counts(index % STEPS))),
    { shape: [BATCH, STEPS] },
  );

/** Outputs, and gradients to the input and all weights. */
async function results(net: Network, x: Tensor, mask: Tensor | null): Promise<number[][]> {
  const y = flatOutputs(net, mask ? [x, mask] : [x]);
  const loss = ops.sum(ops.square(y));
  const slopes = grad(loss, [x, ...net.trainableWeights]);
  return Promise.all([y, ...slopes].map(async (value) => [...(await value.data())]));
}

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  it.each([
    ['at the end', 0],
    ['at the beginning', STEPS - LENGTH],
  ])('padded %s', async (_name, begin) => {
    const long = sequenceNet(make({ returnState: true }), { shape: [STEPS, FEATURES], mask: true });
    const short = sequenceNet(make({ returnState: true }), { shape: [LENGTH, FEATURES] });
    const counts = maskOf((step) => step >= begin && step < begin + LENGTH);
    const [y, dx, ...dw] = await results(long, part(0, STEPS), counts);
    const [shortY, shortDx, ...shortDw] = await results(short, part(begin, LENGTH), null);
    expect(y).toEqual(shortY);
    const row = STEPS * FEATURES;
    const inside = (dx ?? []).filter((_value, index) => {
      const step = Math.floor((index % row) / FEATURES);
      return step >= begin && step < begin + LENGTH;
    });
    expect(inside).toEqual(shortDx);
    expect((dx ?? []).filter((value) => value !== 0)).toHaveLength(BATCH * LENGTH * FEATURES);
    dw.forEach((values, index) => {
      values.forEach((value, at) => {
        expect(value).toBeCloseTo(shortDw[index]?.[at] ?? Number.NaN, 6);
      });
    });
  });

  it('a row without any step keeps the state that it started from', async () => {
    const net = sequenceNet(make({ returnState: true }), { shape: [STEPS, FEATURES], mask: true });
    const outputs = net.apply([part(0, STEPS), maskOf(() => false)]);
    for (const output of outputs) expect(new Set(await output.data())).toEqual(new Set([0]));
  });
});

it('outputs at padded steps are repeated', async () => {
  const inner = layers.lstm({ units: UNITS, returnSequences: true });
  const net = sequenceNet(inner, { shape: [STEPS, FEATURES], mask: true });
  const counts = maskOf((step) => step < LENGTH);
  const y = (await net.apply([part(0, STEPS), counts])[0]?.array()) as number[][][];
  for (const row of y) {
    expect(row[LENGTH]).toEqual(row[LENGTH - 1]);
    expect(row[LENGTH + 1]).toEqual(row[LENGTH - 1]);
    expect(row[LENGTH - 1]).not.toEqual(row[LENGTH - 2]);
  }
});

it.each(['concat', null] as const)(
  'goes on with every sequence of both directions, merged by %s',
  async (mergeMode) => {
    const x = layers.input({ shape: [STEPS, FEATURES] });
    const counts = layers.input({ shape: [STEPS] });
    const layer = layers.gru({ units: UNITS, returnSequences: true, returnState: true });
    const [...outputs] = layers.bidirectional({ layer, mergeMode }).apply([masked().apply([x, counts])]);
    const sequences = outputs.slice(0, mergeMode === null ? 2 : 1);
    const net = new Network({
      inputs: [x, counts],
      outputs: sequences.map((output) => seen().apply(output)),
    });
    const mask = maskOf((step) => step < LENGTH);
    for (const found of net.apply([part(0, STEPS), mask])) {
      expect(await found.array()).toEqual(await mask.array());
    }
  },
);

it.each([false, true])(
  'a stack of layers skips what its first one skips; backwards: %s',
  async (goBackwards) => {
    const net = (steps: number, mask: boolean): Network => {
      const first = layers.gru({ units: UNITS, returnSequences: true, goBackwards });
      const second = layers.lstm({ units: UNITS, returnSequences: true });
      const both = layers.bidirectional({ layer: layers.simpleRNN({ units: UNITS }) });
      const stack = { apply: (x: never) => both.apply(second.apply(first.apply(x))) };
      return sequenceNet(stack as unknown as AnyLayer, { shape: [steps, FEATURES], mask });
    };
    const [long] = await results(
      net(STEPS, true),
      part(0, STEPS),
      maskOf((step) => step < LENGTH),
    );
    const [short] = await results(net(LENGTH, false), part(0, LENGTH), null);
    expect(long).toEqual(short);
  },
);
