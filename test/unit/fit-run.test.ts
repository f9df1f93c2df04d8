/** How a `fit` runs: its events, its end, callbacks, early stopping, the order of rows, and going on where it stopped. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, type NDArray, ops } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import * as losses from '../../src/nn/losses.js';
import { type Model, sequential } from '../../src/nn/model.js';
import { type Callback, earlyStopping, type Logs } from '../../src/nn/training/callbacks.js';
import type { StepEvent } from '../../src/nn/training/run.js';
import * as optimizers from '../../src/optim/index.js';
import { compiled, examples, FEATURES, weightsOf } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const ROWS = 22;
const { x, y } = examples(ROWS);
/** Five batches an epoch, the last of 2. */
const options = { batchSize: 5 };

/** The weights of a fresh model after `train`. */
async function trained(train: (net: Model<NDArray>) => PromiseLike<unknown>): Promise<number[]> {
  const net = compiled();
  await train(net);
  return weightsOf(net);
}

describe('events', () => {
  it('tell every step in order, the last batch at its true size', async () => {
    const run = compiled().fit(x, y, { ...options, epochs: 2 });
    const events: StepEvent[] = [];
    for await (const event of run) events.push(event);
    expect(
      events.map(({ epoch, batch, step, size, batches }) => [epoch, batch, step, size, batches]),
    ).toEqual(
      Array.from({ length: 10 }, (_, i) => [Math.floor(i / 5), i % 5, i + 1, i % 5 === 4 ? 2 : 5, 5]),
    );
    const { history } = await run;
    for (const epoch of [0, 1]) {
      const mine = events.filter((event) => event.epoch === epoch);
      const mean = (of: (event: StepEvent) => number): number =>
        mine.reduce((sum, event) => sum + of(event) * event.size, 0) / ROWS;
      expect(history.loss?.[epoch]).toBeCloseTo(
        mean(({ loss }) => loss),
        6,
      );
      expect(history.accuracy?.[epoch]).toBeCloseTo(
        mean(({ metrics }) => metrics.accuracy as number),
        6,
      );
    }
  });

  it('break ends listening, not training', async () => {
    const run = compiled().fit(x, y, { ...options, epochs: 3 });
    for await (const event of run) if (event.step === 2) break;
    expect((await run).history.loss).toHaveLength(3);
  });

  it('that nobody reads are dropped, and training does not wait', async () => {
    const net = compiled();
    const run = net.fit(x, y, { batchSize: 1, epochs: 60 });
    const listener = run[Symbol.asyncIterator]();
    const first = (await listener.next()).value as StepEvent;
    await run;
    const rest: number[] = [];
    for (let next = await listener.next(); !next.done; next = await listener.next())
      rest.push(next.value.step);
    expect(first.step).toBe(1);
    expect(rest).toHaveLength(1024);
    expect(rest.at(-1)).toBe(ROWS * 60);
    const late: StepEvent[] = [];
    for await (const event of run) late.push(event);
    expect(late).toEqual([]);
  });
});

describe('stop()', () => {
  it('resolves with the history so far', async () => {
    const net = compiled();
    const run = net.fit(x, y, { ...options, epochs: 50, stepsPerSubmit: 1 });
    for await (const { step } of run) if (step === 7) run.stop();
    const { epoch, history } = await run;
    expect(epoch).toEqual([0, 1]);
    expect(history.loss).toHaveLength(2);
    const steps = (await net.control.step.data())[0] as number;
    expect(steps).toBeGreaterThanOrEqual(7);
    expect(steps).toBeLessThan(10);
  });

  it('before anything has begun trains nothing', async () => {
    const net = compiled();
    const before = await weightsOf(net);
    const run = net.fit(x, y, options);
    run.stop();
    expect(await run).toEqual({ epoch: [], history: {} });
    expect(await weightsOf(net)).toEqual(before);
  });

  it('from a callback is exact with stepsPerSubmit 1', async () => {
    const net = compiled();
    const onBatchEnd: Callback['onBatchEnd'] = (batch, _, { stop }) => {
      if (batch === 2) stop();
    };
    const { history } = await net.fit(x, y, {
      ...options,
      epochs: 4,
      stepsPerSubmit: 1,
      callbacks: [{ onBatchEnd }],
    });
    expect(history.loss).toHaveLength(1);
    expect((await net.control.step.data())[0]).toBe(3);
  });
});

