/** Epochs shorter than a submit go into one together, and nobody can tell by the results. */

import { beforeAll, expect, it } from 'vitest';
import { deviceCounters, init } from '../../src/engine/index.js';
import { load, save } from '../../src/nn/file.js';
import type { CallbackContext } from '../../src/nn/training/callbacks.js';
import type { FitOptions } from '../../src/nn/training/fit-options.js';
import type { History } from '../../src/nn/training/run.js';
import { compiled, examples, weightsOf } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const { x, y } = examples(8);
const EPOCHS = 60;
/** Two steps an epoch. */
const batchSize = 4;

async function trained(
  options: FitOptions,
): Promise<{ submits: number; weights: number[]; history: History }> {
  const net = compiled();
  const before = await deviceCounters();
  const history = await net.fit(x, y, { epochs: EPOCHS, batchSize, ...options });
  const { submits } = await deviceCounters();
  return { submits: submits - before.submits, weights: await weightsOf(net), history };
}

it('takes one submit for as many epochs as fit, with the bits and the history of one by one', async () => {
  const together = await trained({ stepsPerSubmit: 40 });
  const alone = await trained({ stepsPerSubmit: 2 });
  expect([together.submits, alone.submits]).toEqual([3, EPOCHS]);
  expect(together.weights).toEqual(alone.weights);
  expect(together.history).toEqual(alone.history);
  expect(together.history.epoch).toEqual(Array.from({ length: EPOCHS }, (_, epoch) => epoch));
});

it('does not hold up callbacks of epochs', async () => {
  const seen: number[] = [];
  const { submits } = await trained({
    stepsPerSubmit: 40,
    callbacks: [{ onEpochEnd: (epoch) => void seen.push(epoch) }],
  });
  expect(submits).toBe(EPOCHS);
  expect(seen).toHaveLength(EPOCHS);
});

it('stops in the midst of them and goes on from there, after a file', async () => {
  const whole = await trained({});
  const net = compiled();
  const stop = (_: number, __: unknown, context: CallbackContext): void => context.stop();
  await net.fit(x, y, { epochs: EPOCHS, batchSize, stepsPerSubmit: 7, callbacks: [{ onBatchEnd: stop }] });
  const copy = await load(await save(net));
  const { epoch, batch, step } = copy.trainer('test').position;
  expect([step, step % 7]).toEqual([epoch * 2 + batch, 0]);
  await copy.fit(x, y, { epochs: EPOCHS - epoch, batchSize, resume: true });
  expect(await weightsOf(copy)).toEqual(whole.weights);
});

it.each([2, 3, 4, 6])(
  'saved by a callback after step %d, wherever epochs end, goes on to the same bits',
  async (after) => {
    const whole = await trained({});
    const net = compiled();
    let file: Uint8Array | undefined;
    let steps = 0;
    const keep = async (_: number, __: unknown, context: CallbackContext): Promise<void> => {
      if (++steps !== after) return;
      file = await save(net);
      context.stop();
    };
    await net.fit(x, y, { epochs: EPOCHS, batchSize, stepsPerSubmit: 1, callbacks: [{ onBatchEnd: keep }] });
    const copy = await load(file as Uint8Array);
    await copy.fit(x, y, { epochs: EPOCHS - copy.trainer('test').position.epoch, batchSize, resume: true });
    expect(await weightsOf(copy)).toEqual(whole.weights);
  },
);

it('refuses to go on with other rows or batches in the midst of an epoch', async () => {
  const net = compiled();
  const stop = (_: number, __: unknown, context: CallbackContext): void => context.stop();
  await net.fit(x, y, { batchSize: 2, stepsPerSubmit: 1, callbacks: [{ onBatchEnd: stop }] });
  await expect(net.fit(x, y, { batchSize: 4, resume: true })).rejects.toMatchObject({
    op: 'fit',
    roles: ['resume', 'batchSize', 'x'],
    values: { before: [8, 2], now: [8, 4] },
  });
  await net.fit(x, y, { batchSize: 2, resume: true });
  await net.fit(x, y, { batchSize: 4 });
});
