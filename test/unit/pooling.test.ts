/** Pooling against TensorFlow.js, its ties, its errors, and what it costs. */

import { beforeAll, describe, expect, it } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import { compileGraph } from '../../src/compiler/compile.js';
import { init, tensor } from '../../src/engine/index.js';
import type { Graph, Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import * as ops from '../../src/ops/index.js';
import type { PoolOptions } from '../../src/ops/pooling/window.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { failure } from '../kit/failure.js';
import { fill, hash } from '../kit/fill.js';
import { inputValue } from '../kit/host-program.js';
import { kernelKeys } from '../kit/kernel-keys.js';
import { tf } from '../kit/tfjs.js';

beforeAll(() => init({ device: 'cpu' }));

const POOLINGS: readonly (readonly [
  shape: number[],
  poolSize: number,
  strides: number,
  padding: 'valid' | 'same',
])[] = [
  [[2, 6, 8, 3], 2, 2, 'valid'],
  [[2, 7, 5, 4], 2, 2, 'valid'],
  [[1, 7, 8, 3], 3, 2, 'valid'],
  [[2, 7, 8, 2], 3, 2, 'same'],
  [[2, 6, 5, 1], 2, 2, 'same'],
  [[1, 6, 5, 4], 3, 1, 'same'],
];

describe.each(['maxPool', 'averagePool'] as const)('%s agrees with TensorFlow.js', (op) => {
  it.each(POOLINGS)('[%s], windows of %s, strides %s, %s', (shape, poolSize, strides, padding) => {
    const name = `${op} ${shape} ${poolSize} ${strides} ${padding}`;
    const { data } = fill({ shape }, hash(name), 0);
    const x = inputValue('x', shape);
    const y = (op === 'maxPool' ? ops.maxPool : ops.averagePool)(x, { poolSize, strides, padding });
    const peer = tf.tensor4d(Float32Array.from(data), shape as [number, number, number, number]);
    const pool = (t: tf.Tensor): tf.Tensor =>
      (op === 'maxPool' ? tf.maxPool : tf.avgPool)(t as tf.Tensor4D, poolSize, strides, padding);
    const expected = pool(peer);
    const dy = fill({ shape: y.shape }, hash(name), 1).data;
    const [slope] = gradients([y], [constant(dy, y.shape, 'float32')], [x]);
    const [got, dx] = evaluateValues([y, slope as Value], new Map([[x.node, data]]));
    expect(got?.shape).toEqual(expected.shape);
    expectClose(got?.data ?? [], expected.dataSync());
    // Its gradient of an average at the border divides by the whole window, its forward pass by the cells within: finite differences judge.
    if (op === 'averagePool' && padding === 'same') return;
    const [want] = tf.grads(pool)([peer], tf.tensor(Float32Array.from(dy), [...y.shape]));
    expectClose(dx?.data ?? [], (want as tf.Tensor).dataSync());
  });
});

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (actual[i] as number))));
  expect(worst).toBeLessThan(2e-6);
}

describe('ties', () => {
  const slopeOf = (data: number[], shape: number[], options: PoolOptions): number[] => {
    const x = inputValue('x', shape);
    const [slope] = gradients([ops.maxPool(x, options)], [null], [x]);
    const [dx] = evaluateValues([slope as Value], new Map([[x.node, Float32Array.from(data)]]));
    return [...(dx?.data ?? [])];
  };

  it('give the gradient to the first of equal cells', () => {
    expect(slopeOf([3, 3, 3, 3], [1, 2, 2, 1], { poolSize: 2 })).toEqual([1, 0, 0, 0]);
    expect(slopeOf([1, 2, 2, 2], [1, 2, 2, 1], { poolSize: 2 })).toEqual([0, 1, 0, 0]);
    expect(slopeOf([-1, -5, -1, -1], [1, 4, 1], { poolSize: 3, strides: 1 })).toEqual([1, 0, 1, 0]);
  });

  it('what is no number wins only where it comes first, as in the kernel', () => {
    expect(slopeOf([1, Number.NaN, 2], [1, 3, 1], { poolSize: 3 })).toEqual([0, 0, 1]);
    expect(slopeOf([1, 2, Number.NaN], [1, 3, 1], { poolSize: 3 })).toEqual([0, 1, 0]);
    expect(slopeOf([Number.NaN, 1, 2], [1, 3, 1], { poolSize: 3 })).toEqual([1, 0, 0]);
  });

  it('never go to the padding, which is smaller than nothing', () => {
    expect(
      slopeOf([-7, -8], [1, 2, 1, 1], {
        poolSize: [2, 1],
        strides: 1,
        padding: [
          [1, 1],
          [0, 0],
        ],
      }),
    ).toEqual([2, 1]);
  });
});