describe('callbacks', () => {
  it('are called in order, one after the other, none dropped', async () => {
    const calls: string[] = [];
    const tell = (who: string): Callback => ({
      onTrainBegin: () => void calls.push(`${who} train begins`),
      onEpochBegin: async (epoch) => {
        await Promise.resolve();
        calls.push(`${who} epoch ${epoch} begins`);
      },
      onBatchEnd: async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, who === 'a' ? 2 : 0));
        calls.push(`${who} batch ${batch}`);
      },
      onEpochEnd: (epoch) => void calls.push(`${who} epoch ${epoch} ends`),
      onTrainEnd: () => void calls.push(`${who} train ends`),
    });
    await compiled().fit(x, y, { batchSize: 11, epochs: 2, callbacks: [tell('a'), tell('b')] });
    const epoch = (index: number): string[] => [
      `epoch ${index} begins`,
      'batch 0',
      'batch 1',
      `epoch ${index} ends`,
    ];
    const expected = ['train begins', ...epoch(0), ...epoch(1), 'train ends'];
    expect(calls).toEqual(expected.flatMap((call) => [`a ${call}`, `b ${call}`]));
  });

  it('see the weights of their very step with stepsPerSubmit 1', async () => {
    const seen: number[][] = [];
    const onBatchEnd: Callback['onBatchEnd'] = async (_, __, context) => {
      seen.push((await context.model.getWeights()).flatMap(({ data }) => Array.from(data)));
    };
    await compiled().fit(x, y, {
      ...options,
      shuffle: false,
      stepsPerSubmit: 1,
      callbacks: [{ onBatchEnd }],
    });
    const net = compiled();
    for (let batch = 0; batch < 5; batch++) {
      const [from, to] = [batch * 5, Math.min(ROWS, batch * 5 + 5)];
      await net.trainOnBatch(x.subarray(from * FEATURES, to * FEATURES), y.subarray(from, to));
      expect(await weightsOf(net)).toEqual(seen[batch]);
    }
  });

  it('see the logs of the epoch, of validation too, and may change the rate', async () => {
    const net = compiled();
    const { optimizer } = net.trainer('test').setup;
    const logs: Logs[] = [];
    const { history } = await net.fit(x, y, {
      ...options,
      epochs: 3,
      validationSplit: 0.3,
      callbacks: [
        {
          onEpochEnd(epoch, told) {
            logs.push(told);
            if (epoch === 0) optimizer.learningRate = 0;
          },
        },
      ],
    });
    for (const key of ['loss', 'accuracy', 'val_loss', 'val_accuracy'])
      expect(history[key]).toEqual(logs.map((told) => told[key]));
    expect(history.val_loss?.[1]).toBe(history.val_loss?.[0]);
  });
});

describe('earlyStopping', () => {
  /** Runs `values` as the validation losses of one epoch each; gives the epochs that were trained, and the weights told at each. */
  async function stopped(values: readonly number[], settings: Parameters<typeof earlyStopping>[0]) {
    const net = sequential([
      layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros', useBias: false }),
    ]);
    net.compile({
      optimizer: optimizers.sgd({ learningRate: 1 }),
      loss: (_, yPred) => ops.reshape(ops.neg(yPred), [-1]),
    });
    // The kernel grows by 1 each epoch, so that it tells which epoch the weights are from.
    const stopper = earlyStopping({ monitor: 'shown', ...settings });
    const told: Callback = {
      ...stopper,
      onEpochEnd: (epoch, logs, context) =>
        stopper.onEpochEnd?.(epoch, { ...logs, shown: values[epoch] as number }, context),
    };
    const { epoch } = await net.fit([[1]], [[0]], { epochs: values.length, callbacks: [told] });
    return { epochs: epoch.length, kernel: (await weightsOf(net))[0] };
  }

  it.each([
    ['patience 0: the first epoch that is no better', [5, 4, 4, 3], {}, 3, 3],
    ['patience 2', [5, 4, 6, 4, 3], { patience: 2 }, 4, 4],
    ['patience that is renewed', [5, 6, 4, 5, 3, 4], { patience: 2 }, 6, 6],
    ['the best weights come back', [5, 4, 6, 7, 3], { patience: 2, restoreBestWeights: true }, 4, 2],
    [
      'the best weights of a run that was not stopped',
      [5, 3, 4],
      { patience: 9, restoreBestWeights: true },
      3,
      2,
    ],
    ['minDelta', [5, 4.5, 4.2, 1], { minDelta: 0.4, patience: 1 }, 3, 3],
    ['mode max', [1, 2, 2, 5], { mode: 'max' }, 3, 3],
    ['never after the first epoch', [Number.NaN, 1, 2], {}, 3, 3],
    ['a baseline that is not reached in time', [9, 8, 7, 7, 6], { baseline: 3, patience: 2 }, 4, 4],
    ['a baseline that is reached', [9, 2, 1, 3], { baseline: 3, patience: 2 }, 4, 4],
    [
      'a baseline, and the best weights although it was never reached',
      [9, 8, 8],
      { baseline: 3, restoreBestWeights: true },
      3,
      2,
    ],
  ] as const)('%s', async (_, values, settings, epochs, kernel) => {
    expect(await stopped(values, settings)).toEqual({ epochs, kernel });
  });

  it('watches val_loss, or a log with accuracy for its maximum', async () => {
    const net = compiled();
    const { history } = await net.fit(x, y, {
      ...options,
      epochs: 200,
      validationSplit: 0.3,
      callbacks: [earlyStopping({ patience: 3, restoreBestWeights: true })],
    });
    const seen = history.val_loss as number[];
    expect(seen.length).toBeLessThan(200);
    const kept = Math.floor(ROWS * 0.7);
    const held = await net.evaluate(x.subarray(kept * FEATURES), y.subarray(kept));
    expect(held.loss).toBe(Math.min(...seen));
    const most = { monitor: 'accuracy', patience: 5, restoreBestWeights: true };
    const accurate = await compiled().fit(x, y, {
      ...options,
      epochs: 200,
      callbacks: [earlyStopping(most)],
    });
    const accuracies = accurate.history.accuracy as number[];
    expect(Math.max(...accuracies.slice(0, -5))).toBe(Math.max(...accuracies));
  });

  it('names the logs that there are, where it watches another', async () => {
    const run = compiled().fit(x, y, { callbacks: [earlyStopping()] });
    await expect(run).rejects.toMatchObject({
      op: 'earlyStopping',
      roles: ['monitor'],
      values: { monitor: 'val_loss', logs: ['loss', 'accuracy'] },
      fix: expect.stringContaining('validationSplit'),
    });
  });
});

