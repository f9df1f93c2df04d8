/** Layers at every step: repeatVector, timeDistributed, and dense on sequences. */

import { beforeAll, describe, expect, it } from 'vitest';
import { compile, gradCheck, init, type Nested, ops, tensor } from '../../src/engine/index.js';
import { load, save } from '../../src/nn/file.js';
import * as layers from '../../src/nn/layers/index.js';
import { sequential } from '../../src/nn/model.js';
import { Network } from '../../src/nn/network.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import type { SymbolicTensor } from '../../src/nn/symbolic.js';
import { failure, rejection } from '../kit/failure.js';
import { expectKept, maskOf, nestedNumbers } from '../kit/masks.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const SEQUENCE = [
  [
    [1, 2],
    [0, 0],
    [3, 0],
  ],
  [
    [0, 0],
    [0, 0],
    [0, 4],
  ],
];
describe('repeatVector', () => {
  it('repeats features at every step', async () => {
    const net = sequential([layers.repeatVector({ n: 2, inputShape: [2] })]);
    expect(net.outputs[0]?.shape).toEqual([null, 2, 2]);
    expect((await net.predict([[1, 2]])).array()).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
    ]);
    expectKept(net);
    net.dispose();
    expect(failure(() => layers.repeatVector({ n: 0 })).message).toContain('n is 0');
    expect(
      failure(() => layers.repeatVector({ n: 2 }).apply(layers.input({ shape: [2, 2] }))).message,
    ).toContain('rank 3');
  });
});

