// Parts of models on the device: convolutions, penalties, constraints, a model as a layer and two outputs, in one plan that trains.
import {
  constraints,
  layers,
  type Model,
  model,
  optimizers,
  regularizers,
  sequential,
  verify,
} from '../../src/index.js';
import { onBoth } from '../kit/engine-setup.js';
import { check, type Failure, type GpuCase } from './kit.js';

const ROWS = 40;
const SHAPE = [ROWS, 8, 8, 1];

/** An encoder as a layer, a decoder and a classifier behind it. */
function autoencoder(): Model {
  const encoder = sequential(
    [
      layers.conv2d({
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
        kernelRegularizer: regularizers.l2({ l2: 0.01 }),
        kernelConstraint: constraints.maxNorm({ maxValue: 0.75, axis: [0, 1, 2] }),
        inputShape: SHAPE.slice(1),
      }),
      // Without a bias, whose gradient is rounding alone before a normalisation.
      layers.separableConv2d({
        filters: 8,
        kernelSize: 3,
        padding: 1,
        useBias: false,
        depthwiseConstraint: 'nonNeg',
      }),
      layers.batchNormalization({ momentum: 0.6 }),
    ],
    { name: 'encoder', seed: 4 },
  );
  const images = layers.input({ shape: SHAPE.slice(1) });
  const code = encoder.apply(images);
  const upward = layers.conv2dTranspose({ filters: 4, kernelSize: 2, strides: 2, padding: 'same' });
  const restored = layers
    .depthwiseConv2d({ kernelSize: 3, dilations: 2, padding: 2 })
    .apply(upward.apply(code));
  const image = layers.conv2d({ filters: 1, kernelSize: 1, name: 'image' }).apply(restored);
  const classes = layers
    .dense({
      units: 3,
      activation: 'softmax',
      name: 'class',
      kernelRegularizer: 'l1l2',
      kernelConstraint: 'unitNorm',
      biasConstraint: 'nonNeg',
    })
    .apply(layers.flatten().apply(code));
  const net = model({ inputs: images, outputs: [image, classes], seed: 5 });
  net.compile({
    optimizer: optimizers.adam({ learningRate: 1e-2 }),
    loss: { image: 'meanSquaredError', class: 'sparseCategoricalCrossentropy' },
    lossWeights: { image: 0.5, class: 1 },
    metrics: { class: 'accuracy' },
  });
  return net;
}

const data = Float32Array.from({ length: ROWS * 64 }, (_, i) => Math.sin(i * 0.37) + ((i >> 6) % 3) * 0.5);
const x = { data, shape: SHAPE };
const y = { image: x, class: Uint8Array.from({ length: ROWS }, (_, row) => row % 3) };

export const cases: GpuCase[] = [
  {
    name: 'a plan with a model as a layer, penalties, constraints and two outputs passes verify, and trains as on the CPU device',
    async run(ctx): Promise<Failure[]> {
      const models: Model[] = [];
      const { gpu, cpu } = await onBoth(ctx, async () => {
        const net = autoencoder();
        models.push(net);
        ctx.onCleanup(() => {
          net.dispose();
          (net.getLayer('encoder').model as Model | null)?.dispose();
        });
        const { history } = await net.fit(x, y, { batchSize: 16, epochs: 2, shuffle: false });
        return { weights: await net.getWeights(), logs: Object.entries(history) };
      });
      const net = models[1] as Model;
      const report = await verify(net);
      return [
        ...check('the very plan passes verify', report.passed, 'passed', report.print()),
        ...net.weights.flatMap(({ name }, index) => {
          const expected = cpu.weights[index]?.data ?? [];
          const values = Array.from(gpu.weights[index]?.data ?? []);
          const worst = Math.max(...values.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN))));
          return check(name, worst < 2e-3, '< 2e-3', String(worst));
        }),
        ...gpu.logs.flatMap(([name, [first = Number.NaN]], index) => {
          const [, [expected = Number.NaN] = []] = cpu.logs[index] ?? ['', []];
          return check(name, Math.abs(first - expected) < 2e-3, String(expected), String(first));
        }),
        ...check('logs', gpu.logs.length === 4, '4', gpu.logs.map(([name]) => name).join()),
      ];
    },
  },
];
