/** The graph of layers: sequential and functional models, names, weights, seeds, summaries and configs. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, ops, type Tensor, tensor } from '../../src/engine/index.js';
import { defineLayer, type Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const plus = defineLayer<Readonly<Record<never, never>>>({
  type: 'plus',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    call: ([a, b]) => ops.add(a as Tensor, b as Tensor),
  }),
});

const classifier = (seed = 42): Network =>
  new Network({
    layers: [
      layers.dense({ units: 128, activation: 'relu', inputShape: [784] }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 10, name: 'logits' }),
    ],
    name: 'classifier',
    seed,
  });

/** Two inputs, a shared layer, two outputs. */
function siamese(): Network {
  const left = layers.input({ shape: [3], name: 'left' });
  const right = layers.input({ shape: [3] });
  const shared = layers.dense({ units: 2, name: 'shared', kernelInitializer: 'ones' });
  const a = shared.apply(left);
  const b = shared.apply(right);
  const sum = plus().apply([a, b]);
  return new Network({ inputs: [left, right], outputs: [sum, b], name: 'siamese' });
}

describe('a sequential network', () => {
  it('counts names and parameters, and finds layers', () => {
    const net = classifier();
    expect(net.layers.map(({ name }) => name)).toEqual(['dense_1', 'dropout_1', 'logits']);
    expect(net.weights.map(({ name, shape }) => [name, shape])).toEqual([
      ['dense_1/kernel', [784, 128]],
      ['dense_1/bias', [128]],
      ['logits/kernel', [128, 10]],
      ['logits/bias', [10]],
    ]);
    expect(net.countParams()).toBe(101_770);
    expect([net.inputNames, net.outputNames]).toEqual([['input_1'], ['logits']]);
    expect(net.getLayer('logits').type).toBe('dense');
    expect(failure(() => net.getLayer('logit')).fix).toContain("did you mean 'logits'");
  });

  it('prints its summary', () => {
    const net = classifier();
    expect(net.summary()).toMatchInlineSnapshot(`
      "Model 'classifier'
      Layer      Type     Output shape  Parameters
      ────────────────────────────────────────────
      input_1    input    [any,784]              0
      dense_1    dense    [any,128]        100,480
      dropout_1  dropout  [any,128]              0
      logits     dense    [any,10]           1,290
      ────────────────────────────────────────────
      Parameters: 101,770 (101,770 trainable, 0 not)"
    `);
    const lines: string[] = [];
    net.summary({ printFn: (line) => lines.push(line) });
    expect(lines.join('\n')).toBe(net.summary());
    expect(failure(() => net.summary({ print: 1 } as never)).roles).toEqual(['option']);
  });

  it('lays its parameters side by side, and the control scalars in the order of the tail', () => {
    const net = classifier();
    const places = net.trainableWeights.map(({ ref }) => ref.place());
    expect(new Set(places.map(({ arena }) => arena)).size).toBe(1);
    expect(places.map(({ offset }) => offset)).toEqual([0, 401_408, 401_920, 407_040]);
    const { cursor, halted, step, apply, fault } = net.control;
    expect([cursor, halted, step, apply, fault].map(({ ref }) => ref.place().offset)).toEqual([
      0, 256, 512, 768, 1024,
    ]);
    expect(net.counter).toBe(step);
  });

  it('grows until it is used', () => {
    const net = new Network({ layers: [] });
    expect(failure(() => net.weights).roles).toEqual(['layers']);
    expect(failure(() => net.add(layers.dense({ units: 2 }))).roles).toEqual(['inputShape']);
    const fresh = new Network({ layers: [] });
    fresh.add(layers.dense({ units: 2, inputShape: [2] }));
    fresh.add(layers.dense({ units: 5 }));
    expect(fresh.outputs[0]?.shape).toEqual([null, 5]);
    expect(failure(() => fresh.add(layers.dense({ units: 1 }))).message).toContain('in use already');
    expect(failure(() => siamese().add(layers.dense({ units: 1 }))).message).toContain('functional');
  });

  it('refuses what does not fit together', () => {
    const make = (...list: Layer[]) => failure(() => new Network({ layers: list }));
    const first = () => layers.dense({ units: 4, name: 'a', inputShape: [2] });
    expect(make(first(), layers.dense({ units: 1, name: 'a' })).values).toEqual({ name: 'a' });
    expect(make(first(), layers.dense({ units: 1, inputShape: [3] })).roles).toEqual(['inputShape', 'input']);
    const taken = first();
    expect(new Network({ layers: [taken] }).layers[0]).toBe(taken);
    expect(failure(() => new Network({ layers: [], seed: -1 })).roles).toEqual(['seed']);
    expect(failure(() => new Network({ layers: [], name: '' })).roles).toEqual(['name']);
  });

  it('shares a layer that stands there twice', async () => {
    const twice = layers.dense({ units: 2, useBias: false, inputShape: [2] });
    const net = new Network({ layers: [twice, twice] });
    expect(net.weights).toHaveLength(1);
    net.setWeights([
      [
        [0, 1],
        [2, 0],
      ],
    ]);
    expect(await net.apply(tensor([[1, 3]])).array()).toEqual([[2, 6]]);
  });
});

