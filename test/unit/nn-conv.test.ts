/** Layers of convolutions: numbers by hand, shapes for every option, files, and errors that name the layer. */

import { beforeAll, describe, expect, it } from 'vitest';
import { compile, init, input, type Tensor, tensor } from '../../src/engine/index.js';
import type { Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const stack = (...list: Layer[]): Network => new Network({ layers: list, seed: 1 });
const ramp = (shape: readonly number[]) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => index),
    { shape },
  );
const flat = async (net: Network, shape: readonly number[]): Promise<number[]> => [
  ...(await net.apply(ramp(shape)).data()),
];

/** The weights of `net` as ramps from 1, biases as given. */
function fillWith(net: Network, bias: number): void {
  net.setWeights(
    net.weights.map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return Float32Array.from({ length: size }, (_, index) => (name.endsWith('/bias') ? bias : index + 1));
    }),
  );
}

describe('numbers by hand', () => {
  it('conv2d: activation(x ∗ kernel + bias)', async () => {
    const net = stack(
      layers.conv2d({ filters: 1, kernelSize: 2, activation: 'relu', inputShape: [2, 3, 1] }),
    );
    fillWith(net, -25);
    // [0 1 2; 3 4 5] with [1 2; 3 4]: 0 + 2 + 9 + 16, 1 + 4 + 12 + 20.
    expect(await flat(net, [1, 2, 3, 1])).toEqual([2, 12]);
    expect(net.weights.map(({ name, shape }) => [name, shape])).toEqual([
      ['conv2d_1/kernel', [2, 2, 1, 1]],
      ['conv2d_1/bias', [1]],
    ]);
  });

  it("'same' puts the odd cell at the end, and groups see their channels alone", async () => {
    const net = stack(
      layers.conv2d({
        filters: 2,
        kernelSize: [1, 2],
        padding: 'same',
        groups: 2,
        useBias: false,
        inputShape: [1, 2, 2],
      }),
    );
    fillWith(net, 0);
    // Kernel [1,2,1,2]: filter 0 is (1, 3) on channel 0 (0, 2), filter 1 is (2, 4) on channel 1 (1, 3).
    expect(await flat(net, [1, 1, 2, 2])).toEqual([0 + 6, 2 + 12, 2, 6]);
  });

  it('conv1d with dilations and [before, after]', async () => {
    const net = stack(
      layers.conv1d({ filters: 1, kernelSize: 2, dilations: 2, padding: [1, 0], inputShape: [4, 1] }),
    );
    fillWith(net, 10);
    // (0) 0 1 2 3 with 1 · x[i] + 2 · x[i + 2].
    expect(await flat(net, [1, 4, 1])).toEqual([10 + 0 + 2, 10 + 0 + 4, 10 + 1 + 6]);
  });

  it('depthwiseConv2d: channel c · multiplier + m from channel c and filter m', async () => {
    const net = stack(layers.depthwiseConv2d({ kernelSize: 1, depthMultiplier: 2, inputShape: [1, 1, 2] }));
    fillWith(net, 0.5);
    expect(net.weights.map(({ name, shape }) => [name, shape])).toEqual([
      ['depthwiseConv2d_1/depthwiseKernel', [1, 1, 2, 2]],
      ['depthwiseConv2d_1/bias', [4]],
    ]);
    expect(await flat(net, [1, 1, 1, 2])).toEqual([0.5, 0.5, 3.5, 4.5]);
  });

  it('separableConv2d: the two, one after the other', async () => {
    const net = stack(
      layers.separableConv2d({ filters: 1, kernelSize: [1, 2], depthMultiplier: 2, inputShape: [1, 2, 1] }),
    );
    fillWith(net, 100);
    // Depthwise (1, 3) and (2, 4) of (0, 1): 3, 4; pointwise 1 and 2.
    expect(await flat(net, [1, 1, 2, 1])).toEqual([100 + 3 + 8]);
    expect(net.weights.map(({ name }) => name.split('/')[1])).toEqual([
      'depthwiseKernel',
      'pointwiseKernel',
      'bias',
    ]);
  });

  it('conv2dTranspose spreads each cell over a window', async () => {
    const net = stack(
      layers.conv2dTranspose({ filters: 1, kernelSize: [1, 2], strides: [1, 2], inputShape: [1, 2, 1] }),
    );
    fillWith(net, 0);
    expect(await flat(net, [1, 1, 2, 1])).toEqual([0, 0, 1, 2]);
    expect(net.weights[0]?.shape).toEqual([1, 2, 1, 1]);
  });
});

