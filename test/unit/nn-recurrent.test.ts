/** Recurrent layers: numbers by hand, weights and how they start, dropout, files, and errors that name the layer. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, tensor } from '../../src/engine/index.js';
import { load, save } from '../../src/nn/file.js';
import type { AnyLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { type Model, sequential } from '../../src/nn/model.js';
import { Network } from '../../src/nn/network.js';
import * as regularizers from '../../src/nn/regularizers/index.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import { failure } from '../kit/failure.js';
import { distance, numbers, sequenceNet } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const stack = (...list: AnyLayer[]): Network => new Network({ layers: list, seed: 1 });

/** Each weight by its last name. */
async function weightsOf(
  net: Network,
): Promise<Record<string, { shape: readonly number[]; data: number[] }>> {
  const values = await net.getWeights();
  return Object.fromEntries(
    net.weights.map(({ name }, index) => {
      const { shape = [], data = [] } = values[index] ?? {};
      return [name.split('/')[1] ?? '', { shape, data: Array.from(data) }];
    }),
  );
}

/** Columns [from, to) of a matrix. */
const columns = (
  matrix: { shape: readonly number[]; data: number[] } | undefined,
  from: number,
  to: number,
) => {
  const width = matrix?.shape.at(-1) ?? 0;
  return (matrix?.data ?? []).filter((_, index) => index % width >= from && index % width < to);
};

describe('numbers by hand', () => {
  const byHand = async (
    options: Omit<layers.SimpleRNNOptions, 'units'>,
    values: number[][],
  ): Promise<number[]> => {
    const net = stack(layers.simpleRNN({ units: 1, activation: 'linear', inputShape: [3, 1], ...options }));
    net.setWeights(values.map((value) => Float32Array.from(value)));
    return [...(await net.apply(tensor([[[1], [2], [3]]])).data())];
  };

  it('h = 2x + 3h + 1: 3, 14, 49', async () => {
    expect(await byHand({}, [[2], [3], [1]])).toEqual([49]);
    expect(await byHand({ returnSequences: true }, [[2], [3], [1]])).toEqual([3, 14, 49]);
  });

  it('backwards: 7, 26, 81, in the order in which the steps are taken', async () => {
    expect(await byHand({ goBackwards: true }, [[2], [3], [1]])).toEqual([81]);
    expect(await byHand({ goBackwards: true, returnSequences: true }, [[2], [3], [1]])).toEqual([7, 26, 81]);
  });

  it('without a bias there are two weights', async () => {
    expect(await byHand({ useBias: false, returnSequences: true }, [[2], [3]])).toEqual([2, 10, 36]);
  });
});