describe('costs', () => {
  const planOf = (build: (x: Value) => Value, backward: boolean) => {
    const x = inputValue('x', [32, 24, 24, 64]);
    const y = build(x);
    const [slope] = backward ? gradients([y], [null], [x]) : [];
    const outputs = [{ name: 'y', value: slope ?? y }];
    const graph: Graph = { inputs: [{ name: 'x', value: x }], outputs, updates: [] };
    return compileGraph(graph, { name: 'pool', capabilities: DEFAULT_CAPABILITIES });
  };

  it('inference writes no winners', () => {
    const { steps } = planOf((x) => ops.maxPool(x, { poolSize: 2 }), false);
    expect(steps.length).toBe(1);
    const kernels = steps.flatMap(({ dispatches }) => dispatches.map(({ kernel }) => kernel));
    expect(kernels.map(({ bindings }) => bindings.map(({ name }) => name))).toEqual([['x', 'y']]);
  });

  it.each([
    ['maxPool', ops.maxPool],
    ['averagePool', ops.averagePool],
  ])('%s over the whole image has the same kernels for every size and batch', (_, pool) => {
    const keysOf = (batch: number, height: number, width: number): string[] => {
      const x = inputValue('x', [batch, height, width, 4]);
      const y = pool(x, { poolSize: [height, width] });
      const [slope] = gradients([y], [null], [x]);
      const dy = inputValue('dy', x.shape);
      const [twice] = gradients([slope as Value], [dy], [slope?.node.inputs[0] as Value]);
      return [y, slope, twice].flatMap((value) => kernelKeys(value as Value));
    };
    const keys = keysOf(2, 3, 5);
    expect(keys).toHaveLength(3);
    expect(keysOf(1, 16, 16)).toEqual(keys);
    expect(keysOf(3, 40, 30)).toEqual(keys);
  });

  it('relu moves behind the pooling, into its kernel, so that nothing of the size of the image is kept', () => {
    const build = (x: Value): Value => ops.maxPool(ops.relu(x), { poolSize: 2 });
    expect(planOf(build, false).steps.length).toBe(1);
    const { steps, peakBytes } = planOf(build, true);
    expect(steps.length).toBeLessThanOrEqual(3);
    // The gradient of the whole image; dy and a byte for each winner, of a quarter of its cells.
    const image = 32 * 24 * 24 * 64 * 4;
    expect(peakBytes).toBeLessThanOrEqual(image + image / 4 + image / 16);
  });
});