describe('shapes', () => {
  const PADDING = [
    'valid',
    'same',
    1,
    [
      [0, 2],
      [1, 0],
    ],
  ] as const;
  const windows = [1, 2, 3].flatMap((strides) =>
    [1, 2].flatMap((dilations) =>
      PADDING.map((padding) => ({ strides, dilations, padding, kernelSize: [2, 3] as const })),
    ),
  );

  // A layer refuses an output that is not what it said before.
  it.each(windows)('$strides, $dilations, $padding: as said before, image by image', async (window) => {
    for (const make of [
      () => layers.conv2d({ filters: 4, groups: 2, ...window, inputShape: [null, null, 2] }),
      () => layers.depthwiseConv2d({ ...window, inputShape: [null, null, 2] }),
      () => layers.separableConv2d({ filters: 3, ...window, inputShape: [null, null, 2] }),
      () => layers.conv2dTranspose({ filters: 3, ...window, inputShape: [null, null, 2] }),
    ]) {
      const net = stack(make());
      expect(net.outputs[0]?.shape.slice(0, 3)).toEqual([null, null, null]);
      for (const [height, width] of [
        [7, 6],
        [5, 8],
      ] as const) {
        const fixed = make().apply(layers.input({ shape: [height, width, 2] }));
        expect(net.apply(ramp([2, height, width, 2])).shape).toEqual([2, ...fixed.shape.slice(1)]);
      }
    }
  });

  it('outputPadding adds at the end', () => {
    const made = layers.conv2dTranspose({
      filters: 1,
      kernelSize: 3,
      strides: 2,
      padding: 1,
      outputPadding: [1, 0],
      inputShape: [4, 4, 1],
    });
    expect(stack(made).apply(ramp([1, 4, 4, 1])).shape).toEqual([1, 8, 7, 1]);
  });
});

it('a config makes each again, with its rules', async () => {
  const net = stack(
    layers.conv2d({
      filters: 4,
      kernelSize: [3, 2],
      strides: 2,
      padding: [
        [1, 0],
        [0, 1],
      ],
      groups: 2,
      activation: 'relu',
      kernelInitializer: 'heNormal',
      kernelRegularizer: 'l2',
      biasConstraint: 'nonNeg',
      inputShape: [9, 9, 2],
    }),
    layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, depthwiseRegularizer: 'l1' }),
    layers.separableConv2d({ filters: 4, kernelSize: 2, dilations: 1, useBias: false }),
    layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, outputPadding: 1 }),
    layers.reshape({ targetShape: [-1, 2] }),
    layers.conv1d({ filters: 2, kernelSize: 3, padding: 'same' }),
  );
  const again = networkFromConfig(JSON.parse(JSON.stringify(net.config)));
  expect(again.config).toEqual(net.config);
  const rules = (one: Network) =>
    one.leaves.flatMap((layer) =>
      layer.rules.map(({ regularizer, constraint }) => [regularizer?.name, constraint?.name]),
    );
  expect(rules(again)).toEqual(rules(net));
  expect(rules(net).slice(0, 3)).toEqual([
    ['l2', undefined],
    [undefined, 'nonNeg'],
    ['l1', undefined],
  ]);
  const x = ramp([1, 9, 9, 2]);
  expect(await again.apply(x).data()).toEqual(await net.apply(x).data());
});

const CONV = { filters: 8, kernelSize: 3, activation: 'relu' } as const;