describe('weights', () => {
  const [FEATURES, UNITS] = [5, 4];
  const inputShape = [null, FEATURES];

  it.each([
    ['simpleRNN', layers.simpleRNN({ units: UNITS, inputShape }), UNITS, [UNITS]],
    ['gru', layers.gru({ units: UNITS, inputShape }), 3 * UNITS, [2, 3 * UNITS]],
    ['gru', layers.gru({ units: UNITS, resetAfter: false, inputShape }), 3 * UNITS, [3 * UNITS]],
    ['lstm', layers.lstm({ units: UNITS, inputShape }), 4 * UNITS, [4 * UNITS]],
  ] as const)('%s: kernel, recurrentKernel, bias', (type, layer, width, bias) => {
    expect(stack(layer).weights.map(({ name, shape }) => [name, shape])).toEqual([
      [`${type}_1/kernel`, [FEATURES, width]],
      [`${type}_1/recurrentKernel`, [UNITS, width]],
      [`${type}_1/bias`, bias],
    ]);
  });

  it('start as in Keras 3: glorotUniform, orthogonal, zeros, and ones for the forget gate', async () => {
    const { kernel, recurrentKernel, bias } = await weightsOf(
      stack(layers.lstm({ units: UNITS, inputShape })),
    );
    const limit = Math.sqrt(6 / (FEATURES + 4 * UNITS));
    expect(Math.max(...(kernel?.data ?? []))).toBeLessThanOrEqual(limit);
    expect(Math.max(...(kernel?.data ?? []))).toBeGreaterThan(0.8 * limit);
    expect(distance(gram(recurrentKernel), unit(UNITS))).toBeLessThan(1e-6);
    expect(bias?.data).toEqual(Array.from({ length: 16 }, (_, i) => Number(i >= UNITS && i < 2 * UNITS)));
    const without = await weightsOf(stack(layers.lstm({ units: UNITS, unitForgetBias: false, inputShape })));
    expect(new Set(without.bias?.data)).toEqual(new Set([0]));
  });

  it('of both directions start by themselves', async () => {
    const layer = layers.lstm({ units: UNITS, biasInitializer: 'randomNormal' });
    const { kernel, recurrentKernel, bias } = await weightsOf(
      stack(layers.bidirectional({ layer, inputShape })),
    );
    expect(kernel?.shape).toEqual([FEATURES, 8 * UNITS]);
    const width = 4 * UNITS;
    const limit = Math.sqrt(6 / (FEATURES + width));
    for (const direction of [0, 1]) {
      const own = columns(kernel, direction * width, (direction + 1) * width);
      expect(Math.max(...own)).toBeGreaterThan(0.8 * limit);
      expect(Math.max(...own)).toBeLessThanOrEqual(limit);
      const data = columns(recurrentKernel, direction * width, (direction + 1) * width);
      expect(distance(gram({ shape: [UNITS, width], data }), unit(UNITS))).toBeLessThan(1e-6);
      const from = direction * width;
      expect(new Set(columns(bias, from + UNITS, from + 2 * UNITS))).toEqual(new Set([1]));
      expect(columns(bias, from, from + UNITS)).not.toContain(1);
    }
    expect(columns(kernel, 0, width)).not.toEqual(columns(kernel, width, 2 * width));
    expect(columns(recurrentKernel, 0, width)).not.toEqual(columns(recurrentKernel, width, 2 * width));
  });

  it('are penalized and held, each direction by itself', async () => {
    const options = {
      units: 2,
      kernelRegularizer: regularizers.l2({ l2: 0.5 }),
      recurrentConstraint: { name: 'unitNorm', config: { axis: 1 } },
    } as const;
    const net = sequential([layers.bidirectional({ layer: layers.simpleRNN(options), inputShape: [2, 3] })], {
      seed: 2,
    });
    const { kernel } = await weightsOf(net);
    const sum = (kernel?.data ?? []).reduce((total, value) => total + value * value, 0);
    expect((await net.penalty().data())[0]).toBeCloseTo(0.5 * sum, 5);
    net.compile({ optimizer: 'sgd', loss: 'mse' });
    await net.fit({ data: numbers([4, 2, 3]), shape: [4, 2, 3] }, { data: numbers([4, 4]), shape: [4, 4] });
    const { recurrentKernel } = await weightsOf(net);
    const data = recurrentKernel?.data ?? [];
    // Of every row, each direction's half has the norm 1.
    for (let at = 0; at < data.length; at += 2) {
      expect(Math.hypot(data[at] ?? 0, data[at + 1] ?? 0)).toBeCloseTo(1, 5);
    }
    net.dispose();
  });
});

/** M·Mᵀ. */
function gram(matrix: { shape: readonly number[]; data: number[] } | undefined): number[][] {
  const [rows = 0, width = 0] = matrix?.shape ?? [];
  const row = (at: number): number[] => (matrix?.data ?? []).slice(at * width, (at + 1) * width);
  const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  return Array.from({ length: rows }, (_, i) => Array.from({ length: rows }, (_, j) => dot(row(i), row(j))));
}

const unit = (size: number): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => Number(i === j)));

