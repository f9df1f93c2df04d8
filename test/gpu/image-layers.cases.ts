// Layers of images on the device: pooling, normalisation and augmentation in a plan that trains, judged dispatch by dispatch.
import { layers, losses, type Model, type NDArray, optimizers, sequential, verify } from '../../src/index.js';
import { onBoth } from '../kit/engine-setup.js';
import { check, type Failure, type GpuCase } from './kit.js';

const ROWS = 40;
const SHAPE = [ROWS, 8, 8, 4];

function classifier(): Model<NDArray> {
  const model = sequential(
    [
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
    ],
    { seed: 42 },
  );
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

export const cases: GpuCase[] = [
  {
    name: 'a plan of pooling, normalisation and augmentation passes verify, and trains as on the CPU device',
    async run(ctx): Promise<Failure[]> {
      const models: Model<NDArray>[] = [];
      const { gpu: weights, cpu: expected } = await onBoth(ctx, async () => {
        const model = classifier();
        models.push(model);
        ctx.onCleanup(() => model.dispose());
        return trainedWeights(model);
      });
      const model = models[1] as Model<NDArray>;
      const names = model.weights.map(({ name }) => name);
      const report = await verify(model);
      const worst = weights.map(({ data }, index) =>
        Math.max(
          ...Array.from(data, (value, i) => Math.abs(value - (expected[index]?.data[i] ?? Number.NaN))),
        ),
      );
      const moved = weights.filter(
        ({ data }, i) => /moving/.test(names[i] ?? '') && data.some((value) => value !== 0 && value !== 1),
      );
      return [
        ...check('the very plan passes verify', report.passed, 'passed', report.print()),
        ...check('statistics moved', moved.length === 4, '4', String(moved.length)),
        ...names.flatMap((name, index) =>
          check(name, (worst[index] ?? 1) < 2e-3, '< 2e-3', String(worst[index])),
        ),
      ];
    },
  },
];
