/** Values out of range: each error names the range. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { init } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import { sequential } from '../../src/nn/model.js';
import { earlyStopping } from '../../src/nn/training/callbacks.js';
import type { FitOptions } from '../../src/nn/training/fit-options.js';
import type { CompileOptions } from '../../src/nn/training/setup.js';
import * as optimizers from '../../src/optim/index.js';
import { failure } from '../kit/failure.js';
import { rejection } from '../kit/rejection.js';
import { compiled, examples, smallModel } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const { x, y } = examples(10);
const net = compiled();
afterAll(() => net.dispose());

/** What a user without types may pass. */
const wild = <T>(options: unknown): T => options as T;
const base: CompileOptions = { optimizer: 'sgd', loss: 'meanSquaredError' };

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
  ['callbacks', wild({ callbacks: [earlyStopping] })],
  ['callbacks', wild({ callbacks: [null] })],
  ['signal', wild({ signal: {} })],
  ['signal', wild({ signal: null })],
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