describe('a functional network', () => {
  it('takes several inputs, shares layers, gives several outputs', async () => {
    const net = siamese();
    expect(net.inputNames).toEqual(['left', 'input_1']);
    expect(net.outputNames).toEqual(['plus_1', 'shared']);
    expect(net.weights).toHaveLength(2);
    const results = net.apply([tensor([[1, 2, 3]]), tensor([[10, 20, 30]])]);
    expect(await Promise.all(results.map((one) => one.array()))).toEqual([[[66, 66]], [[60, 60]]]);
    expect(net.getLayer('plus_1').output).toBe(net.outputs[0]);
    expect(failure(() => net.getLayer('shared').output).values).toEqual({ uses: 2 });
  });

  it('prints what feeds what', () => {
    expect(siamese().summary()).toMatchInlineSnapshot(`
      "Model 'siamese'
      Layer    Type   Output shape  Parameters  Inputs
      ────────────────────────────────────────────────────────
      left     input  [any,3]                0
      input_1  input  [any,3]                0
      shared   dense  [any,2]                8  left
      shared   dense  [any,2]           shared  input_1
      plus_1   plus   [any,2]                0  shared, shared
      ────────────────────────────────────────────────────────
      Parameters: 8 (8 trainable, 0 not)"
    `);
  });

  it('counts the names of outputs from one layer', () => {
    const [a, b] = [layers.input({ shape: [2] }), layers.input({ shape: [2] })];
    const shared = layers.dense({ units: 1 });
    const net = new Network({ inputs: [a, b], outputs: [shared.apply(a), shared.apply(b)] });
    expect(net.outputNames).toEqual(['dense_1', 'dense_1_2']);
  });

  it('refuses graphs that are not connected', () => {
    const [a, b] = [layers.input({ shape: [2], name: 'a' }), layers.input({ shape: [2], name: 'b' })];
    const sum = plus().apply([a, b]);
    expect(failure(() => new Network({ inputs: a, outputs: sum }))).toMatchObject({
      roles: ['inputs'],
      values: { name: 'b' },
    });
    const single = layers.flatten().apply(a);
    expect(failure(() => new Network({ inputs: [a, b], outputs: single }))).toMatchObject({
      roles: ['outputs'],
      values: { name: 'b' },
    });
    expect(failure(() => new Network({ inputs: [a, a], outputs: single })).message).toContain('twice');
    expect(failure(() => new Network({ inputs: single, outputs: single })).message).toContain(
      'output of flatten',
    );
    expect(failure(() => new Network({ inputs: [], outputs: single })).roles).toEqual(['inputs']);
    expect(failure(() => new Network({ inputs: a, outputs: [] })).roles).toEqual(['outputs']);
    expect(failure(() => new Network({ inputs: a, outputs: {} as never })).roles).toEqual(['outputs']);
    const same = layers.input({ shape: [2], name: 'a' });
    expect(
      failure(() => new Network({ inputs: [a, same], outputs: plus().apply([a, same]) })).values,
    ).toEqual({ name: 'a' });
  });

  it('refuses a shared layer whose second input needs another kernel', () => {
    const [a, b] = [layers.input({ shape: [2] }), layers.input({ shape: [3] })];
    const shared = layers.dense({ units: 1, name: 'shared' });
    const outputs = [shared.apply(a), shared.apply(b)];
    const error = failure(() => new Network({ inputs: [a, b], outputs }));
    expect(error).toMatchObject({
      op: "dense 'shared'",
      roles: ['input', 'kernel'],
      values: { wanted: [3, 1], has: [2, 1] },
    });
  });

  it('refuses other numbers of tensors, dtypes and shapes', () => {
    const net = siamese();
    const x = tensor([[1, 2, 3]]);
    expect(failure(() => net.apply(x)).values).toMatchObject({ inputs: 2, outputs: 2, given: 1 });
    expect(failure(() => net.apply([x, x, x])).roles).toEqual(['x']);
    expect(failure(() => net.apply([x, tensor(Int32Array.of(1, 2, 3), { shape: [1, 3] })])).values).toEqual({
      expected: 'float32',
      actual: 'int32',
    });
    const flat = new Network({ layers: [layers.flatten({ inputShape: [2, 3] })] });
    expect(
      failure(() =>
        flat.apply(
          tensor([
            [
              [1, 2],
              [3, 4],
              [5, 6],
            ],
          ]),
        ),
      ).values,
    ).toEqual({ expected: [null, 2, 3], actual: [1, 3, 2] });
  });

  it('checks the options of inputs', () => {
    expect(failure(() => layers.input({ shape: [0] })).roles).toEqual(['shape']);
    expect(failure(() => layers.input({ shape: [1], dtype: 'float' as never })).fix).toContain("'float32'");
    expect(failure(() => layers.input({ shap: [1] } as never)).fix).toContain("'shape'");
  });
});

