/** Several outputs: losses, their weights, metrics and targets by name or in order; what logs say; files. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { CompileOptions } from '../../src/index.js';
import { init, layers, load, losses, type Model, model, optimizers, save } from '../../src/index.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

/** x → a = 2x, b = [x, −x]. */
function twoHeads(options: Omit<CompileOptions, 'optimizer'>, learningRate = 0): Model {
  const x = layers.input({ shape: [1], name: 'x' });
  const head = (name: string, units: number) => layers.dense({ units, name, useBias: false }).apply(x);
  const net = model({ inputs: x, outputs: [head('a', 1), head('b', 2)], seed: 3 });
  net.setWeights([[[2]], [[1, -1]]]);
  net.compile({ optimizer: optimizers.sgd({ learningRate }), ...options });
  return net;
}

const X = [[1], [3]];
/** Errors of a: 0, 2; classes of b. */
const Y = { a: [[2], [4]], b: Int32Array.of(0, 1) };

const b = losses.sparseCategoricalCrossentropy({ fromLogits: true });

describe('logs', () => {
  it('a loss and metrics for each output by name, and the sum', async () => {
    const net = twoHeads({
      loss: { b: 'mse', a: 'mae' },
      metrics: { a: 'mse', b: ['meanAbsoluteError'] },
    });
    const y = {
      a: [[2], [4]],
      b: [
        [0, 0],
        [0, 0],
      ],
    };
    const expected = { loss: 1 + 5, a_loss: 1, b_loss: 5, a_mse: 2, b_meanAbsoluteError: 2 };
    expect(await net.evaluate(X, y)).toEqual(expected);
    expect(await net.trainOnBatch(X, y)).toEqual(expected);
    const { history } = await net.fit(X, y, { batchSize: 1, validationSplit: 0.5 });
    expect(Object.keys(history)).toEqual([
      ...Object.keys(expected),
      ...Object.keys(expected).map((name) => `val_${name}`),
    ]);
    net.dispose();
  });

  it('in order, weighted by lossWeights and sampleWeight', async () => {
    const net = twoHeads({ loss: ['mae', 'mse'], lossWeights: [10, 0.5], metrics: ['mse'] });
    const y = {
      a: [[2], [4]],
      b: [
        [0, 0],
        [0, 0],
      ],
    };
    expect(await net.evaluate(X, y, { sampleWeight: [0, 2] })).toEqual({
      loss: 10 * 2 + 0.5 * 9,
      a_loss: 2,
      b_loss: 9,
      a_mse: 2,
      b_mse: 5,
    });
    net.dispose();
  });

  it('accuracy is what each loss makes it', async () => {
    const net = twoHeads({ loss: { a: 'mse', b }, metrics: { b: ['accuracy'] } });
    expect((await net.evaluate(X, Y)).b_accuracy).toBe(0.5);
    net.dispose();
  });
});

it('trains on the weighted sum', async () => {
  const net = twoHeads({ loss: 'mse', lossWeights: { b: 0, a: 3 } }, 0.1);
  await net.trainOnBatch([[1]], { a: [[4]], b: [[9, 9]] });
  const [first, second] = await net.getWeights();
  expect(first?.data[0]).toBeCloseTo(2 - 0.1 * 3 * 2 * -2, 5);
  expect([...(second?.data ?? [])]).toEqual([1, -1]);
  net.dispose();
});

it('goes on after a file as before it', async () => {
  const net = twoHeads(
    { loss: { a: 'mse', b }, lossWeights: { a: 2, b: 1 }, metrics: { b: 'accuracy' } },
    0.1,
  );
  await net.trainOnBatch(X, Y);
  const again = await load(await save(net));
  expect(await again.trainOnBatch(X, Y)).toEqual(await net.trainOnBatch(X, Y));
  for (const one of [net, again]) one.dispose();
});

describe('refuses', () => {
  it.each([
    [{ loss: ['mse', 'mse', 'mse'] }, 'there are 3 losses for 2 outputs', ['loss']],
    [{ loss: { a: 'mse' } }, "loss has no 'b'", ['loss']],
    [{ loss: { a: 'mse', bb: 'mse' } }, "unknown output 'bb'", ['output']],
    [{ loss: 'mse', lossWeights: [1] }, 'there are 1 loss weights for 2 outputs', ['lossWeights']],
    [{ loss: 'mse', lossWeights: { a: 1, b: Number.NaN } }, 'a loss weight is NaN', ['lossWeights']],
    [{ loss: 'mse', metrics: { c: 'mse' } }, "unknown output 'c'", ['output']],
    [{ loss: 'mse', metrics: 'accuracy' as never }, 'metrics is string', ['metrics']],
    [{ loss: 'mse', lossweights: [1, 1] } as never, "unknown option 'lossweights'", ['option']],
  ])('%o', (options: Omit<CompileOptions, 'optimizer'>, message, roles) => {
    const error = failure(() => twoHeads(options));
    expect([error.message.includes(message), error.roles]).toEqual([true, roles]);
  });

  it('targets that do not name the outputs', async () => {
    const net = twoHeads({ loss: 'mse' });
    await expect(net.evaluate(X, X)).rejects.toThrow('2 outputs (a, b), y is a single array');
    await expect(net.evaluate(X, { a: X })).rejects.toThrow("y has no 'b'");
    net.dispose();
  });
});
