/** Options and names that do not exist or are out of range: each error names the nearest valid one, or the range. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InitOptions, init } from '../../src/engine/index.js';
import * as initializers from '../../src/nn/initializers/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { model, sequential } from '../../src/nn/model.js';
import { earlyStopping } from '../../src/nn/training/callbacks.js';
import type { FitOptions } from '../../src/nn/training/fit-options.js';
import type { CompileOptions } from '../../src/nn/training/setup.js';
import * as optimizers from '../../src/optim/index.js';
import { failure } from '../kit/failure.js';
import { rejection } from '../kit/rejection.js';
import { compiled, examples, smallModel, weightsOf } from '../kit/small-model.js';

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

const FIT: readonly (readonly [string, FitOptions])[] = [
  ['epochs', { epochs: 0 }],
  ['epochs', { epochs: 1.5 }],
  ['batchSize', { batchSize: -1 }],
  ['batchSize', { batchSize: Number.NaN }],
  ['stepsPerSubmit', { stepsPerSubmit: 0 }],
  ['stepsPerEpoch', { stepsPerEpoch: 0 }],
  ['stepsPerEpoch', { stepsPerEpoch: 3 }],
  ['validationSplit', { validationSplit: 1 }],
  ['validationSplit', { validationSplit: -0.1 }],
  ['validationSplit', { validationSplit: Number.NaN }],
  ['validationSplit', { validationSplit: 0.5, validationData: { x, y } }],
  ['callbacks', wild({ callbacks: earlyStopping() })],
];

describe('a value out of range is told with its range', () => {
  it.each(FIT)('fit, %s: %j', async (role, options) => {
    const error = await rejection(() => net.fit(x, y, options));
    expect(error).toMatchObject({ op: 'fit', roles: [role] });
    expect(error.fix).not.toBe('');
  });

  it('fit, a split that leaves no rows', async () => {
    const error = await rejection(() => net.fit(x, y, { validationSplit: 0.99 }));
    expect(error).toMatchObject({ op: 'fit', roles: ['validationSplit', 'x'], values: { rows: 10 } });
  });

  it.each([0, -2, 1.5, Number.NaN])('evaluate and predict, batchSize %s', async (batchSize) => {
    const values = { batchSize };
    expect(await rejection(() => net.evaluate(x, y, { batchSize }))).toMatchObject({
      op: 'evaluate',
      roles: ['batchSize'],
      values,
    });
    expect(await rejection(() => net.predict(x, { batchSize }))).toMatchObject({
      op: 'predict',
      roles: ['batchSize'],
      values,
    });
  });

  it.each([
    ['units', () => layers.dense({ units: 0 })],
    ['rate', () => layers.dropout({ rate: 1 })],
    ['learningRate', () => optimizers.sgd({ learningRate: -1 })],
    ['momentum', () => optimizers.sgd({ momentum: 1 })],
    ['beta1', () => optimizers.adam({ beta1: 1 })],
    ['epsilon', () => optimizers.adam({ epsilon: 0 })],
    ['weightDecay', () => optimizers.adamW({ weightDecay: Number.NaN })],
    ['seed', () => sequential([], { seed: -1 })],
    ['seed', () => sequential([], { seed: 2 ** 32 })],
    ['patience', () => earlyStopping({ patience: -1 })],
    ['minDelta', () => earlyStopping({ minDelta: Number.NaN })],
    ['inputShape', () => layers.dense({ units: 1, inputShape: [-3] })],
  ] as const)('%s', (role, run) => {
    const error = failure(run);
    expect(error.roles).toEqual([role]);
    expect(error.fix).not.toBe('');
  });
});

describe('compile refuses', () => {
  it('what is no optimizer, loss or list of metrics', () => {
    const fresh = smallModel();
    const roleOf = (options: unknown): readonly string[] => failure(() => fresh.compile(wild(options))).roles;
    expect(roleOf({ loss: 'mse' })).toEqual(['optimizer']);
    expect(roleOf({ ...base, optimizer: optimizers.adam })).toEqual(['optimizer']);
    expect(roleOf({ optimizer: 'sgd' })).toEqual(['loss']);
    expect(roleOf({ ...base, loss: ['mse', 'mse'] })).toEqual(['loss']);
    expect(roleOf({ ...base, metrics: 'accuracy' })).toEqual(['metrics']);
    expect(roleOf({ ...base, metrics: [null] })).toEqual(['metrics']);
    expect(roleOf({ ...base, metrics: new Array(48).fill('mse') })).toEqual(['metrics']);
    expect(fresh.compiled).toBe(false);
  });

  it('a model without layers', () => {
    expect(failure(() => sequential().compile(base))).toMatchObject({ roles: ['layers'] });
  });
});

describe('a loss of the user’s own', () => {
  it('that gives one value for the whole batch is refused', async () => {
    const fresh = smallModel();
    const { ops } = await import('../../src/engine/index.js');
    fresh.compile({ ...base, loss: (_, yPred) => ops.mean(yPred) });
    const error = await rejection(() => fresh.fit(x, y));
    expect(error).toMatchObject({ roles: ['loss'], values: { shape: [], examples: 10 } });
    fresh.compile({ ...base, loss: 'sparseCategoricalCrossentropy' });
    expect((await fresh.fit(x, y)).history.loss?.every(Number.isFinite)).toBe(true);
  });
});
