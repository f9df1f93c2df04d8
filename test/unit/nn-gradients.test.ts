/** Every layer and loss by finite differences in double precision: gradients to inputs and to weights. */

import { beforeAll, describe, expect, it } from 'vitest';
import { gradCheck, init, type Nested, ops, type Tensor, tensor } from '../../src/engine/index.js';
import type { Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { defineCell } from '../../src/nn/layers/recurrent/cell.js';
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
  repeatVector: () => layers.repeatVector({ n: 4, inputShape: [3] }),
};

/** Layers of whole numbers, which have gradients to their weights alone. */
const ID_LAYERS: Record<string, () => Layer> = {
  embedding: () => layers.embedding({ inputDim: 5, outputDim: 3, maskZero: true, inputShape: [4] }),
};

/** [2, 4, 4, 2], no two cells alike. */
const IMAGES = nested([2, 4, 4, 2]);

const IMAGE_LAYERS: Record<string, (inputShape: number[]) => Layer> = {
  maxPooling2d: (inputShape) => layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same', inputShape }),
  averagePooling2d: (inputShape) => layers.averagePooling2d({ padding: 'same', strides: 3, inputShape }),
  globalMaxPooling2d: (inputShape) => layers.globalMaxPooling2d({ inputShape }),
  globalAveragePooling2d: (inputShape) => layers.globalAveragePooling2d({ keepDims: true, inputShape }),
  upSampling2d: (inputShape) => layers.upSampling2d({ interpolation: 'bilinear', inputShape }),
  zeroPadding2d: (inputShape) => layers.zeroPadding2d({ inputShape }),
  cropping2d: (inputShape) => layers.cropping2d({ cropping: 1, inputShape }),
  batchNormalization: (inputShape) =>
    layers.batchNormalization({ gammaInitializer: 'randomNormal', inputShape }),
  layerNormalization: (inputShape) => layers.layerNormalization({ axis: [1, -1], inputShape }),
  groupNormalization: (inputShape) => layers.groupNormalization({ groups: 2, inputShape }),
  conv2d: (inputShape) =>
    layers.conv2d({
      filters: 3,
      kernelSize: 2,
      strides: [1, 2],
      padding: 'same',
      activation: 'tanh',
      inputShape,
    }),
  depthwiseConv2d: (inputShape) =>
    layers.depthwiseConv2d({ kernelSize: [3, 2], depthMultiplier: 2, dilations: [1, 2], inputShape }),
  separableConv2d: (inputShape) =>
    layers.separableConv2d({ filters: 3, kernelSize: 3, padding: 1, inputShape }),
  conv2dTranspose: (inputShape) =>
    layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same', inputShape }),
  gaussianNoise: (inputShape) => layers.gaussianNoise({ stddev: 0.5, inputShape }),
  randomFlip: (inputShape) => layers.randomFlip({ inputShape }),
  randomCrop: (inputShape) => layers.randomCrop({ height: 3, width: 2, inputShape }),
  randomTranslation: (inputShape) =>
    layers.randomTranslation({ heightFactor: 0.3, widthFactor: 0.4, inputShape }),
  randomRotation: (inputShape) => layers.randomRotation({ factor: 0.2, inputShape }),
};

const SEQUENCES = nested([2, 5, 2]);

const SEQUENCE_LAYERS: Record<string, (inputShape: number[]) => Layer> = {
  conv1d: (inputShape) =>
    layers.conv1d({
      filters: 3,
      kernelSize: 2,
      dilations: 2,
      padding: [1, 0],
      activation: 'sigmoid',
      inputShape,
    }),
  maxPooling1d: (inputShape) => layers.maxPooling1d({ inputShape }),
  averagePooling1d: (inputShape) => layers.averagePooling1d({ poolSize: 3, padding: 'same', inputShape }),
  globalMaxPooling1d: (inputShape) => layers.globalMaxPooling1d({ inputShape }),
  globalAveragePooling1d: (inputShape) => layers.globalAveragePooling1d({ inputShape }),
  masking: (inputShape) => layers.masking({ inputShape }),
  timeDistributed: (inputShape) =>
    layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'tanh' }), inputShape }),
  simpleRNN: (inputShape) => layers.simpleRNN({ units: 3, inputShape }),
  gru: (inputShape) => layers.gru({ units: 3, inputShape }),
  lstm: (inputShape) => layers.lstm({ units: 3, inputShape }),
  bidirectional: (inputShape) => layers.bidirectional({ layer: layers.gru({ units: 2 }), inputShape }),
  rnn: (inputShape) => layers.rnn({ cell: halving(), inputShape }),
};

/** h' = h / 2 + x. */
const halving = defineCell({
  type: 'halving',
  options: [],
  create: () => ({
    stateSize: 2,
    call(x, [h]) {
      const next = ops.add(ops.mul(h as Tensor, 0.5), x);
      return { output: next, states: [next] };
    },
  }),
});

const MERGE_LAYERS: Record<string, () => Layer> = {
  add: () => layers.add(),
  subtract: () => layers.subtract(),
  multiply: () => layers.multiply(),
  average: () => layers.average(),
  maximum: () => layers.maximum(),
  minimum: () => layers.minimum(),
  concatenate: () => layers.concatenate(),
};

/** Numbers of `shape` between -1 and 1 in no order. */
function nested(shape: readonly number[]): Nested {
  let next = 0;
  const fill = ([extent = 0, ...rest]: readonly number[]): Nested =>
    Array.from({ length: extent }, () =>
      rest.length > 0 ? fill(rest) : ((next++ * 0.6180339887 + 0.17) % 1) * 2 - 1,
    );
  return fill(shape);
}

it('every layer stands here', () => {
  expect(
    Object.keys({ ...LAYERS, ...ID_LAYERS, ...IMAGE_LAYERS, ...SEQUENCE_LAYERS, ...MERGE_LAYERS }).sort(),
  ).toEqual(
    Object.keys(layers)
      .filter((name) => name !== 'input')
      .sort(),
  );
});

async function expectSlopes(net: Network, x: Nested): Promise<void> {
  const report = await gradCheck((values) => ops.square(net.apply(values, { training: true })), [x], {
    variables: net.trainableWeights,
  });
  expect(report.failures).toEqual([]);
  expect(report.passed).toBe(true);
}

it.each(Object.entries(LAYERS))('%s', (_, make) =>
  expectSlopes(new Network({ layers: [make()], seed: 5 }), X),
);

it.each(Object.entries(ID_LAYERS))('%s', async (_, make) => {
  const net = new Network({ layers: [make()], seed: 5 });
  const ids = tensor(Int32Array.of(1, 4, 0, 2, 4, 4, 1, 0), { shape: [2, 4] });
  const report = await gradCheck(() => ops.square(net.apply(ids, { training: true })), [], {
    variables: net.trainableWeights,
  });
  expect(report.failures).toEqual([]);
  expect(report.passed).toBe(true);
});

it.each(Object.entries(IMAGE_LAYERS))('%s', (_, make) =>
  expectSlopes(new Network({ layers: [make([4, 4, 2])], seed: 5 }), IMAGES),
);

it.each(Object.entries(SEQUENCE_LAYERS))('%s', (_, make) =>
  expectSlopes(new Network({ layers: [make([5, 2])], seed: 5 }), SEQUENCES),
);

it.each(Object.entries(MERGE_LAYERS))('%s', (_, make) => {
  const x = layers.input({ shape: [3] });
  const other = layers.dense({ units: 3, activation: 'tanh' }).apply(x);
  return expectSlopes(new Network({ inputs: x, outputs: make().apply([x, other]), seed: 5 }), X);
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
