/** Layers: shapes, forward numbers by hand, options, and the protocol by which users make their own. */

import { beforeAll, describe, expect, it } from 'vitest';
import { type DType, init, ops, type Tensor, tensor, type Variable } from '../../src/engine/index.js';
import { defineLayer, type Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import type { FreeShape } from '../../src/nn/shapes.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const stack = (...list: Layer[]): Network => new Network({ layers: list, seed: 1 });
const shapeAfter = (layer: Layer, shape: FreeShape): FreeShape => layer.apply(layers.input({ shape })).shape;

describe('dense', () => {
  it('gives activation(x · kernel + bias)', async () => {
    const net = stack(layers.dense({ units: 2, activation: 'relu', inputShape: [3] }));
    net.setWeights([
      [
        [1, -1],
        [2, 0],
        [0, 3],
      ],
      [0.5, -4],
    ]);
    const x = tensor([
      [1, 2, 3],
      [-1, 0, 1],
    ]);
    expect(await net.apply(x).array()).toEqual([
      [5.5, 4],
      [0, 0],
    ]);
  });

  it('works on the last axis of any rank, without bias', async () => {
    const net = stack(layers.dense({ units: 1, useBias: false, inputShape: [2, 2] }));
    net.setWeights([[[10], [1]]]);
    expect(net.outputs[0]?.shape).toEqual([null, 2, 1]);
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(await net.apply(x).array()).toEqual([[[12], [34]]]);
  });

  it('takes initializers, and glorotUniform by default', async () => {
    const net = stack(
      layers.dense({
        units: 2,
        kernelInitializer: 'ones',
        biasInitializer: { name: 'constant', config: { value: 3 } },
        inputShape: [2],
      }),
      layers.dense({ units: 400 }),
    );
    const [kernel, bias, next, zeros] = await net.getWeights();
    expect([...(kernel?.data ?? []), ...(bias?.data ?? [])]).toEqual([1, 1, 1, 1, 3, 3]);
    const limit = Math.sqrt(6 / 402);
    expect(Math.max(...(next?.data ?? []))).toBeGreaterThan(0.95 * limit);
    expect(Math.max(...[...(next?.data ?? [])].map(Math.abs))).toBeLessThanOrEqual(limit);
    expect([...(zeros?.data ?? [])].every((value) => value === 0)).toBe(true);
  });

  it.each([0, -1, 2.5, undefined, '3'])('refuses %s units', (units) => {
    const error = failure(() => layers.dense({ units: units as number, name: 'hidden' }));
    expect(error).toMatchObject({ op: "dense 'hidden'", roles: ['units'], values: { units } });
    expect(error.fix).toContain('positive integer');
  });

  it('refuses unknown options, activations and initializers with the nearest', () => {
    const option = failure(() => layers.dense({ units: 1, activaton: 'relu' } as never));
    expect([option.roles, option.values.option]).toEqual([['option'], 'activaton']);
    expect(option.fix).toContain("'activation'");
    expect(failure(() => layers.dense({ units: 1, activation: 'sigmod' })).fix).toContain("'sigmoid'");
    expect(failure(() => layers.dense({ units: 1, kernelInitializer: 'glorot' })).roles).toEqual([
      'initializer',
    ]);
    expect(failure(() => layers.dense({ units: 1, useBias: 'no' } as never)).roles).toEqual(['useBias']);
    expect(failure(() => layers.dense({ units: 1, trainable: 1 } as never)).roles).toEqual(['trainable']);
    expect(failure(() => layers.dense({ units: 1, name: 'a/b' })).roles).toEqual(['name']);
    expect(failure(() => layers.dense({ units: 1, inputShape: [2.5] })).roles).toEqual(['inputShape']);
  });

  it('names features and kernel where an input does not fit', () => {
    const net = stack(layers.dense({ units: 2, name: 'hidden', inputShape: [4] }));
    const error = failure(() => net.apply(tensor([[1, 2, 3]])));
    expect(error.message).toContain("dense 'hidden': input has 3 features, kernel expects 4; ");
    expect(error).toMatchObject({ roles: ['input', 'kernel'], values: { input: [1, 3], kernel: [4, 2] } });
    expect(failure(() => net.apply(tensor([1, 2, 3, 4]))).op).toBe("dense 'hidden'");
  });

  it('refuses rank 1 and a free last extent', () => {
    expect(failure(() => shapeAfter(layers.dense({ units: 1 }), [])).roles).toEqual(['input']);
    const error = failure(() => stack(layers.dense({ units: 1, inputShape: [null] })).weights);
    expect(error.roles).toEqual(['inputShape']);
  });
});

describe('layers without weights', () => {
  it('flatten, reshape and rescaling', async () => {
    const x = tensor(
      Uint8Array.from({ length: 8 }, (_, index) => index * 10),
      { shape: [2, 2, 2] },
    );
    const net = stack(
      layers.rescaling({ scale: 0.1, offset: 1, inputShape: [2, 2] }),
      layers.flatten(),
      layers.reshape({ targetShape: [-1, 1] }),
    );
    expect(net.outputs[0]?.shape).toEqual([null, 4, 1]);
    expect(net.layers.map(({ output }) => [output].flat()[0]?.shape)).toEqual([
      [null, 2, 2],
      [null, 4],
      [null, 4, 1],
    ]);
    const y = net.apply(x);
    expect(y.shape).toEqual([2, 4, 1]);
    const found = [...(await y.data())];
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(index + 1, 5);
  });

  it('keep free extents and dtypes', () => {
    expect(shapeAfter(layers.flatten(), [null, 3])).toEqual([null, null]);
    expect(shapeAfter(layers.flatten(), [])).toEqual([null, 1]);
    expect(shapeAfter(layers.reshape({ targetShape: [2, -1] }), [null])).toEqual([null, 2, null]);
    expect(layers.flatten().apply(layers.input({ shape: [2], dtype: 'int32' })).dtype).toBe('int32');
  });

  it('activation by name and by function', async () => {
    const net = stack(
      layers.activation({ activation: 'relu', inputShape: [3] }),
      layers.activation({ activation: (x) => ops.mul(x, 2) }),
    );
    expect(await net.apply(tensor([[-1, 0, 3]])).array()).toEqual([[0, 0, 6]]);
    expect(failure(() => layers.activation({} as never)).roles).toEqual(['activation']);
  });

  it.each([
    layers.activation({ activation: 'relu', name: 'it' }),
    layers.activation({ activation: (x: Tensor) => x, name: 'it' }),
    layers.dropout({ rate: 0.5, name: 'it' }),
    layers.gaussianNoise({ stddev: 1, name: 'it' }),
    layers.dense({ units: 2, name: 'it' }),
    layers.batchNormalization({ name: 'it' }),
    layers.layerNormalization({ name: 'it' }),
    layers.groupNormalization({ groups: 1, name: 'it' }),
    layers.randomFlip({ name: 'it' }),
    layers.randomRotation({ factor: 0.1, name: 'it' }),
    layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1, name: 'it' }),
    layers.randomCrop({ height: 2, width: 2, name: 'it' }),
  ])('$type takes float32 alone, and says so as soon as it is applied', (layer) => {
    const error = failure(() => layer.apply(layers.input({ shape: [4, 4, 3], dtype: 'int32' })));
    expect(error.op).toBe(`${layer.type} 'it'`);
    expect(error.message).toContain('the input is int32, not float32');
    expect(error.fix).toContain('layers.rescaling');
    expect(layer.apply(layers.input({ shape: [4, 4, 3] })).dtype).toBe('float32');
  });

  it('reshape refuses what does not come out even', () => {
    expect(failure(() => shapeAfter(layers.reshape({ targetShape: [2, 2] }), [5])).values).toMatchObject({
      input: [5],
    });
    expect(failure(() => shapeAfter(layers.reshape({ targetShape: [2, -1] }), [5])).roles).toEqual([
      'input',
      'targetShape',
    ]);
    for (const targetShape of [[-1, -1], [0], [1.5], 3]) {
      expect(failure(() => layers.reshape({ targetShape } as never)).roles).toEqual(['targetShape']);
    }
    expect(failure(() => layers.rescaling({ scale: Number.NaN })).roles).toEqual(['scale']);
  });
});

