/** Calls out of order, aborted runs, losses that are not finite, callbacks and iterables that fail: the model survives them all. */

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { init, type NDArray, ops } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import { type Model, sequential } from '../../src/nn/model.js';
import * as optimizers from '../../src/optim/index.js';
import { failure } from '../kit/failure.js';
import { rejection } from '../kit/rejection.js';
import { compiled, examples, smallModel, weightsOf } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const { x, y } = examples(20);
const options = { batchSize: 5, shuffle: false, stepsPerSubmit: 1 };

let net: Model<NDArray>;
beforeEach(() => {
  net = compiled();
});

/** One more epoch: its loss is a number, and the weights move. */
async function expectTrains(trained = net): Promise<void> {
  const before = await weightsOf(trained);
  const { history } = await trained.fit(x, y, { batchSize: 5 });
  expect(history.loss?.every(Number.isFinite)).toBe(true);
  expect(await weightsOf(trained)).not.toEqual(before);
}

/** The weights after so many steps of `options`. */
async function weightsAfter(steps: number): Promise<number[]> {
  const other = compiled();
  let left = steps;
  const onBatchEnd = (): void => {
    if (--left === 0) run.stop();
  };
  const run = other.fit(x, y, { ...options, epochs: Math.ceil(steps / 4), callbacks: [{ onBatchEnd }] });
  await run;
  return weightsOf(other);
}

describe('calls out of order', () => {
  it('before compile', async () => {
    const fresh = smallModel();
    const says = {
      roles: ['model'],
      values: { model: 'sequential' },
      fix: expect.stringContaining('compile('),
    };
    expect(await rejection(() => fresh.fit(x, y))).toMatchObject({ op: 'fit', ...says });
    expect(await rejection(() => fresh.evaluate(x, y))).toMatchObject({ op: 'evaluate', ...says });
    expect(await rejection(() => fresh.trainOnBatch(x, y))).toMatchObject({ op: 'trainOnBatch', ...says });
    expect(await rejection(() => fresh.verify({ x, y }))).toMatchObject({ op: 'verify', ...says });
    expect(await rejection(() => fresh.profile())).toMatchObject({ op: 'profile', ...says });
    expect((await fresh.predict(x)).shape).toEqual([20, 3]);
    fresh.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
    await expectTrains(fresh);
  });

  it('two at once', async () => {
    const run = net.fit(x, y, { epochs: 3 });
    const says = { roles: ['model'], fix: expect.stringContaining('await the run') };
    expect(await rejection(() => net.fit(x, y))).toMatchObject({ op: 'fit', ...says });
    expect(await rejection(() => net.trainOnBatch(x, y))).toMatchObject({ op: 'trainOnBatch', ...says });
    expect(failure(() => net.compile({ optimizer: 'sgd', loss: 'mse' }))).toMatchObject({
      op: 'compile',
      ...says,
    });
    expect((await run).history.loss).toHaveLength(3);
    await expectTrains();
  });

  it('evaluate and predict during fit see whole steps', async () => {
    const run = net.fit(x, y, { epochs: 20, batchSize: 5, validationSplit: 0.25 });
    const [first, second, predicted] = await Promise.all([
      net.evaluate(x, y),
      net.evaluate(x, y),
      net.predict(x),
    ]);
    for (const { loss } of [first, second]) expect(loss).toBeGreaterThan(0);
    expect(predicted.data.every(Number.isFinite)).toBe(true);
    const { history } = await run;
    expect(history.val_loss).toHaveLength(20);
    expect(history.val_loss?.every((loss) => Number.isFinite(loss) && loss > 0)).toBe(true);
  });

  it('evaluations at the same time do not mix', async () => {
    const other = examples(9, 3);
    const alone = [await net.evaluate(x, y, { batchSize: 4 }), await net.evaluate(other.x, other.y)];
    const together = await Promise.all([
      net.evaluate(x, y, { batchSize: 4 }),
      net.evaluate(other.x, other.y),
    ]);
    expect(together).toEqual(alone);
  });

  it('after dispose', async () => {
    net.dispose();
    for (const [op, run] of [
      ['fit', () => net.fit(x, y)],
      ['evaluate', () => net.evaluate(x, y)],
      ['verify', () => net.verify()],
      ['profile', () => net.profile()],
    ] as const) {
      const error = await rejection(run);
      expect(error).toMatchObject({ op, roles: ['model'] });
      expect(error.message).toContain('was disposed');
    }
    const gone = {
      roles: ['variable'],
      values: { name: 'sequential' },
      fix: expect.stringContaining('again'),
    };
    expect(await rejection(() => net.predict(x))).toMatchObject(gone);
    expect(await rejection(() => net.getWeights())).toMatchObject({ roles: ['variable'] });
    expect(failure(() => net.compile({ optimizer: 'sgd', loss: 'mse' }))).toMatchObject(gone);
  });

  it('with nothing to train', async () => {
    const fixed = sequential([layers.dense({ units: 3, inputShape: [4], trainable: false })]);
    fixed.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
    const before = await weightsOf(fixed);
    const { history } = await fixed.fit(x, y);
    expect(history.loss?.every(Number.isFinite)).toBe(true);
    expect(await weightsOf(fixed)).toEqual(before);
  });
});