describe('timeDistributed', () => {
  it('is the layer at every step, with weights of its own', async () => {
    const inner = layers.dense({ units: 2, activation: 'tanh', kernelRegularizer: 'l2' });
    const net = sequential([layers.timeDistributed({ layer: inner, inputShape: [3, 2] })], { seed: 3 });
    expect(net.weights.map(({ name }) => name)).toEqual([
      'timeDistributed_1/kernel',
      'timeDistributed_1/bias',
    ]);
    const alone = sequential([layers.dense({ units: 2, activation: 'tanh', inputShape: [2] })], { seed: 3 });
    alone.setWeights(await net.getWeights());
    const steps = (await alone.predict(SEQUENCE.flat())).array();
    expect(((await net.predict(SEQUENCE)).array() as Nested[][]).flat()).toEqual(steps);
    net.compile({ optimizer: 'sgd', loss: 'mse' });
    const { history } = await net.fit(SEQUENCE, SEQUENCE, { epochs: 5 });
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] ?? 0);
    expectKept(net);
    const loaded = await load(await save(net));
    expect(await loaded.predict(SEQUENCE)).toEqual(await net.predict(SEQUENCE));
    for (const one of [net, alone, loaded]) one.dispose();
  });

  it('takes layers of images, of tokens, of random numbers, of moving averages and of sequences', async () => {
    const frames = nestedNumbers([2, 3, 4, 4, 1]);
    const net = sequential([
      layers.timeDistributed({ layer: layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [4, 4, 1] }) }),
      layers.timeDistributed({ layer: layers.batchNormalization() }),
      layers.timeDistributed({ layer: layers.timeDistributed({ layer: layers.dropout({ rate: 0.5 }) }) }),
      layers.timeDistributed({ layer: layers.flatten() }),
    ]);
    expect(net.inputs[0]?.shape).toEqual([null, null, 4, 4, 1]);
    expect((await net.predict(frames)).shape).toEqual([2, 3, 8]);
    net.compile({ optimizer: 'sgd', loss: 'mse' });
    const before = (await net.getWeights()).at(-1)?.array();
    await net.trainOnBatch(frames, nestedNumbers([2, 3, 8]));
    expect((await net.getWeights()).at(-1)?.array()).not.toEqual(before);
    expectKept(net);
    net.dispose();
    const words = sequential([
      layers.timeDistributed({
        layer: layers.embedding({ inputDim: 3, outputDim: 2, inputShape: [4], name: 'letters' }),
      }),
    ]);
    expect(words.inputs[0]?.dtype).toBe('int32');
    const error = await rejection(words.predict([[[0, 1, 2, 3]]]));
    expect(error.message).toContain("timeDistributed 'timeDistributed_1' takes 0 to 2");
    words.dispose();
    const sequences = sequential([
      layers.timeDistributed({ layer: layers.simpleRNN({ units: 3 }), inputShape: [2, 3, 4] }),
    ]);
    expect((await sequences.predict(nestedNumbers([2, 2, 3, 4]))).shape).toEqual([2, 2, 3]);
    sequences.dispose();
  });

  it('is frozen with the layer within, and says who is at fault', () => {
    const frozen = layers.timeDistributed({ layer: layers.dense({ units: 2, trainable: false }) });
    expect(frozen.trainable).toBe(false);
    const used = layers.dense({ units: 2 });
    used.apply(layers.input({ shape: [2] }));
    expect(failure(() => layers.timeDistributed({ layer: used })).message).toContain('it is used elsewhere');
    const taken = layers.dense({ units: 2 });
    layers.timeDistributed({ layer: taken, name: 'steps' });
    const later = failure(() => taken.apply(layers.input({ shape: [2] })));
    expect(later.message).toContain("it stands within timeDistributed 'steps'");
    expect(failure(() => layers.timeDistributed(undefined as never)).message).toContain('layer is undefined');
    expect(failure(() => layers.timeDistributed({ layer: 'dense' as never })).message).toContain(
      'layer is a string',
    );
    const inner = sequential([layers.dense({ units: 2, inputShape: [2] })]);
    expect(failure(() => layers.timeDistributed({ layer: inner as never })).message).toContain(
      'layer is a model',
    );
    expect(failure(() => layers.timeDistributed({ layer: inner.asLayer(null) })).message).toContain(
      'it is a model',
    );
    inner.dispose();
    const misfit = () =>
      sequential([
        layers.timeDistributed({ layer: layers.conv2d({ filters: 1, kernelSize: 2 }), inputShape: [3, 2] }),
      ]);
    expect(failure(misfit).message).toContain('conv2d in timeDistributed');
    const flat = layers.input({ shape: [] });
    expect(failure(() => layers.timeDistributed({ layer: layers.flatten() }).apply(flat)).message).toContain(
      'has no steps',
    );
    expect(
      failure(() => layers.timeDistributed({ layer: layers.flatten(), nam: 'x' } as never)).fix,
    ).toContain("did you mean 'name'");
  });

  it('hands the masks of its inputs on to all outputs', async () => {
    const [a, b] = ['a', 'b'].map((name) => layers.input({ shape: [2, 2, 3], name }));
    const [x, y] = [a, b].map((input) => layers.masking().apply(input as SymbolicTensor));
    const counts = (row: readonly number[]) => [
      row.map((one) => [
        [one, 0, 0],
        [0, 0, 0],
      ]),
    ];
    const data = { a: counts([1, 1]), b: counts([0, 1]) };
    const sum = layers.timeDistributed({ layer: layers.add() }).apply([x, y] as SymbolicTensor[]);
    expect(await maskOf([a, b] as SymbolicTensor[], sum, data)).toEqual([[0, 1]]);
    const layer = layers.gru({ units: 2, returnState: true });
    const outputs = layers.timeDistributed({ layer }).use([y as SymbolicTensor]);
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [null, 2, 2],
      [null, 2, 2],
    ]);
    for (const output of outputs) expect(await maskOf(b as SymbolicTensor, output, data.b)).toEqual([[0, 1]]);
  });

  it('refuses files that tell of no layer within, or of too many', () => {
    const net = sequential([
      layers.timeDistributed({ layer: layers.dense({ units: 2 }), inputShape: [3, 2] }),
    ]);
    const json = JSON.stringify(net.config);
    net.dispose();
    const changed = (from: string, to: string) =>
      failure(() => networkFromConfig(JSON.parse(json.replace(from, to))));
    expect(changed('"config"', '"conf"').message).toContain('tells of no layer within');
    expect(changed('"type":"dense"', '"type":"dens"').fix).toContain("did you mean 'dense'");
    let config = JSON.parse(json);
    for (let depth = 0; depth < 40; depth++) {
      const [inner] = config.layers;
      config = {
        ...config,
        layers: [{ ...inner, options: { layer: { name: 'timeDistributed', config: inner } } }],
      };
    }
    expect(failure(() => networkFromConfig(config)).message).toContain('more than 32 deep');
  });
});

it('dense on steps is as many dispatches as without steps', async () => {
  const net = new Network({ layers: [layers.dense({ units: 4, activation: 'relu', inputShape: [3, 2] })] });
  const program = await compile({ outputs: { y: net.apply(tensor(SEQUENCE)) } });
  expect(program.stats().dispatches).toBeLessThanOrEqual(1);
  program.dispose();
  const report = await gradCheck((x) => ops.square(net.apply(x)), [nestedNumbers([2, 3, 2])], {
    variables: net.trainableWeights,
  });
  expect(report.failures).toEqual([]);
  net.dispose();
});