describe('the order of rows', () => {
  const weightsFor = async (seed: number, more: object = {}): Promise<number[]> => {
    const net = compiled({ seed });
    net.setWeights(await compiled().getWeights());
    await net.fit(x, y, { ...options, epochs: 2, ...more });
    return weightsOf(net);
  };

  it('depends on the seed', async () => {
    expect(await weightsFor(1)).toEqual(await weightsFor(1));
    expect(await weightsFor(1)).not.toEqual(await weightsFor(2));
    expect(await weightsFor(1, { shuffle: false })).toEqual(await weightsFor(2, { shuffle: false }));
    expect(await weightsFor(1, { shuffle: false })).not.toEqual(await weightsFor(1));
  });

  it('depends on the epoch: two fits are one of two epochs, and each takes every row once', async () => {
    const twice = trained(async (net) => {
      await net.fit(x, y, options);
      await net.fit(x, y, options);
    });
    expect(await twice).toEqual(await trained((net) => net.fit(x, y, { ...options, epochs: 2 })));
    // The loss of a model that does not move is the mean over all rows, in whatever order.
    const still = compiled();
    still.compile({
      optimizer: optimizers.sgd({ learningRate: 0 }),
      loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    });
    const events: number[][] = [[], []];
    const run = still.fit(x, y, { ...options, epochs: 2 });
    for await (const { epoch, loss } of run) events[epoch]?.push(loss);
    const { loss } = await still.evaluate(x, y);
    for (const mean of (await run).history.loss as number[]) expect(mean).toBeCloseTo(loss as number, 6);
    expect(events[0]).not.toEqual(events[1]);
  });
});

describe('resume', () => {
  it('goes on in the midst of an epoch to the bits of a run that was not broken', async () => {
    const whole = await trained((net) => net.fit(x, y, { ...options, epochs: 2 }));
    const broken = compiled();
    let left = 3;
    const onBatchEnd: Callback['onBatchEnd'] = (_, __, { stop }) => {
      if (--left === 0) stop();
    };
    await broken.fit(x, y, { ...options, epochs: 2, stepsPerSubmit: 1, callbacks: [{ onBatchEnd }] });
    const { epoch } = await broken.fit(x, y, { ...options, epochs: 2, resume: true });
    expect(epoch).toEqual([0, 1]);
    expect(await weightsOf(broken)).toEqual(whole);
  });

  it('does not depend on how many steps are queued at once', async () => {
    const at = (stepsPerSubmit: number): Promise<number[]> =>
      trained((net) => net.fit(x, y, { batchSize: 3, epochs: 3, stepsPerSubmit }));
    const exact = await at(1);
    for (const steps of [2, 5, 100]) expect(await at(steps)).toEqual(exact);
  });
});
