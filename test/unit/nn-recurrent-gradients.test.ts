/** Every option of the recurrent layers by finite differences in double precision: gradients to inputs, states and weights. */

import { beforeAll, describe, expect, it } from 'vitest';
import { gradCheck, init, ops, type Tensor, tensor } from '../../src/engine/index.js';
import type { AnyLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import type { RecurrentOptions } from '../../src/nn/layers/recurrent/options.js';
import { flatOutputs, nestedNumbers, type SequenceNetOptions, sequenceNet } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const [BATCH, STEPS, FEATURES, UNITS] = [2, 4, 3, 2];

/** Row 0 ends early, row 1 has a hole. */
const MASK = tensor([
  [1, 1, 0, 0],
  [1, 0, 1, 1],
]);

async function expectSlopes(layer: AnyLayer, options: SequenceNetOptions = {}): Promise<void> {
  const net = sequenceNet(layer, { shape: [STEPS, FEATURES], ...options });
  const inputs = [
    nestedNumbers([BATCH, STEPS, FEATURES]),
    ...(options.states ?? []).map((size, index) => nestedNumbers([BATCH, size], index + 1)),
  ];
  const counts = options.mask ? [MASK] : [];
  const report = await gradCheck((...given) => flatOutputs(net, [...given, ...counts], true), inputs, {
    variables: net.trainableWeights,
  });
  expect(report.failures).toEqual([]);
  expect(report.passed).toBe(true);
}

const doubled = (x: Tensor): Tensor => ops.mul(ops.tanh(x), 2);

/** Options of all three kinds. A bias that is not zero shows where it goes. */
const SHARED = {
  'as it is': {},
  'every step': { returnSequences: true },
  backwards: { goBackwards: true },
  'every step, backwards': { goBackwards: true, returnSequences: true },
  'no bias': { useBias: false },
  'another activation': { activation: 'softsign' },
  'an activation that no kernel knows': { activation: 'gelu', returnSequences: true },
  "a function of the user's": { activation: doubled, goBackwards: true },
  'both kinds of dropout': { dropout: 0.3, recurrentDropout: 0.4 },
  'both kinds of dropout, step by step': { dropout: 0.3, recurrentDropout: 0.4, activation: 'silu' },
} as const;

type Options = RecurrentOptions & Readonly<Record<string, unknown>>;

const KINDS = {
  simpleRNN: { make: (options: Options): AnyLayer => layers.simpleRNN(options), states: 1, own: {} },
  gru: {
    make: (options: Options): AnyLayer => layers.gru(options),
    states: 1,
    own: {
      'reset before the product': { resetAfter: false, returnSequences: true },
      'reset before the product, dropout': { resetAfter: false, recurrentDropout: 0.4 },
      'other gates': { recurrentActivation: 'hardSigmoid' },
      'gates that no kernel knows': { recurrentActivation: 'silu' },
    },
  },
  lstm: {
    make: (options: Options): AnyLayer => layers.lstm(options),
    states: 2,
    own: {
      'forget bias 0': { unitForgetBias: false },
      'other gates': { recurrentActivation: 'softsign' },
      'gates that no kernel knows': { recurrentActivation: 'gelu' },
    },
  },
} as const;

describe.each(Object.entries(KINDS))('%s', (_, { make, states, own }) => {
  const common = { units: UNITS, biasInitializer: 'randomNormal' };
  const all = Object.entries({ ...SHARED, ...own });

  it.each(all)('%s', (_name, options) => expectSlopes(make({ ...common, ...options })));

  it.each(all)('%s, both directions', (_name, options) => {
    const inner = make({ ...common, ...options, goBackwards: false });
    return expectSlopes(layers.bidirectional({ layer: inner }));
  });

  it.each([
    ['a kernel', { activation: 'tanh' }],
    ['step by step', { activation: 'gelu' }],
  ])('%s: mask, initial states and returned states', async (_name, { activation }) => {
    const options = { ...common, activation, returnSequences: true, returnState: true } as const;
    const given = Array.from({ length: states }, () => UNITS);
    await expectSlopes(make(options), { states: given, mask: true });
    await expectSlopes(make({ ...options, goBackwards: true }), { states: given, mask: true });
    const both = layers.bidirectional({ layer: make(options), mergeMode: null });
    await expectSlopes(both, { states: [...given, ...given], mask: true });
  });

  it('kept states', () =>
    expectSlopes(make({ ...common, stateful: true, returnState: true }), { batchSize: BATCH }));

  it('regularizers of both directions', async () => {
    const inner = make({
      ...common,
      kernelRegularizer: 'l1l2',
      recurrentRegularizer: 'l2',
      biasRegularizer: 'l2',
    });
    const net = sequenceNet(layers.bidirectional({ layer: inner }));
    const report = await gradCheck(() => net.penalty(), [[0]], { variables: net.trainableWeights });
    expect(report.failures).toEqual([]);
  });
});

describe('bidirectional', () => {
  it.each(['concat', 'sum', 'mul', 'ave', null] as const)('merged by %s', (mergeMode) =>
    expectSlopes(
      layers.bidirectional({ layer: layers.gru({ units: UNITS, returnSequences: true }), mergeMode }),
    ),
  );
});