describe('dropout', () => {
  it.each([-0.1, 1, Number.NaN, undefined])('refuses the rate %s', (rate) => {
    expect(failure(() => layers.dropout({ rate: rate as number }))).toMatchObject({
      op: 'dropout',
      roles: ['rate'],
    });
  });

  it('drops and scales while training only, anew at each step, equally for one seed', async () => {
    const x = tensor(new Float32Array(4000).fill(1), { shape: [4, 1000] });
    const net = stack(layers.dropout({ rate: 0.25, inputShape: [1000] }));
    expect((await net.apply(x).data()).every((value) => value === 1)).toBe(true);
    const masks = await net.apply(x, { training: true }).data();
    const dropped = masks.filter((value) => value === 0).length;
    expect(dropped).toBeGreaterThan(900);
    expect(dropped).toBeLessThan(1100);
    expect(masks.every((value) => value === 0 || value === Math.fround(1 / 0.75))).toBe(true);
    net.counter.assign(Uint32Array.of(1));
    expect(await net.apply(x, { training: true }).data()).not.toEqual(masks);
    const twin = stack(layers.dropout({ rate: 0.25, inputShape: [1000] }));
    expect(await twin.apply(x, { training: true }).data()).toEqual(masks);
    const seeded = stack(layers.dropout({ rate: 0.25, seed: 1, inputShape: [1000] }));
    expect(await seeded.apply(x, { training: true }).data()).toEqual(masks);
    const other = stack(layers.dropout({ rate: 0.25, seed: 2, inputShape: [1000] }));
    expect(await other.apply(x, { training: true }).data()).not.toEqual(masks);
  });

  it('two of them draw different masks', async () => {
    const x = tensor(new Float32Array(200).fill(1), { shape: [1, 200] });
    const input = layers.input({ shape: [200] });
    const net = new Network({
      inputs: input,
      outputs: [layers.dropout({ rate: 0.5 }).apply(input), layers.dropout({ rate: 0.5 }).apply(input)],
    });
    const [a, b] = net.apply([x], { training: true }) as [Tensor, Tensor];
    expect(await a.data()).not.toEqual(await b.data());
  });
});

