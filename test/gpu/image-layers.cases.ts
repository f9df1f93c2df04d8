// Layers of images on the device: convolutions, pooling, normalisation and augmentation in plans that train, judged dispatch by dispatch.
import {
  type Layer,
  layers,
  losses,
  type Model,
  type NDArray,
  optimizers,
  sequential,
  verify,
} from '../../src/index.js';
import { onBoth } from '../kit/engine-setup.js';
import { type CaseContext, check, type Failure, type GpuCase } from './kit.js';

const ROWS = 40;
const SHAPE = [ROWS, 8, 8, 4];

/** Normalised twice, the second time without gamma. */
const normalised = (): Model<NDArray> =>
  compiled([
    layers.randomFlip({ mode: 'horizontal', inputShape: SHAPE.slice(1) }),
    layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1 }),
    layers.batchNormalization({ momentum: 0.6 }),
    layers.activation({ activation: 'relu' }),
    layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
    layers.dense({ units: 6, useBias: false }),
    layers.batchNormalization({ scale: false, momentum: 0.6 }),
    layers.activation({ activation: 'relu' }),
    layers.averagePooling2d(),
    layers.flatten(),
    layers.layerNormalization(),
    layers.dense({ units: 3 }),
  ]);

/** Every kind of convolution, with bias and activation in its kernel: strided, depthwise, transposed, 1×1 and of sequences. */
const convolved = (): Model<NDArray> =>
  compiled([
    layers.conv2d({
      filters: 8,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      ...RELU,
      inputShape: SHAPE.slice(1),
    }),
    layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', activation: 'tanh' }),
    layers.conv2dTranspose({ filters: 5, kernelSize: 3, strides: 2, padding: 'same', ...RELU }),
    layers.conv2d({ filters: 4, kernelSize: 1, ...RELU }),
    layers.maxPooling2d(),
    layers.reshape({ targetShape: [16, 4] }),
    layers.conv1d({ filters: 6, kernelSize: 3, strides: 2, ...RELU }),
    layers.flatten(),
    layers.dense({ units: 3 }),
  ]);

const RELU = { activation: 'relu', biasInitializer: 'randomNormal' } as const;

function compiled(of: readonly Layer[]): Model<NDArray> {
  const model = sequential(of, { seed: 42 });
  model.compile({
    optimizer: optimizers.adam({ learningRate: 1e-2 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
  });
  return model;
}

const x = Float32Array.from(
  { length: ROWS * 8 * 8 * 4 },
  (_, i) => Math.sin(i * 0.37) + ((i >> 8) % 3) * 0.5,
);
const y = Uint8Array.from({ length: ROWS }, (_, row) => row % 3);

/** Weights after two epochs, the last batch a partial one. */
async function trainedWeights(model: Model<NDArray>): Promise<readonly NDArray[]> {
  await model.fit({ data: x, shape: SHAPE }, y, { batchSize: 16, epochs: 2, shuffle: false });
  return model.getWeights();
}

/** Trains what `make` makes on both devices: its plan passes verify, every weight has moved, and to where it has moved on the CPU. */
async function trainsAlike(ctx: CaseContext, make: () => Model<NDArray>): Promise<Failure[]> {
  const models: Model<NDArray>[] = [];
  const { gpu: weights, cpu: expected } = await onBoth(ctx, async () => {
    const model = make();
    models.push(model);
    ctx.onCleanup(() => model.dispose());
    const before = await model.getWeights();
    return { before, after: await trainedWeights(model) };
  });
  const model = models[1] as Model<NDArray>;
  const report = await verify(model);
  return [
    ...check('the very plan passes verify', report.passed, 'passed', report.print()),
    ...model.weights.flatMap(({ name }, index) => {
      const { data } = weights.after[index] as NDArray;
      const far = furthest(data, expected.after[index]?.data);
      const moved = furthest(data, weights.before[index]?.data);
      return [
        ...check(name, far < 2e-3, '< 2e-3', String(far)),
        ...check(`${name} moves`, moved > 1e-3, '> 1e-3', String(moved)),
      ];
    }),
  ];
}

/** The largest difference; NaN, which is below and above nothing, where a number is missing or is none. */
const furthest = (some: NDArray['data'], others: NDArray['data'] | undefined): number =>
  Math.max(...Array.from(some, (value, i) => Math.abs(value - (others?.[i] ?? Number.NaN))));

export const cases: GpuCase[] = [
  {
    name: 'a plan of pooling, normalisation and augmentation passes verify, and trains as on the CPU device',
    run: (ctx) => trainsAlike(ctx, normalised),
  },
  {
    name: 'a plan of convolutions passes verify, and trains as on the CPU device',
    run: (ctx) => trainsAlike(ctx, convolved),
  },
];