describe('layers', () => {
  const shapeAfter = (layer: ReturnType<typeof layers.maxPooling2d>, shape: (number | null)[]) =>
    layer.apply(layers.input({ shape })).shape;

  it('tell their shapes, free extents too', () => {
    expect(shapeAfter(layers.maxPooling2d(), [7, 6, 3])).toEqual([null, 3, 3, 3]);
    expect(shapeAfter(layers.maxPooling2d({ padding: 'same' }), [7, 6, 3])).toEqual([null, 4, 3, 3]);
    expect(
      shapeAfter(
        layers.averagePooling2d({
          poolSize: [3, 2],
          strides: 1,
          padding: [
            [1, 0],
            [0, 1],
          ],
        }),
        [7, null, 3],
      ),
    ).toEqual([null, 6, null, 3]);
    expect(shapeAfter(layers.maxPooling1d({ poolSize: 3 }), [7, 3])).toEqual([null, 2, 3]);
    expect(shapeAfter(layers.globalMaxPooling1d({ keepDims: true }), [7, 3])).toEqual([null, 1, 3]);
    expect(shapeAfter(layers.globalAveragePooling2d(), [7, 6, 3])).toEqual([null, 3]);
    expect(shapeAfter(layers.upSampling2d({ size: [2, 3] }), [4, null, 3])).toEqual([null, 8, null, 3]);
    expect(shapeAfter(layers.zeroPadding2d({ padding: [1, 2] }), [4, 4, 3])).toEqual([null, 6, 8, 3]);
    expect(
      shapeAfter(
        layers.cropping2d({
          cropping: [
            [1, 0],
            [2, 1],
          ],
        }),
        [4, 4, 3],
      ),
    ).toEqual([null, 3, 1, 3]);
  });

  it('compute what they say', async () => {
    const x = layers.input({ shape: [2, 2, 1] });
    const outputs = [
      layers.globalMaxPooling2d().apply(x),
      layers.globalAveragePooling2d().apply(x),
      layers.flatten().apply(layers.upSampling2d({ size: [1, 2] }).apply(x)),
      layers.flatten().apply(
        layers
          .cropping2d({
            cropping: [
              [1, 0],
              [0, 1],
            ],
          })
          .apply(layers.zeroPadding2d().apply(x)),
      ),
    ];
    const net = new Network({ inputs: x, outputs });
    const image = [
      [
        [[1], [5]],
        [[2], [4]],
      ],
    ];
    const results = await Promise.all(net.apply([tensor(image)]).map((one) => one.array()));
    expect(results).toEqual([[[5]], [[3]], [[1, 1, 5, 5, 2, 2, 4, 4]], [[0, 1, 5, 0, 2, 4, 0, 0, 0]]]);
    net.dispose();
  });

  it('pad sequences by [before, after]', async () => {
    const layer = layers.maxPooling1d({ poolSize: 3, strides: 3, padding: [2, 1], inputShape: [3, 1] });
    const net = new Network({ layers: [layer] });
    expect(net.outputs[0]?.shape).toEqual([null, 2, 1]);
    expect(await net.apply(tensor([[[-4], [-3], [-5]]])).array()).toEqual([[[-4], [-3]]]);
    expect(failure(() => layers.averagePooling1d({ padding: [0, 2] })).roles).toEqual(['padding']);
    expect(failure(() => layers.maxPooling1d({ padding: [1] } as never)).fix).toContain('[before, after]');
  });

  it('refuse what cannot be', () => {
    const image = (): ReturnType<typeof layers.input> => layers.input({ shape: [3, 3, 1] });
    const tooLarge = failure(() => layers.maxPooling2d({ poolSize: 4, name: 'pool' }).apply(image()));
    expect(tooLarge).toMatchObject({ op: "maxPooling2d 'pool'", roles: ['poolSize', 'input'] });
    expect(failure(() => layers.maxPooling2d({ poolSize: 0 })).roles).toEqual(['poolSize']);
    expect(failure(() => layers.maxPooling2d({ strides: [1, 0] })).roles).toEqual(['strides']);
    expect(failure(() => layers.maxPooling2d({ padding: 2 })).roles).toEqual(['padding']);
    expect(failure(() => layers.maxPooling2d({ padding: 'full' } as never)).roles).toEqual(['padding']);
    expect(failure(() => layers.maxPooling2d({ dataFormat: 'channelsFirst' } as never)).roles).toEqual([
      'option',
    ]);
    expect(failure(() => layers.maxPooling1d().apply(image())).roles).toEqual(['input']);
    expect(failure(() => layers.cropping2d({ cropping: 2 }).apply(image())).roles).toEqual([
      'cropping',
      'input',
    ]);
    expect(failure(() => layers.upSampling2d({ interpolation: 'cubic' } as never)).roles).toEqual([
      'interpolation',
    ]);
    expect(failure(() => layers.zeroPadding2d({ padding: -1 })).roles).toEqual(['padding']);
  });
});

it('ops refuse other ranks and dtypes, windows that do not fit, and padding as large as the window', () => {
  const x = inputValue('x', [2, 4, 4, 3]);
  expect(failure(() => ops.maxPool(inputValue('x', [4, 4]), { poolSize: 2 })).roles).toEqual(['x']);
  expect(failure(() => ops.maxPool(inputValue('x', [2, 4, 4, 3], 'int32'), { poolSize: 2 })).roles).toEqual([
    'x',
  ]);
  expect(failure(() => ops.maxPool(x, { poolSize: 5 })).roles).toEqual(['input', 'kernel']);
  const sequence = failure(() => ops.maxPool(inputValue('x', [2, 4, 3]), { poolSize: 5 }));
  expect(sequence.message).toContain("the kernel's length 5 exceeds the padded input's 4");
  expect(failure(() => ops.averagePool(x, { poolSize: 2, padding: 2 })).roles).toEqual([
    'padding',
    'poolSize',
  ]);
  expect(failure(() => ops.averagePool(x, { poolSize: 2, stride: 2 } as never)).roles).toEqual(['option']);
  expect(failure(() => ops.affineSample(x, inputValue('m', [2, 5]))).roles).toEqual(['x', 'transforms']);
  expect(failure(() => ops.upSampling(inputValue('x', [4, 4]))).roles).toEqual(['x']);
  expect(failure(() => ops.standardize(x, { epsilon: 0 })).roles).toEqual(['epsilon']);
  expect(failure(() => ops.standardize(x, { axis: 0, scale: x })).roles).toEqual(['scale']);
});