describe("a layer of one's own", () => {
  interface ScaleOptions {
    readonly by: number;
    readonly moving?: boolean;
  }
  const scale = defineLayer<ScaleOptions, { readonly factor: Variable; readonly state: Variable }>({
    type: 'scale',
    options: ['by', 'moving'],
    create: ({ by }) => ({
      outputShape: ([shape = []]) => shape,
      build: (weights, [shape = []]) => ({
        factor: weights.add('factor', [shape.at(-1) ?? 0], { name: 'constant', config: { value: by } }),
        state: weights.add('state', [], 'zeros', { trainable: false }),
      }),
      call: ([x], { factor }) => ops.mul(x as Tensor, factor),
    }),
  });

  it('has options, weights, names and groups like the built-in ones', async () => {
    const net = stack(scale({ by: 3, inputShape: [2] }), scale({ by: 2, trainable: false }));
    expect(net.weights.map(({ name }) => name)).toEqual([
      'scale_1/factor',
      'scale_1/state',
      'scale_2/factor',
      'scale_2/state',
    ]);
    expect(net.trainableWeights.map(({ name }) => name)).toEqual(['scale_1/factor']);
    expect(await net.apply(tensor([[1, 2]])).array()).toEqual([[6, 12]]);
    expect(net.layers[0]?.config).toEqual({
      type: 'scale',
      name: 'scale_1',
      trainable: true,
      options: { by: 3 },
    });
    expect(failure(() => scale({ bye: 3 } as never)).fix).toContain("'by'");
  });

  it('is told where outputShape and call differ, and of weights without a size or name', () => {
    const broken = (shape: readonly number[], names: readonly string[]): Network =>
      stack(
        defineLayer<object, undefined>({
          type: 'broken',
          options: [],
          create: () => ({
            outputShape: () => [null, 7],
            build(weights) {
              for (const name of names) weights.add(name, shape, 'zeros');
              return undefined;
            },
            call: ([x]) => x as Tensor,
          }),
        })({ inputShape: [2] }),
      );
    const shapes = failure(() => broken([], []).apply(tensor([[1, 2]])));
    expect(shapes).toMatchObject({
      op: "broken 'broken_1'",
      values: { output: [1, 2], expected: [null, 7] },
    });
    expect(failure(() => broken([0], ['w']).weights).values).toEqual({ name: 'w', shape: [0] });
    expect(failure(() => broken([1], ['w', 'w']).weights).values).toEqual({ name: 'w' });
  });

  it('is told where its declared dtype is not the one that it gives', async () => {
    const ids = defineLayer<{ readonly declared?: DType }>({
      type: 'ids',
      options: ['declared'],
      create: ({ declared }) => ({
        outputShape: ([shape = []]) => shape,
        ...(declared && { outputDtype: () => declared }),
        call: ([x]) => ops.cast(x as Tensor, 'int32'),
      }),
    });
    const x = tensor([[1, 2]]);
    const error = failure(() => stack(ids({ inputShape: [2] })).apply(x));
    expect(error).toMatchObject({ op: "ids 'ids_1'", values: { output: 'int32', expected: 'float32' } });
    expect(error.fix).toContain("outputDtype() in the definition of the layer give 'int32'");
    const agreeing = stack(ids({ declared: 'int32', inputShape: [2] }));
    expect(await agreeing.apply(x).array()).toEqual([[1, 2]]);
  });

  it('can be applied to tensors once it belongs to a model', async () => {
    const hidden = layers.dense({ units: 2, useBias: false, inputShape: [2] });
    expect(failure(() => hidden.apply(tensor([[1, 2]]))).roles).toEqual(['layer']);
    const net = stack(hidden, layers.dense({ units: 1 }));
    expect(hidden.apply(tensor([[1, 2]])).shape).toEqual([1, 2]);
    expect(await hidden.apply(tensor([[1, 0]])).data()).toEqual((await net.weights[0]?.data())?.slice(0, 2));
    expect(failure(() => hidden.apply([])).roles).toEqual(['inputs']);
    expect(failure(() => hidden.apply(3 as never)).roles).toEqual(['inputs']);
  });
});