describe('weights', () => {
  it('depend on the seed alone, not on layers without weights', async () => {
    const dense = () => [layers.dense({ units: 3, inputShape: [4] }), layers.dense({ units: 2 })] as const;
    const [first, last] = dense();
    const plain = new Network({ layers: [first, last], seed: 7 });
    const [other, end] = dense();
    const dropped = new Network({ layers: [other, layers.dropout({ rate: 0.5 }), end], seed: 7 });
    expect(await dropped.getWeights()).toEqual(await plain.getWeights());
    const reseeded = new Network({ layers: [...dense()], seed: 8 });
    expect(await reseeded.getWeights()).not.toEqual(await plain.getWeights());
  });

  it('of equal shapes differ', async () => {
    const square = () => layers.dense({ units: 3, useBias: false, inputShape: [3] });
    const [first, second] = await new Network({ layers: [square(), square()] }).getWeights();
    expect(second?.data).not.toEqual(first?.data);
  });

  it('go out and in again', async () => {
    const [a, b] = [classifier(1), classifier(2)];
    b.setWeights(await a.getWeights());
    expect(await b.getWeights()).toEqual(await a.getWeights());
  });

  it('are checked before the first is written', async () => {
    const net = new Network({ layers: [layers.dense({ units: 2, inputShape: [1] })] });
    const before = await net.getWeights();
    expect(failure(() => net.setWeights([[[1, 2]]])).values).toMatchObject({ given: 1 });
    const error = failure(() => net.setWeights([[[1, 2]], [1, 2, 3]]));
    expect(error).toMatchObject({
      op: 'setWeights',
      roles: ['dense_1/bias'],
      values: { weight: [2], value: [3] },
    });
    expect(
      failure(() =>
        net.setWeights([
          [[1], [2]],
          [1, 2],
        ]),
      ).roles,
    ).toEqual(['dense_1/kernel']);
    expect(await net.getWeights()).toEqual(before);
    net.setWeights([Float32Array.of(5, 6), Float64Array.of(7, 8)]);
    expect((await net.getWeights()).map(({ data }) => [...data])).toEqual([
      [5, 6],
      [7, 8],
    ]);
  });

  it('are gone after dispose', () => {
    const net = classifier();
    expect(net.weights).toHaveLength(4);
    net.dispose();
    expect(net.weights.some(({ ref }) => net.store.holds(ref))).toBe(false);
  });
});

describe('config', () => {
  it('makes the same model again, through JSON', async () => {
    for (const [net, kinds] of [
      [classifier(), {}],
      [siamese(), { plus }],
    ] as const) {
      const config: unknown = JSON.parse(JSON.stringify(net.config));
      const again = networkFromConfig(config, { layers: kinds });
      expect(again.config).toEqual(net.config);
      expect(again.summary()).toBe(net.summary());
      expect(await again.getWeights()).toEqual(await net.getWeights());
      expect([again.inputNames, again.outputNames]).toEqual([net.inputNames, net.outputNames]);
    }
  });

  it('keeps options, initializers among them', () => {
    const made = layers.dense({
      units: 3,
      activation: 'tanh',
      kernelInitializer: 'heNormal',
      inputShape: [2],
      trainable: false,
    });
    const net = new Network({ layers: [made, layers.reshape({ targetShape: [3, 1] })] });
    const [dense, reshape] = networkFromConfig(net.config).layers;
    expect(dense?.config).toEqual({
      type: 'dense',
      name: 'dense_1',
      trainable: false,
      options: { units: 3, activation: 'tanh', kernelInitializer: 'heNormal' },
    });
    expect(reshape?.config.options).toEqual({ targetShape: [3, 1] });
  });

  it('refuses functions, unknown layers and damaged data', () => {
    const own = new Network({ layers: [layers.activation({ activation: (x) => x, inputShape: [1] })] });
    expect(failure(() => own.config)).toMatchObject({
      op: "activation 'activation_1'",
      roles: ['activation'],
    });
    expect(failure(() => networkFromConfig(siamese().config)).fix).toContain('{ layers: { plus } }');
    const good = classifier().config;
    const damaged: unknown[] = [
      null,
      [],
      { ...good, format: 2 },
      { ...good, seed: 'x' },
      { ...good, layers: 3 },
      { ...good, layers: [{ type: 'dense' }] },
      { ...good, calls: [{ layer: 9, inputs: [0] }] },
      { ...good, calls: [{ layer: 0, inputs: [-1] }] },
      { ...good, outputs: ['constructor'] },
    ];
    for (const config of damaged) expect(failure(() => networkFromConfig(config)).op).toBe('load');
    const options = { ...good, layers: good.layers.map((layer) => ({ ...layer, options: { evil: 1 } })) };
    expect(failure(() => networkFromConfig(options)).roles).toEqual(['option']);
  });
});
