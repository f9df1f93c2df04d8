/** Models as files: what is saved comes back and trains on to the same bits; files from strangers are refused with a clear error. */

import { beforeAll, describe, expect, it } from 'vitest';
import { HeddleError } from '../../src/core/errors.js';
import { randomStream } from '../../src/core/random.js';
import { type HostTensor, init, type NDArray, ops, type Tensor } from '../../src/engine/index.js';
import { parse, serialize } from '../../src/formats/safetensors.js';
import { load, save } from '../../src/nn/file.js';
import { defineLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { type Model, model, sequential } from '../../src/nn/model.js';
import * as optimizers from '../../src/optim/index.js';
import { rejection } from '../kit/rejection.js';
import { compiled, examples, smallModel, weightsOf } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const { x, y } = examples(22);
/** Five batches an epoch, the last of 2. */
const options = { batchSize: 5 };

/** Stops after `steps` steps. */
async function fitSteps(net: Model<NDArray>, steps: number, resume = false): Promise<void> {
  let left = steps;
  const onBatchEnd = (): void => {
    if (--left === 0) run.stop();
  };
  const run = net.fit(x, y, {
    ...options,
    epochs: 9,
    stepsPerSubmit: 1,
    resume,
    callbacks: [{ onBatchEnd }],
  });
  await run;
}

const copyOf = async (net: Model<NDArray>): Promise<Model<NDArray>> => load(await save(net));

describe('a file', () => {
  it.each([
    [3, 3],
    [5, 2],
    [8, 2],
  ])('saved after step %s trains on to the bits of a run that was not broken', async (steps, epochs) => {
    const unbroken = compiled({ dropout: 0.3 });
    await unbroken.fit(x, y, { ...options, epochs: 3 });
    const first = compiled({ dropout: 0.3 });
    await fitSteps(first, steps);
    const second = await copyOf(first);
    await second.fit(x, y, { ...options, epochs, resume: true });
    expect(await weightsOf(second)).toEqual(await weightsOf(unbroken));
    expect(await save(second)).toEqual(await save(unbroken));
  });

  it('of a model in the midst of a fit holds whole steps', async () => {
    const net = compiled();
    const run = net.fit(x, y, { ...options, epochs: 4 });
    const bytes = await new Promise<Uint8Array>((resolve, reject) => {
      setTimeout(() => save(net).then(resolve, reject), 5);
    });
    await run;
    const copy = await load(bytes);
    const steps = (await copy.control.step.data())[0] as number;
    expect(copy.trainer('test').position.step).toBe(steps);
    const fresh = compiled();
    if (steps > 0) await fitSteps(fresh, steps);
    expect(await weightsOf(copy)).toEqual(await weightsOf(fresh));
  });

  it('is the same, byte for byte, when it is saved again', async () => {
    const net = compiled();
    await net.fit(x, y, options);
    const bytes = await save(net);
    expect(await save(await load(bytes))).toEqual(bytes);
  });

  it('keeps the rate that was set last, metrics and evaluation', async () => {
    const optimizer = optimizers.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true });
    const net = smallModel();
    net.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    optimizer.learningRate = 0.025;
    const copy = await copyOf(net);
    const { setup } = copy.trainer('test');
    expect(setup.optimizer.config).toEqual({ learningRate: 0.025, momentum: 0.9, nesterov: true });
    expect(await copy.evaluate(x, y)).toEqual(await net.evaluate(x, y));
  });

  it('of a model that was not compiled holds the weights alone', async () => {
    const net = smallModel();
    const copy = await copyOf(net);
    expect(copy.compiled).toBe(false);
    expect(await weightsOf(copy)).toEqual(await weightsOf(net));
    expect((await copy.predict(x)).data).toEqual((await net.predict(x)).data);
  });

  it('can be a Blob, a Buffer or a part of a larger one', async () => {
    const bytes = await save(smallModel());
    const wide = new Uint8Array(bytes.length + 7);
    wide.set(bytes, 3);
    const part = wide.subarray(3, 3 + bytes.length);
    for (const source of [bytes.buffer, new Blob([bytes]), Buffer.from(bytes), part]) {
      expect((await load(source)).countParams()).toBe(smallModel().countParams());
    }
  });
});