describe('dropout', () => {
  const FEATURES = 8;
  const ones = tensor(new Float32Array(2 * 3 * FEATURES).fill(1), { shape: [2, 3, FEATURES] });
  const make = (options: object): Network =>
    stack(
      layers.simpleRNN({
        units: FEATURES,
        activation: 'linear',
        kernelInitializer: 'identity',
        recurrentInitializer: 'zeros',
        returnSequences: true,
        inputShape: [3, FEATURES],
        ...options,
      }),
    );
  const at = async (net: Network, step: number): Promise<number[][][]> => {
    const counter = tensor(Uint32Array.of(step), { shape: [] });
    return (await net.apply(ones, { training: true, counter }).array()) as number[][][];
  };

  it('drops the same features at all steps, others in each row and at each training step', async () => {
    const net = make({ dropout: 0.5 });
    const rows = await at(net, 1);
    for (const steps of rows) {
      expect(steps[1]).toEqual(steps[0]);
      expect(steps[2]).toEqual(steps[0]);
    }
    expect(new Set(rows.flat(2))).toEqual(new Set([0, 2]));
    expect(rows[1]).not.toEqual(rows[0]);
    expect(await at(net, 2)).not.toEqual(rows);
    expect(await at(make({ dropout: 0.5 }), 1)).toEqual(rows);
    expect(await at(make({ dropout: 0.5, seed: 9 }), 1)).not.toEqual(rows);
    expect(new Set(await net.apply(ones).data())).toEqual(new Set([1]));
  });

  it('of the state: the same units at all steps', async () => {
    const options = { recurrentDropout: 0.5, recurrentInitializer: 'identity' };
    const rows = await at(make(options), 1);
    // h = 1 + m·h with m 0 or 2: 1, 1, 1 or 1, 3, 7.
    const seen = rows.flatMap(
      (steps) => steps[0]?.map((_, unit) => steps.map((step) => step[unit]).join()) ?? [],
    );
    expect(new Set(seen)).toEqual(new Set(['1,1,1', '1,3,7']));
    expect(await at(make(options), 2)).not.toEqual(rows);
    expect(new Set(await make(options).apply(ones).data())).toEqual(new Set([1, 2, 3]));
  });
});

describe('files', () => {
  it('keep layers, options and weights', async () => {
    const net = sequential(
      [
        layers.gru({ units: 3, returnSequences: true, resetAfter: false, inputShape: [4, 2] }),
        layers.bidirectional({
          layer: layers.lstm({
            units: 2,
            recurrentActivation: 'hardSigmoid',
            returnSequences: true,
            kernelRegularizer: regularizers.l2({ l2: 0.1 }),
          }),
          mergeMode: 'mul',
        }),
        layers.bidirectional({ layer: layers.gru({ units: 2, returnSequences: true }), name: 'both' }),
        layers.simpleRNN({ units: 2, goBackwards: true }),
      ],
      { seed: 4 },
    );
    const x = { data: numbers([2, 4, 2]), shape: [2, 4, 2] };
    const copy = (await load(await save(net))) as Model;
    expect(copy.config.layers).toEqual(net.config.layers);
    expect(copy.weights.map(({ name }) => name)).toEqual(net.weights.map(({ name }) => name));
    expect(copy.weights.map(({ name }) => name)).toContain('both/recurrentKernel');
    expect(await copy.predict(x)).toEqual(await net.predict(x));
    for (const one of [net, copy]) one.dispose();
  });

  it('keep no states', async () => {
    const net = sequential([layers.lstm({ units: 2, stateful: true, batchInputShape: [2, 4, 3] })]);
    const x = { data: numbers([2, 4, 3]), shape: [2, 4, 3] };
    const first = await net.predict(x);
    const copy = (await load(await save(net))) as Model;
    expect(await copy.predict(x)).toEqual(first);
    expect(await net.predict(x)).not.toEqual(first);
    for (const one of [net, copy]) one.dispose();
  });

  it('are checked: what stands in a bidirectional layer is recurrent', () => {
    const net = stack(layers.bidirectional({ layer: layers.lstm({ units: 2 }), inputShape: [4, 2] }));
    const config = JSON.parse(JSON.stringify(net.config));
    for (const layer of [
      { name: 'dense', config: { units: 2 } },
      { name: 'lstm' },
      'lstm',
      null,
      undefined,
    ]) {
      config.layers[0].options.layer = layer;
      const error = failure(() => networkFromConfig(config));
      expect(error.op).toBe('bidirectional');
      expect(error.values.valid).toContain('lstm');
      expect(error.values.valid).not.toContain('dense');
    }
  });

  it('refuse activations that are functions', () => {
    const net = stack(layers.lstm({ units: 2, activation: (x) => x, inputShape: [4, 2] }));
    expect(failure(() => net.config).message).toContain('activation');
  });
});