describe('an aborted signal', () => {
  it('before the start: nothing happens', async () => {
    const before = await weightsOf(net);
    const run = net.fit(x, y, { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(await weightsOf(net)).toEqual(before);
    await expectTrains();
  });

  it('during training: rejects once, with the weights of the last full step', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const run = net.fit(x, y, {
      ...options,
      epochs: 3,
      signal: controller.signal,
      callbacks: [
        {
          onBatchEnd: (batch) => {
            seen.push(batch);
            if (seen.length === 6) controller.abort();
          },
        },
      ],
    });
    const events: number[] = [];
    const listen = async (): Promise<void> => {
      for await (const { step } of run) events.push(step);
    };
    const outcomes = await Promise.allSettled([listen(), run]);
    const aborted = { status: 'rejected', reason: expect.objectContaining({ name: 'AbortError' }) };
    expect(outcomes).toEqual([aborted, aborted]);
    expect(seen).toEqual([0, 1, 2, 3, 0, 1]);
    expect(events.at(-1)).toBe(6);
    expect(await weightsOf(net)).toEqual(await weightsAfter(6));
    expect((await net.control.step.data())[0]).toBe(6);
    await expectTrains();
  });

  it('goes on where it stopped, with resume', async () => {
    const controller = new AbortController();
    let left = 3;
    const run = net.fit(x, y, {
      ...options,
      signal: controller.signal,
      callbacks: [
        {
          onBatchEnd: () => {
            if (--left === 0) controller.abort();
          },
        },
      ],
    });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    await net.fit(x, y, { ...options, resume: true });
    expect(await weightsOf(net)).toEqual(await weightsAfter(4));
  });
});

describe('a loss that is not finite', () => {
  /** log(1 − Σ w·x): finite, until a step has made the sum larger than 1. */
  const cliff = (learningRate: number): Model<NDArray> => {
    const line = sequential([
      layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros', useBias: false }),
    ]);
    line.compile({
      optimizer: optimizers.sgd({ learningRate }),
      loss: (_, yPred) => ops.reshape(ops.log(ops.sub(1, yPred)), [-1]),
    });
    return line;
  };
  const ones = [[1], [1], [1], [1], [1], [1]];

  it('stops at the step, tells it, and keeps the weights from before', async () => {
    const line = cliff(0.4);
    const told: number[] = [];
    const run = line.fit(ones, ones, {
      batchSize: 2,
      epochs: 4,
      shuffle: false,
      callbacks: [{ onBatchEnd: (_, { loss }) => void told.push(loss as number) }],
    });
    const error = await rejection(() => run);
    // w: 0, then 0.4, then 0.4 + 0.4/0.6 > 1.
    expect(error).toMatchObject({
      op: 'fit',
      roles: ['loss'],
      values: { epoch: 0, batch: 2, step: 3, loss: Number.NaN },
    });
    expect(error.message).toContain('step 3');
    expect(error.fix).toContain('learning rate');
    expect(told).toHaveLength(2);
    const [w] = await weightsOf(line);
    expect(w).toBeCloseTo(0.4 + 0.4 / 0.6, 5);
    line.setWeights([[[-3]]]);
    const { history } = await line.fit(ones, ones, { batchSize: 2 });
    expect(history.loss?.every(Number.isFinite)).toBe(true);
    expect(await weightsOf(line)).not.toEqual([-3]);
  });

  it('leaves the weights of the step before, bit for bit, however many steps were queued', async () => {
    const line = cliff(0.4);
    await rejection(() =>
      line.fit(ones, ones, { batchSize: 2, epochs: 9, shuffle: false, stepsPerSubmit: 3 }),
    );
    const exact = cliff(0.4);
    let left = 2;
    const run = exact.fit(ones, ones, {
      batchSize: 2,
      shuffle: false,
      stepsPerSubmit: 1,
      callbacks: [
        {
          onBatchEnd: () => {
            if (--left === 0) run.stop();
          },
        },
      ],
    });
    await run;
    expect(await weightsOf(line)).toEqual(await weightsOf(exact));
    expect((await line.control.step.data())[0]).toBe(2);
  });

  it('is told by trainOnBatch too', async () => {
    const line = cliff(0.4);
    await line.trainOnBatch(ones, ones);
    await line.trainOnBatch(ones, ones);
    const before = await weightsOf(line);
    const error = await rejection(() => line.trainOnBatch(ones, ones));
    expect(error).toMatchObject({
      op: 'trainOnBatch',
      roles: ['loss'],
      values: { step: 3, loss: Number.NaN },
    });
    expect(await weightsOf(line)).toEqual(before);
    line.setWeights([[[0]]]);
    expect(await line.trainOnBatch(ones, ones)).toEqual({ loss: 0 });
  });

  it('an update that overflows is told, even where it is the last', async () => {
    const line = sequential([layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'ones' })]);
    line.compile({ optimizer: optimizers.sgd({ learningRate: 3e38 }), loss: 'meanSquaredError' });
    const big = [[1000]];
    const error = await rejection(() => line.fit(big, [[0]]));
    expect(error).toMatchObject({ op: 'fit', roles: ['gradients'], values: { epoch: 0, batch: 0, step: 1 } });
    const weights = await weightsOf(line);
    expect(weights.every(Number.isFinite)).toBe(true);
    line.compile({ optimizer: optimizers.sgd({ learningRate: 1e-9 }), loss: 'meanSquaredError' });
    line.setWeights([[[1]], [0]]);
    expect((await line.fit(big, [[0]])).history.loss).toEqual([1e6]);
  });

  it('an update that overflows is told at its own step, where others follow', async () => {
    const line = sequential([layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'ones' })]);
    line.compile({ optimizer: optimizers.sgd({ learningRate: 3e38 }), loss: 'meanSquaredError' });
    const error = await rejection(() =>
      line.fit([[1000], [1000], [1000]], [[0], [0], [0]], { batchSize: 1 }),
    );
    expect(error).toMatchObject({ roles: ['gradients'], values: { epoch: 0, batch: 0, step: 1 } });
  });

  it('a huge learning rate ends in an error, with finite weights', async () => {
    net.compile({ optimizer: optimizers.sgd({ learningRate: 1e30 }), loss: 'sparseCategoricalCrossentropy' });
    const line = sequential([layers.dense({ units: 1, inputShape: [1] })]);
    line.compile({ optimizer: optimizers.sgd({ learningRate: 1e6 }), loss: 'meanSquaredError' });
    const error = await rejection(() => line.fit(ones, ones, { epochs: 50, batchSize: 2 }));
    expect(error.values.step).toBeGreaterThan(1);
    expect((await weightsOf(line)).every(Number.isFinite)).toBe(true);
    expect((await line.predict(ones)).data.every(Number.isFinite)).toBe(true);
  });
});