it.each([
  ['conv2d', [6, 6, 4], () => layers.conv2d({ ...CONV, inputShape: [6, 6, 4] }), 'conv2d+add'],
  ['1×1', [6, 6, 4], () => layers.conv2d({ ...CONV, kernelSize: 1, inputShape: [6, 6, 4] }), 'matmul+add'],
  [
    '1×1 transposed',
    [6, 6, 4],
    () => layers.conv2dTranspose({ ...CONV, kernelSize: 1, inputShape: [6, 6, 4] }),
    'matmul+add',
  ],
  ['conv1d', [9, 4], () => layers.conv1d({ ...CONV, inputShape: [9, 4] }), 'conv2d+add'],
  [
    'conv1d of one step',
    [9, 4],
    () => layers.conv1d({ ...CONV, kernelSize: 1, inputShape: [9, 4] }),
    'matmul+add',
  ],
  [
    'separableConv2d',
    [6, 6, 4],
    () => layers.separableConv2d({ ...CONV, inputShape: [6, 6, 4] }),
    'matmul+add',
  ],
] as const)(
  '%s: bias and activation are in its kernel, relu in that of a pooling behind it',
  async (_, shape, make, made) => {
    const labelsOf = async (...more: Layer[]): Promise<string[]> => {
      const net = stack(make(), ...more);
      const x = input([2, ...shape]);
      const program = await compile({ inputs: { x }, outputs: { y: net.apply(x) } });
      const labels = program.executor.plan.steps.map(({ label }) => label.replace(/.*\//, ''));
      program.dispose();
      net.dispose();
      return labels;
    };
    expect((await labelsOf()).at(-1)).toBe(`${made}+relu`);
    const pooled = await labelsOf(shape.length === 3 ? layers.maxPooling2d() : layers.maxPooling1d());
    expect(pooled.slice(-2)).toEqual([made, 'maxPool+relu']);
  },
);

it('an activation that is a function sees the shape of the output', () => {
  const seen: (readonly number[])[] = [];
  const activation = (y: Tensor): Tensor => {
    seen.push(y.shape);
    return y;
  };
  for (const kernelSize of [1, 2]) {
    stack(layers.conv1d({ filters: 3, kernelSize, activation, inputShape: [4, 2] })).apply(ramp([2, 4, 2]));
    const image = layers.conv2d({ filters: 3, kernelSize, activation, inputShape: [4, 4, 2] });
    stack(image).apply(ramp([1, 4, 4, 2]));
  }
  expect(seen).toEqual([
    [2, 4, 3],
    [1, 4, 4, 3],
    [2, 3, 3],
    [1, 3, 3, 3],
  ]);
});

describe('bad input', () => {
  const conv = (options: object, inputShape: readonly (number | null)[] = [8, 8, 3]) =>
    failure(
      () =>
        stack(layers.conv2d({ filters: 4, kernelSize: 3, name: 'first', inputShape, ...options } as never))
          .weights,
    );

  it.each([
    [{ kernelSize: 9 }, "the kernel's height 9 exceeds the padded input's 8", 'kernelSize'],
    [{ kernelSize: 5, dilations: 2 }, "height 9 (5 dilated by 2) exceeds the padded input's 8", 'kernelSize'],
    [{ groups: 2 }, 'groups 2 does not divide the 3 channels', 'groups'],
    [{ groups: 3 }, 'groups 3 does not divide the 4 filters', 'groups'],
    [{ filters: 0 }, 'filters is 0', 'filters'],
    [{ kernelSize: [3] }, 'kernelSize is [3]', 'kernelSize'],
    [{ strides: 0 }, 'strides is 0', 'strides'],
    [{ dilations: 1.5 }, 'dilations is 1.5', 'dilations'],
    [{ padding: 'full' }, "padding is 'full'", 'padding'],
    [{ padding: -1 }, 'padding is -1', 'padding'],
    [{ useBias: 1 }, 'useBias is 1', 'useBias'],
    [{ kernelRegularizer: 3 }, 'kernelRegularizer is number, not a regularizer', 'kernelRegularizer'],
  ])('%o', (options, message, role) => {
    const error = conv(options);
    expect(error.op).toBe("conv2d 'first'");
    expect(error.message).toContain(message);
    expect(error.roles).toContain(role);
  });

  it('images of another rank, free or other channels, and names of other libraries', () => {
    expect(conv({}, [8, 8]).fix).toContain('[batch, height, width, channels]');
    expect(conv({}, [8, 8, null]).roles).toEqual(['inputShape']);
    expect(conv({ dilationRate: 2 }).fix).toContain('dilations: 2');
    expect(conv({ dataFormat: 'channelsFirst' }).fix).toContain('channels come last');
    expect(conv({ kernelSise: 2 }).fix).toContain("'kernelSize'");
    expect(conv({ kernelRegularizer: 'l3' }).fix).toContain("'l1'");
    expect(conv({ biasConstraint: 'nonneg' }).fix).toContain("'nonNeg'");
    const net = stack(
      layers.conv2d({ filters: 4, kernelSize: 3, name: 'first', inputShape: [null, null, 3] }),
    );
    const channels = failure(() => net.apply(ramp([1, 8, 8, 2])));
    expect(channels.message).toContain("conv2d 'first': input has 2 channels, kernel expects 3; ");
    expect(failure(() => net.apply(ramp([1, 2, 8, 3]))).message).toContain(
      "conv2d 'first': the kernel's height 3",
    );
  });

  it.each([
    ['conv1d', 3, () => layers.conv1d({ ...CONV, name: 'first' })],
    ['conv2d', 4, () => layers.conv2d({ ...CONV, name: 'first' })],
    ['conv2dTranspose', 4, () => layers.conv2dTranspose({ ...CONV, name: 'first' })],
    ['depthwiseConv2d', 4, () => layers.depthwiseConv2d({ kernelSize: 2, name: 'first' })],
    ['separableConv2d', 4, () => layers.separableConv2d({ ...CONV, name: 'first' })],
    ['maxPooling1d', 3, () => layers.maxPooling1d({ name: 'first' })],
    ['averagePooling2d', 4, () => layers.averagePooling2d({ name: 'first' })],
    ['globalMaxPooling2d', 4, () => layers.globalMaxPooling2d({ name: 'first' })],
  ] as const)('integers into %s, as soon as it is applied', (type, rank, make) => {
    const whole = layers.input({ shape: [8, 8, 3].slice(4 - rank), dtype: 'int32' });
    const error = failure(() => make().apply(whole));
    expect(error).toMatchObject({ op: `${type} 'first'`, roles: ['input'] });
    expect(error.message).toContain('the input is int32, not float32');
    const outputs = make().apply(layers.rescaling({ scale: 1 }).apply(whole));
    expect(outputs.dtype).toBe('float32');
  });

  it('of the others', () => {
    const transposed = (options: object) =>
      failure(() => layers.conv2dTranspose({ filters: 1, kernelSize: 3, ...options }));
    expect(transposed({ padding: 'same', outputPadding: 1 }).roles).toContain('padding');
    expect(transposed({ outputPadding: 1 }).roles).toContain('strides');
    expect(
      failure(() =>
        layers
          .conv2dTranspose({ filters: 1, kernelSize: 1, padding: 2 })
          .apply(layers.input({ shape: [2, 9, 1] })),
      ).message,
    ).toContain("nothing of the output's height");
    const short = failure(() =>
      layers.conv1d({ filters: 1, kernelSize: 5 }).apply(layers.input({ shape: [4, 2] })),
    );
    expect(short.message).toContain("conv1d: the kernel's length 5 exceeds the padded input's 4");
    expect(failure(() => layers.conv1d({ filters: 1, kernelSize: 2, padding: [1] } as never)).roles).toEqual([
      'padding',
    ]);
    expect(failure(() => layers.conv1d({ filters: 1, kernelSize: [2] } as never)).roles).toEqual([
      'kernelSize',
    ]);
    expect(failure(() => layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 0 })).roles).toEqual([
      'depthMultiplier',
    ]);
    expect(failure(() => layers.depthwiseConv2d({ kernelSize: 2, filters: 3 } as never)).roles).toEqual([
      'option',
    ]);
  });
});