describe('refused, by name', () => {
  const inputShape = [4, 3];
  /** What a user without types may pass. */
  const wild = (options: object): never => options as never;

  it.each([
    ['units', { units: 0 }, 'units'],
    ['units', { units: 1.5 }, 'units'],
    ['units', {}, 'units'],
    ['an option', { units: 2, unit: 3 }, 'option'],
    ['an activation', { units: 2, activation: 'tan' }, 'activation'],
    ['a recurrentActivation', { units: 2, recurrentActivation: 'sigmoit' }, 'activation'],
    ['dropout', { units: 2, dropout: 1 }, 'dropout'],
    ['recurrentDropout', { units: 2, recurrentDropout: -0.1 }, 'recurrentDropout'],
    ['useBias', { units: 2, useBias: 1 }, 'useBias'],
    ['returnSequences', { units: 2, returnSequences: 'yes' }, 'returnSequences'],
    ['an initializer', { units: 2, recurrentInitializer: 'ortho' }, 'initializer'],
    ['unroll', { units: 2, unroll: true }, 'option'],
    ['implementation', { units: 2, implementation: 2 }, 'option'],
    ['timeMajor', { units: 2, timeMajor: true }, 'option'],
    ['initialState', { units: 2, initialState: [] }, 'option'],
  ])('%s: %o', (_, options, role) => {
    const error = failure(() => layers.lstm(wild(options)));
    expect(error.roles).toContain(role);
    expect(error.op).toBe('lstm');
    expect(error.fix).toMatch(/\S/);
  });

  it('inputs that are no sequence', () => {
    const layer = layers.gru({ units: 2, name: 'g' });
    const flat = failure(() => layer.apply(layers.input({ shape: [3] })));
    expect([flat.op, flat.message]).toEqual(["gru 'g'", expect.stringContaining('rank 2, 3 is needed')]);
    const free = failure(() => stack(layers.gru({ units: 2, inputShape: [4, null] })).weights);
    expect(free.message).toContain('free');
  });

  it.each(['tanh', 'gelu'] as const)(
    'ids where vectors belong, and states that are no float32: %s',
    (activation) => {
      const layer = () => layers.gru({ units: 2, activation, name: 'g' });
      const ids = failure(() => layer().apply(layers.input({ shape: inputShape, dtype: 'int32' })));
      expect([ids.op, ids.message]).toEqual(["gru 'g'", expect.stringContaining('input is int32')]);
      expect(ids.fix).toContain('layers.embedding');
      const [x, h] = [layers.input({ shape: inputShape }), layers.input({ shape: [2], dtype: 'int32' })];
      const state = failure(() => layer().apply([x, h]));
      expect([state.op, state.message]).toEqual([
        "gru 'g'",
        expect.stringContaining('initial state 1 is int32'),
      ]);
    },
  );

  it('sequences without steps', async () => {
    const net = stack(layers.lstm({ units: 2, inputShape: [null, 3] }));
    const error = failure(() => net.apply(tensor(new Float32Array(), { shape: [2, 0, 3] })));
    expect([error.op, error.message]).toEqual(["lstm 'lstm_1'", expect.stringContaining('has no steps')]);
    expect(net.apply(tensor(numbers([2, 1, 3]), { shape: [2, 1, 3] })).shape).toEqual([2, 2]);
  });

  it('initial states that do not fit', async () => {
    const layer = layers.lstm({ units: 2 });
    const x = layers.input({ shape: inputShape });
    const h = layers.input({ shape: [2] });
    const few = failure(() => layer.apply([x, h]));
    expect(few.message).toContain('a sequence and 2 initial states; got 2 inputs');
    const wide = failure(() => layer.apply([x, h, layers.input({ shape: [3] })]));
    expect(wide.message).toContain('initial state 2 of 2 is [any,3], [any,2] is needed');
    const net = sequenceNet(layer, { shape: inputShape, states: [2, 2] });
    const of = (...shape: number[]) => tensor(numbers(shape), { shape });
    const rows = failure(() => net.apply([of(5, 4, 3), of(5, 2), of(4, 2)]));
    expect(rows.message).toContain('initial state 2 of 2 is [4,2], [5,2] is needed');
    expect(net.apply([of(5, 4, 3), of(5, 2), of(5, 2)])[0]?.shape).toEqual([5, 2]);
  });

  it('stateful without a fixed batch', () => {
    const error = failure(() => stack(layers.simpleRNN({ units: 2, stateful: true, inputShape })).weights);
    expect(error.roles).toContain('stateful');
    expect(error.fix).toContain('batchInputShape');
  });

  it('other features than the weights were made for', () => {
    const net = stack(layers.gru({ units: 2, inputShape: [null, 3] }));
    const error = failure(() => net.apply(tensor(numbers([2, 4, 5]), { shape: [2, 4, 5] })));
    expect(error.message).toContain('input has 5 features, kernel expects 3');
  });
});
