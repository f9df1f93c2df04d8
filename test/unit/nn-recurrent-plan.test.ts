/** What recurrent layers cost: the same few dispatches whatever the length, and memory for what the backward pass needs alone. */

import { beforeAll, describe, expect, it } from 'vitest';
import { compile, grad, init, input, type Program } from '../../src/engine/index.js';
import type { AnyLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { type Model, sequential } from '../../src/nn/model.js';
import { Network } from '../../src/nn/network.js';
import * as optimizers from '../../src/optim/index.js';
import { numbers } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const labelsOf = (program: Program): string[] => program.executor.plan.steps.map(({ label }) => label);

describe('a layer', () => {
  const [BATCH, FEATURES, UNITS] = [8, 16, 32];

  const LAYERS: Readonly<Record<string, (options: object) => AnyLayer>> = {
    simpleRNN: (options) => layers.simpleRNN({ units: UNITS, ...options }),
    gru: (options) => layers.gru({ units: UNITS, ...options }),
    lstm: (options) => layers.lstm({ units: UNITS, ...options }),
    'simpleRNN, both directions': (options) =>
      layers.bidirectional({ layer: layers.simpleRNN({ units: UNITS, ...options }) }),
    'gru, both directions': (options) =>
      layers.bidirectional({ layer: layers.gru({ units: UNITS, ...options }) }),
    'lstm, both directions': (options) =>
      layers.bidirectional({ layer: layers.lstm({ units: UNITS, ...options }) }),
  };

  /** Dispatches of the output, and of the output with the gradients to input and weights, for a cotangent that is there. */
  async function dispatches(
    layer: AnyLayer,
    steps: number,
  ): Promise<readonly [forward: number, both: number]> {
    const net = new Network({ layers: [layers.input({ shape: [steps, FEATURES] }), layer], seed: 1 });
    const x = input([BATCH, steps, FEATURES]);
    const y = net.apply(x, { training: true });
    const dy = input(y.shape);
    const slopes = grad(y, [x, ...net.trainableWeights], { dy });
    const outputs = Object.fromEntries(slopes.map((slope, index) => [`slope${index}`, slope]));
    const forward = await compile({ inputs: { x }, outputs: { y } });
    const both = await compile({ inputs: { x, dy }, outputs: { y, ...outputs } });
    return [forward.stats().dispatches, both.stats().dispatches];
  }

  it.each(
    Object.entries(LAYERS).flatMap(([name, make]) =>
      [{}, { returnSequences: true }].map((options) => ({ name, make, options })),
    ),
  )('$name, $options', async ({ make, options }) => {
    const short = await dispatches(make(options), 300);
    const [forward, both] = await dispatches(make(options), 600);
    expect(forward).toBeLessThanOrEqual(3);
    expect(both - forward).toBeLessThanOrEqual(6);
    expect([forward, both]).toEqual(short);
  });
});

/** The program of a training step of `rows` rows; nothing runs. */
async function stepOf(net: Model, [x, y]: readonly number[][]): Promise<Program> {
  const trainer = net.trainer('test');
  const [data, targets] = [x, y].map((shape = []) => ({ data: numbers(shape), shape }));
  const columns = await trainer.columns('test', { x: data as never, y: targets as never });
  const dataset = await trainer.dataset('train', columns);
  if (!dataset) throw new Error('the data do not fit');
  return trainer.trainingProgram('train', dataset, x?.[0] ?? 0);
}

it('a step of LSTM(128) over 100 steps: 16 dispatches, 12 MB', async () => {
  const [BATCH, STEPS, FEATURES, UNITS] = [32, 100, 64, 128];
  const net = sequential(
    [layers.lstm({ units: UNITS, inputShape: [STEPS, FEATURES] }), layers.dense({ units: 64 })],
    { seed: 1 },
  );
  net.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' });
  const program = await stepOf(net, [
    [BATCH, STEPS, FEATURES],
    [BATCH, 64],
  ]);
  const { dispatches, peakBytes, lowerBoundBytes } = program.stats();
  expect(dispatches, labelsOf(program).join('\n')).toBeLessThanOrEqual(16);
  expect(peakBytes).toBeLessThanOrEqual(12_000_000);
  expect(peakBytes).toBeLessThanOrEqual(1.05 * lowerBoundBytes);
  // Gates in the place of what they come from, gradients in theirs; cell states, the sequence and the input beside them.
  const gates = 4 * BATCH * STEPS * UNITS * 4;
  expect(peakBytes).toBeLessThan(gates + (gates / 4) * 2 + 4 * BATCH * STEPS * FEATURES + 500_000);
  net.dispose();
});