const scale = defineLayer<{ by: number }, Tensor>({
  type: 'scale',
  options: ['by'],
  create: ({ by }) => ({
    outputShape: ([shape = []]) => shape,
    build: (weights, [shape = []]) => weights.add('factor', [shape.at(-1) as number], 'ones'),
    call: ([input], factor) => ops.mul(ops.mul(input as Tensor, factor), by),
  }),
});

describe('what a file cannot hold', () => {
  const own = (): Model<NDArray> => {
    const net = sequential([layers.dense({ units: 3, inputShape: [4] }), scale({ by: 0.5 })]);
    const loss = (yTrue: Tensor, yPred: Tensor): Tensor =>
      ops.mean(ops.square(ops.sub(yPred, yTrue)), { axis: -1 });
    const spread = (_: Tensor, yPred: Tensor): Tensor => ops.max(yPred, { axis: -1 });
    net.compile({ optimizer: 'adam', loss, metrics: ['mse', spread] });
    return net;
  };
  const targets = { data: new Float32Array(66).fill(0.5), shape: [22, 3] };

  it('has to be passed: own layers, losses and metrics', async () => {
    const net = own();
    await net.fit(x, targets, options);
    const bytes = await save(net);
    const needsLayer = await rejection(() => load(bytes));
    expect(needsLayer).toMatchObject({
      op: 'load',
      roles: ['layer type'],
      values: { 'layer type': 'scale' },
    });
    expect(needsLayer.fix).toContain('layers: { scale }');
    const needsLoss = await rejection(() => load(bytes, { layers: { scale } }));
    expect(needsLoss).toMatchObject({ op: 'load', roles: ['loss', 'metrics'] });
    const { loss, metrics } = net.trainer('test').options;
    const copy = await load(bytes, { layers: { scale }, loss, metrics: metrics ?? [] });
    await copy.fit(x, targets, options);
    await net.fit(x, targets, options);
    expect(await weightsOf(copy)).toEqual(await weightsOf(net));
  });

  it('is refused where it is an option: a function as activation', async () => {
    const net = sequential([
      layers.dense({ units: 2, inputShape: [3], activation: (one) => one, name: 'own' }),
    ]);
    expect(await rejection(() => save(net))).toMatchObject({ op: "dense 'own'", roles: ['activation'] });
  });
});