describe('a listener that takes its time', () => {
  it('is told of the failure by the loop, and nobody else hears of it', async () => {
    const fault = new TypeError('from the callback');
    const onBatchEnd = (batch: number): void => {
      if (batch === 1) throw fault;
    };
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
    const steps: number[] = [];
    const listen = async (): Promise<void> => {
      for await (const { step } of net.fit(x, y, { ...options, callbacks: [{ onBatchEnd }] })) {
        steps.push(step);
        await later();
      }
    };
    await expect(listen()).rejects.toBe(fault);
    await later();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    expect(steps).toEqual([1, 2]);
  });
});

describe('callbacks that throw', () => {
  it.each(['onTrainBegin', 'onEpochBegin', 'onBatchEnd', 'onEpochEnd', 'onTrainEnd'])(
    '%s ends the run with that error',
    async (name) => {
      const fault = new TypeError('from the callback');
      const callback = {
        [name]: () => {
          throw fault;
        },
      };
      await expect(net.fit(x, y, { batchSize: 5, callbacks: [callback] })).rejects.toBe(fault);
      await expectTrains();
    },
  );
});

describe('iterables of batches', () => {
  const batch = { x: x.subarray(0, 20), y: y.subarray(0, 5) };
  const bad = (value: unknown): Iterable<typeof batch> => [batch, value as typeof batch];

  it('that throw: the error comes through, the steps before stay', async () => {
    const fault = new RangeError('from the source');
    async function* source(): AsyncGenerator<typeof batch> {
      yield batch;
      throw fault;
    }
    await expect(net.fit(source())).rejects.toBe(fault);
    expect((await net.control.step.data())[0]).toBe(1);
    await expectTrains();
  });

  it('that end early', async () => {
    function* once(): Generator<typeof batch> {
      yield batch;
      yield batch;
    }
    const error = await rejection(() => net.fit(once(), { stepsPerEpoch: 3 }));
    expect(error).toMatchObject({ op: 'fit', roles: ['batches'], values: { given: 2, steps: 3 } });
    const spent = once();
    const again = await rejection(() => net.fit(spent, { epochs: 2 }));
    expect(again).toMatchObject({ op: 'fit', roles: ['batches'], values: { given: 0 } });
    expect(await rejection(() => net.fit(new Set<typeof batch>()))).toMatchObject({
      roles: ['batches'],
      values: { given: 0 },
    });
    await expectTrains();
  });

  it.each([
    ['an empty batch', { x: [], y: [] }, { roles: ['x'], values: { rows: 0 } }],
    ['other features', { x: [[1, 2]], y: [0] }, { roles: ['x'], values: { actual: [1, 2] } }],
    ['NaN', { x: [[1, 2, 3, Number.NaN]], y: [0] }, { roles: ['x'], values: { row: 0, column: 3 } }],
    ['a label out of range', { x: [[1, 2, 3, 4]], y: [9] }, { roles: ['y'], values: { row: 0, label: 9 } }],
    ['no targets', { x: [[1, 2, 3, 4]] }, { roles: ['y'] }],
    ['a pair', [[[1, 2, 3, 4]], [0]], { roles: ['batches'], values: { batch: 1 } }],
    ['null', null, { roles: ['batches'], values: { batch: 1 } }],
  ])('that give %s', async (_, value, expected) => {
    expect(await rejection(() => net.fit(bad(value)))).toMatchObject({ op: 'fit', ...expected });
    await expectTrains();
  });

  it.each(['batchSize', 'shuffle', 'validationSplit', 'sampleWeight'] as const)(
    'leave no room for %s',
    async (name) => {
      const given = { batchSize: 3, shuffle: false, validationSplit: 0.1, sampleWeight: [1] };
      const error = await rejection(() => net.fit([batch], { [name]: given[name] }));
      expect(error).toMatchObject({ op: 'fit', roles: [name], values: { option: name } });
    },
  );
});
