/** Losses and metrics against numbers worked out by hand, in their form of one value per example. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, type Tensor, tensor } from '../../src/engine/index.js';
import type { LossFunction } from '../../src/nn/losses.js';
import * as losses from '../../src/nn/losses.js';
import { type LossSpec, resolveLoss } from '../../src/nn/resolve-loss.js';
import { type MetricSpec, resolveMetric } from '../../src/nn/resolve-metric.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const labels = (...values: number[]): Tensor => tensor(Int32Array.from(values));
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
/** −log softmax(row)[at] */
const negativeLog = (row: readonly number[], at: number): number =>
  Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) - (row[at] as number);

async function expectClose(value: Tensor, expected: readonly number[], digits = 5): Promise<void> {
  expect(value.shape).toEqual([expected.length]);
  const found = [...(await value.data())];
  expected.forEach((one, index) => {
    expect(found[index]).toBeCloseTo(one, digits);
  });
}

describe('losses', () => {
  it('meanSquaredError and meanAbsoluteError give the mean of each row', async () => {
    const yTrue = tensor([
      [1, 2],
      [0, -3],
    ]);
    const yPred = tensor([
      [2, 4],
      [0.5, -3],
    ]);
    await expectClose(losses.meanSquaredError()(yTrue, yPred), [2.5, 0.125]);
    await expectClose(losses.meanAbsoluteError()(yTrue, yPred), [1.5, 0.25]);
  });

  it('keep the batch where there is nothing else', async () => {
    await expectClose(losses.meanSquaredError()(tensor([1, 2]), tensor([1, 4])), [0, 4]);
  });

  it('average the last axis only, and leave the others to training', () => {
    const cube = tensor(new Float32Array(24), { shape: [2, 3, 4] });
    expect(losses.meanSquaredError()(cube, cube).shape).toEqual([2, 3]);
  });

  it('take [batch] for [batch, 1] without broadcasting', async () => {
    await expectClose(losses.meanSquaredError()(tensor([1, 2, 3]), tensor([[1], [1], [1]])), [0, 1, 4]);
  });

  it('binaryCrossentropy on probabilities, cut at 1e-7, and on logits', async () => {
    const yTrue = tensor([
      [1, 0],
      [1, 1],
    ]);
    await expectClose(
      losses.binaryCrossentropy()(
        yTrue,
        tensor([
          [0.8, 0.4],
          [0.5, 0.25],
        ]),
      ),
      [-(Math.log(0.8) + Math.log(0.6)) / 2, -(Math.log(0.5) + Math.log(0.25)) / 2],
    );
    await expectClose(losses.binaryCrossentropy()(tensor([[1]]), tensor([[0]])), [-Math.log(1e-7)], 4);
    await expectClose(
      losses.binaryCrossentropy({ fromLogits: true })(
        yTrue,
        tensor([
          [2, -1],
          [0, -30],
        ]),
      ),
      [-(Math.log(logistic(2)) + Math.log(1 - logistic(-1))) / 2, (Math.log(2) + 30) / 2],
    );
  });

  it('categoricalCrossentropy divides by the sum, as Keras does; logits go through softmax', async () => {
    const yTrue = tensor([
      [0, 1, 0],
      [0.5, 0, 0.5],
    ]);
    await expectClose(
      losses.categoricalCrossentropy()(
        yTrue,
        tensor([
          [1, 2, 1],
          [0.2, 0.3, 0.5],
        ]),
      ),
      [-Math.log(0.5), -(Math.log(0.2) + Math.log(0.5)) / 2],
    );
    await expectClose(
      losses.categoricalCrossentropy({ fromLogits: true })(
        yTrue,
        tensor([
          [1, 2, 3],
          [0, 1, 0],
        ]),
      ),
      [negativeLog([1, 2, 3], 1), negativeLog([0, 1, 0], 0)],
    );
  });

  it('sparseCategoricalCrossentropy takes [batch] and [batch, 1], integers or floats', async () => {
    const logits = tensor([
      [1, 2, 3],
      [0, 1, 0],
    ]);
    const expected = [negativeLog([1, 2, 3], 2), negativeLog([0, 1, 0], 0)];
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    await expectClose(loss(labels(2, 0), logits), expected);
    await expectClose(loss(tensor([[2], [0]]), logits), expected);
    const probabilities = tensor([
      [0.1, 0.2, 0.7],
      [0.5, 0.25, 0.25],
    ]);
    await expectClose(losses.sparseCategoricalCrossentropy()(labels(2, 1), probabilities), [
      -Math.log(0.7),
      -Math.log(0.25),
    ]);
  });

  it('refuse targets that do not fit, with the shapes', () => {
    const error = failure(() => losses.meanSquaredError()(tensor([[1, 2, 3]]), tensor([[1, 2]])));
    expect(error.op).toBe('meanSquaredError');
    expect(error.values).toEqual({ yTrue: [1, 3], yPred: [1, 2], expected: [1, 2] });
    const sparse = failure(() => losses.sparseCategoricalCrossentropy()(labels(1, 2, 3), tensor([[1, 2]])));
    expect(sparse.values).toMatchObject({ yTrue: [3], expected: [1] });
  });
});