describe('a file from a stranger is refused', () => {
  let bytes: Uint8Array<ArrayBuffer>;
  let text: string;
  beforeAll(async () => {
    const net = compiled();
    await net.fit(x, y, options);
    bytes = await save(net);
    text = parse(bytes).metadata.heddle as string;
  });

  const withConfig = (json: string): Uint8Array => serialize(parse(bytes).tensors, { heddle: json });
  const faultOf = async (file: Uint8Array): Promise<HeddleError> => {
    const error = await rejection(() => load(file));
    expect(error.fix).not.toBe('');
    return error;
  };

  it('cut short, anywhere', async () => {
    const random = randomStream(1, 1);
    for (let time = 0; time < 60; time++) {
      const length = random.below(bytes.length);
      expect(await faultOf(bytes.subarray(0, length))).toMatchObject({ op: 'load' });
    }
  });

  it('with bytes behind', async () => {
    const longer = new Uint8Array(bytes.length + 4);
    longer.set(bytes);
    expect(await faultOf(longer)).toMatchObject({ op: 'load', roles: ['data'] });
  });

  it.each([
    [
      'a header length beyond the file',
      (file: Uint8Array) => new DataView(file.buffer).setBigUint64(0, 2n ** 40n, true),
      ['header length'],
    ],
    [
      'a header length of all ones',
      (file: Uint8Array) => new DataView(file.buffer).setBigUint64(0, 2n ** 64n - 1n, true),
      ['header length'],
    ],
  ])('%s', async (_, damage, roles) => {
    const file = bytes.slice();
    damage(file);
    expect(await faultOf(file)).toMatchObject({ op: 'load', roles });
  });

  /** A file with this header over 8 bytes of data. */
  const withHeader = (header: string): Uint8Array => {
    const written = new TextEncoder().encode(header);
    const file = new Uint8Array(8 + written.length + 8);
    new DataView(file.buffer).setBigUint64(0, BigInt(written.length), true);
    file.set(written, 8);
    return file;
  };
  const entry = (from: number, to: number): string =>
    `{"dtype":"F32","shape":[1],"data_offsets":[${from},${to}]}`;

  it.each([
    ['overlapping tensors', `{"a":${entry(0, 4)},"b":${entry(2, 6)}}`, ['tensor', 'data_offsets']],
    ['the same tensor twice', `{"a":${entry(0, 4)},"a":${entry(4, 8)}}`, ['header', 'key']],
    ['the name __proto__', `{"__proto__":${entry(0, 4)},"b":${entry(4, 8)}}`, ['tensor']],
    ['no model', `{"a":${entry(0, 4)},"b":${entry(4, 8)}}`, ['file']],
    [
      'metadata of somebody else',
      `{"__metadata__":{"format":"pt"},"a":${entry(0, 4)},"b":${entry(4, 8)}}`,
      ['file'],
    ],
  ])('with %s', async (_, header, roles) => {
    expect(await faultOf(withHeader(header))).toMatchObject({ op: 'load', roles });
  });

  it('that is a plain safetensors file, and says so', async () => {
    const plain = serialize(
      new Map([['w', { data: new Float32Array(2), shape: [2], dtype: 'float32' as const }]]),
    );
    expect((await faultOf(plain)).message).toContain('no model of Heddle');
  });

  it('with tensors that are missing, unknown or of other shapes', async () => {
    const { tensors, metadata } = parse(bytes);
    const refit = (change: (map: Map<string, HostTensor>) => void): Promise<HeddleError> => {
      const map = new Map(tensors);
      change(map);
      return faultOf(serialize(map, metadata));
    };
    const message = async (change: (map: Map<string, HostTensor>) => void): Promise<string> => {
      const error = await refit(change);
      expect(error).toMatchObject({ op: 'load', roles: ['file'] });
      return error.message;
    };
    expect(await message((map) => map.delete('weights/hidden/kernel'))).toContain(
      "'weights/hidden/kernel' is missing",
    );
    expect(await message((map) => map.delete('optimizer/hidden/kernel/m'))).toContain('hidden/kernel/m');
    expect(await message((map) => map.delete('control/step'))).toContain('control/step');
    const one = { data: new Float32Array(1), shape: [1], dtype: 'float32' as const };
    expect(await message((map) => map.set('weights/other', one))).toContain(
      "no place for the tensor 'weights/other'",
    );
    const turned = (map: Map<string, HostTensor>): void => {
      map.set('weights/hidden/kernel', {
        ...(map.get('weights/hidden/kernel') as HostTensor),
        shape: [5, 4],
      });
    };
    expect(await message(turned)).toContain('float32[5,4], the model needs float32[4,5]');
    const counted = (map: Map<string, HostTensor>): void => {
      map.set('control/step', { data: Float32Array.of(1), shape: [], dtype: 'float32' });
    };
    expect(await message(counted)).toContain('needs uint32[]');
  });

  it.each<[string, (json: string) => string]>([
    ['no JSON', () => '{'],
    ['null', () => 'null'],
    ['a list', () => '[]'],
    ['another version', (json) => json.replace('"version":1', '"version":2')],
    ['no version', (json) => json.replace('"version":1,', '')],
    ['a key twice', (json) => json.replace('"version":1', '"version":1,"version":1')],
    ['no model', (json) => json.replace('"model":', '"module":')],
    ['another format', (json) => json.replace('"format":1', '"format":2')],
    ['a seed that is none', (json) => json.replace('"seed":7', '"seed":1e300')],
    ['a negative seed', (json) => json.replace('"seed":7', '"seed":-7')],
    ['__proto__ among the options', (json) => json.replace('"units":5', '"units":5,"__proto__":{"units":9}')],
    ['an unknown option', (json) => json.replace('"units":5', '"units":5,"evil":1')],
    ['a million units', (json) => json.replace('"units":5', '"units":1000000')],
    ['more units than there are numbers', (json) => json.replace('"units":5', '"units":1e300')],
    ['units that are text', (json) => json.replace('"units":5', '"units":"5"')],
    ['an input as large as memory', (json) => json.replace('"shape":[4]', '"shape":[9007199254740991]')],
    ['an input shape that is none', (json) => json.replace('"shape":[4]', '"shape":{"length":1}')],
    ['an unknown kind of layer', (json) => json.replace('"type":"dense"', '"type":"constructor"')],
    ['a layer without a name', (json) => json.replace('"name":"hidden"', '"name":null')],
    ['a name with a slash', (json) => json.replace('"name":"hidden"', '"name":"a/b"')],
    ['two layers of one name', (json) => json.replace('"name":"hidden"', '"name":"logits"')],
    ['a call of a layer that is not there', (json) => json.replace('"layer":1', '"layer":7')],
    ['a call of a negative layer', (json) => json.replace('"layer":1', '"layer":-1')],
    ['a call before its input', (json) => json.replace('"inputs":[0]', '"inputs":[2]')],
    ['a call without inputs', (json) => json.replace('"inputs":[0]', '"inputs":[]')],
    ['an output that is not there', (json) => json.replace('"outputs":[2]', '"outputs":["length"]')],
    ['no outputs', (json) => json.replace('"outputs":[2]', '"outputs":[]')],
    ['an unknown optimizer', (json) => json.replace('"name":"adam"', '"name":"toString"')],
    ['an optimizer without config', (json) => json.replace('"optimizer":{', '"optimizer":0,"x":{')],
    ['a rate that is text', (json) => json.replace('"learningRate":0.02', '"learningRate":"0.02"')],
    [
      'an unknown loss',
      (json) => json.replace('"name":"sparseCategoricalCrossentropy"', '"name":"hasOwnProperty"'),
    ],
    ['losses that are no list', (json) => json.replace('"losses":[', '"losses":7,"x":[')],
    ['a loss that is a number', (json) => json.replace('"losses":[', '"losses":[5,')],
    ['an unknown metric', (json) => json.replace('"metrics":["accuracy"]', '"metrics":["__proto__"]')],
    ['a metric that is a number', (json) => json.replace('"metrics":["accuracy"]', '"metrics":[5]')],
    [
      'a million metrics',
      (json) =>
        json.replace('"metrics":["accuracy"]', `"metrics":[${new Array(1e6).fill('"mse"').join(',')}]`),
    ],
    ['a position that is none', (json) => json.replace('"position":{', '"position":0,"x":{')],
    ['a negative position', (json) => json.replace(/"batch":\d+/, '"batch":-1')],
    ['a step that is not the counter’s', (json) => json.replace(/"step":\d+/, '"step":3')],
  ])('with a config that holds %s', async (_, change) => {
    const changed = change(text);
    expect(changed).not.toBe(text);
    const error = await faultOf(withConfig(changed));
    expect(error.message.length).toBeLessThan(1000);
    expect(Object.prototype).not.toHaveProperty('units');
  });

  it('with any one value of its config replaced: a clear error or a model, never anything else', async () => {
    const hostile = [
      'null',
      '-1',
      '1e308',
      '0.5',
      '"x"',
      '[]',
      '{}',
      '[[]]',
      'true',
      '{"__proto__":{"name":"x"}}',
    ];
    const values = [...text.matchAll(/(?<=[:[,])("[^"]*"(?!:)|-?[\d.e]+|true|false|null)/g)];
    expect(values.length).toBeGreaterThan(20);
    for (const { index, 0: value } of values) {
      for (const instead of hostile) {
        const file = withConfig(text.slice(0, index) + instead + text.slice(index + value.length));
        const outcome = await load(file).then(
          (net) => net.dispose(),
          (error: unknown) => error,
        );
        if (outcome !== undefined)
          expect(outcome, `${value} at ${index} as ${instead}`).toBeInstanceOf(HeddleError);
      }
    }
  });
});

describe('a functional model', () => {
  it('with several inputs, a shared layer and several outputs comes back', async () => {
    const left = layers.input({ shape: [4], name: 'left' });
    const right = layers.input({ shape: [4], name: 'right' });
    const shared = layers.dense({ units: 3, activation: 'tanh' });
    const a = layers.dense({ units: 1, name: 'a' }).apply(shared.apply(left));
    const b = layers.dense({ units: 2, name: 'b' }).apply(shared.apply(right));
    const net = model({ inputs: [left, right], outputs: [a, b], seed: 4 });
    net.compile({ optimizer: 'adam', loss: ['meanSquaredError', 'meanAbsoluteError'] });
    const data = { left: x, right: Float32Array.from(x, (value) => -value) };
    const targets = { a: new Float32Array(22).fill(1), b: new Float32Array(44).fill(-1) };
    await net.fit(data, targets, options);
    const copy = await load<Record<string, NDArray>>(await save(net));
    await net.fit(data, targets, { ...options, resume: true });
    await copy.fit(data, targets, { ...options, resume: true });
    expect(await weightsOf(copy)).toEqual(await weightsOf(net));
    expect(Object.keys(await copy.predict(data))).toEqual(['a', 'b']);
  });
});
