/** Every layer and loss by finite differences in double precision: gradients to inputs and to weights. */

import { beforeAll, describe, expect, it } from 'vitest';
import { gradCheck, init, ops, type Tensor, tensor } from '../../src/engine/index.js';
import type { Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { Network } from '../../src/nn/network.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const X = [
  [0.3, -1.2, 0.7],
  [1.5, 0.4, -0.6],
];

const LAYERS: Record<string, () => Layer> = {
  dense: () => layers.dense({ units: 4, activation: 'tanh', biasInitializer: 'ones', inputShape: [3] }),
  activation: () => layers.activation({ activation: 'gelu', inputShape: [3] }),
  dropout: () => layers.dropout({ rate: 0.4, inputShape: [3] }),
  flatten: () => layers.flatten({ inputShape: [3] }),
  reshape: () => layers.reshape({ targetShape: [3, 1], inputShape: [3] }),
  rescaling: () => layers.rescaling({ scale: 0.5, offset: 2, inputShape: [3] }),
};

it('every layer stands here', () => {
  expect(Object.keys(LAYERS).sort()).toEqual(
    Object.keys(layers)
      .filter((name) => name !== 'input')
      .sort(),
  );
});

it.each(Object.entries(LAYERS))('%s', async (_, make) => {
  const net = new Network({ layers: [make()], seed: 5 });
  const report = await gradCheck((x) => ops.square(net.apply(x, { training: true })), [X], {
    variables: net.weights,
  });
  expect(report.failures).toEqual([]);
  expect(report.passed).toBe(true);
});

const ROWS = [
  [0.2, 0.5, 0.3],
  [0.6, 0.3, 0.1],
];
const ONE_HOT = [
  [0, 1, 0],
  [1, 0, 0],
];
const labels = (): Tensor => tensor(Int32Array.of(1, 0));

const LOSSES: readonly (readonly [string, (x: Tensor) => Tensor])[] = [
  ['meanSquaredError', (x) => losses.meanSquaredError()(tensor(ONE_HOT), x)],
  ['meanAbsoluteError', (x) => losses.meanAbsoluteError()(tensor(ONE_HOT), x)],
  ['binaryCrossentropy', (x) => losses.binaryCrossentropy()(tensor(ONE_HOT), x)],
  [
    'binaryCrossentropy on logits',
    (x) => losses.binaryCrossentropy({ fromLogits: true })(tensor(ONE_HOT), x),
  ],
  ['categoricalCrossentropy', (x) => losses.categoricalCrossentropy()(tensor(ONE_HOT), x)],
  [
    'categoricalCrossentropy on logits',
    (x) => losses.categoricalCrossentropy({ fromLogits: true })(tensor(ONE_HOT), x),
  ],
  ['sparseCategoricalCrossentropy', (x) => losses.sparseCategoricalCrossentropy()(labels(), x)],
  [
    'sparseCategoricalCrossentropy on logits',
    (x) => losses.sparseCategoricalCrossentropy({ fromLogits: true })(labels(), x),
  ],
];

describe('losses', () => {
  it.each(LOSSES)('%s', async (_, loss) => {
    const report = await gradCheck(loss, [ROWS]);
    expect(report.failures).toEqual([]);
    expect(report.passed).toBe(true);
  });
});