describe('resolveLoss', () => {
  it.each([
    'meanSquaredError',
    'meanAbsoluteError',
    'binaryCrossentropy',
    'categoricalCrossentropy',
    'sparseCategoricalCrossentropy',
  ])('knows %s by name, and makes it again from its data', (name) => {
    const loss = resolveLoss(name);
    expect(loss.lossName).toBe(name);
    const again = resolveLoss({ name, config: loss.config ?? {} });
    expect({ ...again }).toEqual({ lossName: name, target: loss.target, config: loss.config });
  });

  it("knows TF.js's short names and functions", () => {
    expect(resolveLoss('mse').lossName).toBe('meanSquaredError');
    expect(resolveLoss('mae').lossName).toBe('meanAbsoluteError');
    const own = (_: Tensor, yPred: Tensor): Tensor => yPred;
    expect(resolveLoss(own)).toBe(own);
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    expect([loss.target, loss.config]).toEqual(['classes', { fromLogits: true }]);
  });

  it('refuses unknown names and options with the nearest valid one, and other things', () => {
    const name = failure(() => resolveLoss('mean_squared_error'));
    expect(name.roles).toEqual(['loss']);
    expect(name.values.loss).toBe('mean_squared_error');
    expect(name.fix).toContain("did you mean 'meanSquaredError'");
    const option = failure(() => losses.binaryCrossentropy({ fromLogit: true } as object));
    expect(option.fix).toContain("did you mean 'fromLogits'");
    expect(failure(() => losses.meanSquaredError({ a: 1 } as never)).roles).toEqual(['option']);
    expect(failure(() => losses.binaryCrossentropy({ fromLogits: 1 } as never)).values).toEqual({
      fromLogits: 1,
    });
    expect(failure(() => resolveLoss(undefined as unknown as LossSpec)).roles).toEqual(['loss']);
  });
});

describe('metrics', () => {
  const sparse = losses.sparseCategoricalCrossentropy();
  const apply = (spec: MetricSpec, loss: LossFunction, units: number) =>
    resolveMetric(spec, { loss, outputShape: [null, units] }).apply;

  it('accuracy is sparse for losses on labels', async () => {
    const yPred = tensor([
      [0.1, 0.9],
      [0.6, 0.4],
      [0.5, 0.5],
    ]);
    await expectClose(apply('accuracy', sparse, 2)(labels(1, 1, 0), yPred), [1, 0, 1]);
    expect(resolveMetric('acc', { loss: sparse, outputShape: [null, 2] }).name).toBe('accuracy');
  });

  it('accuracy is binary for binaryCrossentropy and for one unit', async () => {
    const yTrue = tensor([
      [1, 0],
      [1, 1],
    ]);
    const yPred = tensor([
      [0.6, 0.6],
      [0.9, 0.51],
    ]);
    await expectClose(apply('accuracy', losses.binaryCrossentropy(), 2)(yTrue, yPred), [0.5, 1]);
    await expectClose(
      apply('accuracy', losses.meanSquaredError(), 1)(tensor([[1], [0]]), tensor([[0.5], [0.5]])),
      [0, 1],
    );
  });

  it('accuracy cuts logits at 0', async () => {
    const loss = losses.binaryCrossentropy({ fromLogits: true });
    await expectClose(
      apply('accuracy', loss, 1)(tensor([[1], [0], [0]]), tensor([[0.3], [-0.1], [0.1]])),
      [1, 1, 0],
    );
  });

  it("accuracy is categorical else; the targets decide for a loss of one's own", async () => {
    const yPred = tensor([
      [0.1, 0.9, 0],
      [0.6, 0.4, 0],
    ]);
    const rows = tensor([
      [0, 1, 0],
      [0, 0, 1],
    ]);
    await expectClose(apply('accuracy', losses.categoricalCrossentropy(), 3)(rows, yPred), [1, 0]);
    const own: LossFunction = (_, predicted) => predicted;
    await expectClose(apply('accuracy', own, 3)(rows, yPred), [1, 0]);
    await expectClose(apply('accuracy', own, 3)(labels(1, 1), yPred), [1, 0]);
    await expectClose(apply('accuracy', own, 3)(tensor([[1], [0]]), yPred), [1, 1]);
  });

  it('go by name, keep the name in logs, and may be functions', async () => {
    const context = { loss: sparse, outputShape: [null, 2] };
    for (const name of [
      'binaryAccuracy',
      'categoricalAccuracy',
      'sparseCategoricalAccuracy',
      'mse',
      'meanAbsoluteError',
    ]) {
      expect(resolveMetric(name, context).name).toBe(name);
    }
    await expectClose(resolveMetric('mse', context).apply(tensor([[1, 2]]), tensor([[1, 4]])), [2]);
    const worst = (yTrue: Tensor): Tensor => yTrue;
    expect(resolveMetric(worst, context)).toMatchObject({ name: 'worst', apply: worst });
    expect(resolveMetric(losses.meanSquaredError(), context).name).toBe('meanSquaredError');
    expect(
      resolveMetric(
        Object.assign((a: Tensor) => a, { metricName: 'own' }),
        context,
      ).name,
    ).toBe('own');
  });

  it('unknown ones are refused with the nearest', () => {
    const error = failure(() => resolveMetric('acuracy', { loss: sparse, outputShape: [null, 2] }));
    expect(error.roles).toEqual(['metric']);
    expect(error.fix).toContain("did you mean 'accuracy'");
    expect(failure(() => resolveMetric(3 as never, { loss: sparse, outputShape: [null, 2] })).roles).toEqual([
      'metrics',
    ]);
  });
});
