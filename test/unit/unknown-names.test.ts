/** Names and options that do not exist: each error names the nearest valid one. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  grad,
  gradCheck,
  type InitOptions,
  init,
  tensor,
  variable,
} from '../../src/engine/index.js';
import { load } from '../../src/nn/file.js';
import * as initializers from '../../src/nn/initializers/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { model, sequential } from '../../src/nn/model.js';
import { earlyStopping } from '../../src/nn/training/callbacks.js';
import type { CompileOptions } from '../../src/nn/training/setup.js';
import { verify } from '../../src/nn/verify.js';
import * as optimizers from '../../src/optim/index.js';
import { rejection } from '../kit/rejection.js';
import { compiled, examples, weightsOf } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const { x, y } = examples(10);
const net = compiled();
afterAll(() => net.dispose());

/** What a user without types may pass. */
const wild = <T>(options: unknown): T => options as T;
const base: CompileOptions = { optimizer: 'sgd', loss: 'meanSquaredError' };

interface Row {
  run(): unknown;
  readonly op: string;
  readonly role: string;
  readonly word: string;
  readonly nearest: string;
}

const NAMES: Readonly<Record<string, Row>> = {
  'init, option': {
    run: () => init(wild<InitOptions>({ devise: 'cpu' })),
    op: 'init',
    role: 'option',
    word: 'devise',
    nearest: 'device',
  },
  'init, device': {
    run: () => init(wild<InitOptions>({ device: 'cpuu' })),
    op: 'init',
    role: 'device',
    word: 'cpuu',
    nearest: 'cpu',
  },
  sequential: {
    run: () => sequential([], wild({ sead: 1 })),
    op: 'sequential',
    role: 'option',
    word: 'sead',
    nearest: 'seed',
  },
  model: {
    run: () => model(wild({ input: [], outputs: [] })),
    op: 'model',
    role: 'option',
    word: 'input',
    nearest: 'inputs',
  },
  'input, option': {
    run: () => layers.input(wild({ shap: [3] })),
    op: 'input',
    role: 'option',
    word: 'shap',
    nearest: 'shape',
  },
  'input, dtype': {
    run: () => layers.input(wild({ shape: [3], dtype: 'float' })),
    op: 'input',
    role: 'dtype',
    word: 'float',
    nearest: 'float32',
  },
  'dense, option': {
    run: () => layers.dense(wild({ unit: 3 })),
    op: 'dense',
    role: 'option',
    word: 'unit',
    nearest: 'units',
  },
  'dense, activation': {
    run: () => layers.dense({ units: 3, activation: 'rellu', name: 'h' }),
    op: "dense 'h'",
    role: 'activation',
    word: 'rellu',
    nearest: 'relu',
  },
  'dense, initializer': {
    run: () => layers.dense({ units: 3, kernelInitializer: 'glorot' }),
    op: 'dense',
    role: 'initializer',
    word: 'glorot',
    nearest: 'glorotUniform',
  },
  activation: {
    run: () => layers.activation({ activation: 'tan' }),
    op: 'activation',
    role: 'activation',
    word: 'tan',
    nearest: 'tanh',
  },
  dropout: {
    run: () => layers.dropout(wild({ rates: 0.5 })),
    op: 'dropout',
    role: 'option',
    word: 'rates',
    nearest: 'rate',
  },
  flatten: {
    run: () => layers.flatten(wild({ nam: 'f' })),
    op: 'flatten',
    role: 'option',
    word: 'nam',
    nearest: 'name',
  },
  reshape: {
    run: () => layers.reshape(wild({ target: [3] })),
    op: 'reshape',
    role: 'option',
    word: 'target',
    nearest: 'targetShape',
  },
  rescaling: {
    run: () => layers.rescaling(wild({ scales: 2 })),
    op: 'rescaling',
    role: 'option',
    word: 'scales',
    nearest: 'scale',
  },
  initializer: {
    run: () => initializers.randomNormal(wild({ stdev: 1 })),
    op: 'randomNormal',
    role: 'option',
    word: 'stdev',
    nearest: 'stddev',
  },
  'compile, option': {
    run: () => net.compile(wild({ ...base, metric: [] })),
    op: 'compile',
    role: 'option',
    word: 'metric',
    nearest: 'metrics',
  },
  'compile, loss': {
    run: () => net.compile({ ...base, loss: 'meanSquareError' }),
    op: 'compile',
    role: 'loss',
    word: 'meanSquareError',
    nearest: 'meanSquaredError',
  },
  'compile, optimizer': {
    run: () => net.compile({ ...base, optimizer: 'adamm' }),
    op: 'compile',
    role: 'optimizer',
    word: 'adamm',
    nearest: 'adam',
  },
  'compile, metric': {
    run: () => net.compile({ ...base, metrics: ['acuracy'] }),
    op: 'compile',
    role: 'metric',
    word: 'acuracy',
    nearest: 'accuracy',
  },
  'compile, an inherited name': {
    run: () => net.compile({ ...base, loss: 'constructor' }),
    op: 'compile',
    role: 'loss',
    word: 'constructor',
    nearest: 'mse',
  },
  sgd: {
    run: () => optimizers.sgd(wild({ lr: 1 })),
    op: 'sgd',
    role: 'option',
    word: 'lr',
    nearest: 'nesterov',
  },
  adam: {
    run: () => optimizers.adam(wild({ beta_1: 0.9 })),
    op: 'adam',
    role: 'option',
    word: 'beta_1',
    nearest: 'beta1',
  },
  adamW: {
    run: () => optimizers.adamW(wild({ weight_decay: 0.1 })),
    op: 'adamW',
    role: 'option',
    word: 'weight_decay',
    nearest: 'weightDecay',
  },
  'a loss': {
    run: () => losses.binaryCrossentropy(wild({ fromLogit: true })),
    op: 'binaryCrossentropy',
    role: 'option',
    word: 'fromLogit',
    nearest: 'fromLogits',
  },
  'earlyStopping, option': {
    run: () => earlyStopping(wild({ pacience: 3 })),
    op: 'earlyStopping',
    role: 'option',
    word: 'pacience',
    nearest: 'patience',
  },
  'earlyStopping, mode': {
    run: () => earlyStopping(wild({ mode: 'mix' })),
    op: 'earlyStopping',
    role: 'mode',
    word: 'mix',
    nearest: 'min',
  },
  fit: {
    run: () => net.fit(x, y, wild({ epoch: 3 })),
    op: 'fit',
    role: 'option',
    word: 'epoch',
    nearest: 'epochs',
  },
  evaluate: {
    run: () => net.evaluate(x, y, wild({ batch: 3 })),
    op: 'evaluate',
    role: 'option',
    word: 'batch',
    nearest: 'batchSize',
  },
  predict: {
    run: () => net.predict(x, wild({ batchsize: 3 })),
    op: 'predict',
    role: 'option',
    word: 'batchsize',
    nearest: 'batchSize',
  },
  'compile of a program': {
    run: () => compile(wild({ input: {} })),
    op: 'compile',
    role: 'option',
    word: 'input',
    nearest: 'inputs',
  },
  run: {
    run: async () => (await compile({ outputs: { one: tensor(1) } })).run({}, wild({ time: 3 })),
    op: 'run',
    role: 'option',
    word: 'time',
    nearest: 'times',
  },
  variable: {
    run: () => variable([1], wild({ trainble: false })),
    op: 'variable',
    role: 'option',
    word: 'trainble',
    nearest: 'trainable',
  },
  tensor: {
    run: () => tensor([1], wild({ dtpye: 'int32' })),
    op: 'tensor',
    role: 'option',
    word: 'dtpye',
    nearest: 'dtype',
  },
  load: {
    run: () => load(new Uint8Array(), wild({ layer: {} })),
    op: 'load',
    role: 'option',
    word: 'layer',
    nearest: 'layers',
  },
  grad: {
    run: () => grad(tensor(1), tensor(1), wild({ dx: tensor(1) })),
    op: 'grad',
    role: 'option',
    word: 'dx',
    nearest: 'dy',
  },
  gradCheck: {
    run: () => gradCheck((a) => a, [[1]], wild({ tolerence: 1 })),
    op: 'gradCheck',
    role: 'option',
    word: 'tolerence',
    nearest: 'tolerance',
  },
  verify: {
    run: () => verify(net, wild({ x, y, batchsize: 3 })),
    op: 'verify',
    role: 'option',
    word: 'batchsize',
    nearest: 'batchSize',
  },
  callback: {
    run: () => net.fit(x, y, wild({ callbacks: [{ onEpochEnded() {} }] })),
    op: 'fit',
    role: 'callback',
    word: 'onEpochEnded',
    nearest: 'onEpochEnd',
  },
  'callback of a class': {
    run: () =>
      net.fit(
        x,
        y,
        wild({
          callbacks: [
            new (class {
              best = 0;
              onBatchEnded() {}
            })(),
          ],
        }),
      ),
    op: 'fit',
    role: 'callback',
    word: 'onBatchEnded',
    nearest: 'onBatchEnd',
  },
  getLayer: {
    run: () => net.getLayer('hiden'),
    op: "model 'sequential'",
    role: 'layer',
    word: 'hiden',
    nearest: 'hidden',
  },
};

describe('an unknown name is answered with the nearest valid one', () => {
  it.each(Object.entries(NAMES))('%s', async (_, { run, op, role, word, nearest }) => {
    const error = await rejection(async () => run());
    expect(error).toMatchObject({ op, roles: [role], values: { [role]: word } });
    expect(error.values.valid).toContain(nearest);
    expect(error.fix).toMatch(new RegExp(`^did you mean '${nearest}'\\?`));
  });

  it('and the model trains on with what it was compiled with', async () => {
    const before = await weightsOf(net);
    const { history } = await net.fit(x, y);
    expect(Object.keys(history)).toEqual(['loss', 'accuracy']);
    expect(history.loss?.every(Number.isFinite)).toBe(true);
    expect(await weightsOf(net)).not.toEqual(before);
  });
});
