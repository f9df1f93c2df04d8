// How a fit runs and is watched: what it tells, what may run beside it, and that nothing of this changes a bit.
import type { StepEvent } from '../../src/index.js';
import { onBoth, ownDevice, sameBits, throws } from '../kit/engine-setup.js';
import { bunches, classifier, keep, neuron, weightsAfter, weightsOf } from '../kit/tiny-models.js';
import { check, compare, exact, type GpuCase } from './kit.js';

export const cases: GpuCase[] = [
  {
    name: 'a network learns, and its history and events say so',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, classifier());
      const { x, y } = bunches(70);
      const run = net.fit(x, y, { epochs: 12, batchSize: 32, validationData: { x, y } });
      const events: StepEvent[] = [];
      for await (const event of run) events.push(event);
      const { epoch, history } = await run;
      const { loss = [], accuracy = [], val_loss = [], val_accuracy = [] } = history;
      const evaluated = await net.evaluate(x, y);
      const means = Array.from({ length: 12 }, (_, index) => {
        const own = events.filter((event) => event.epoch === index);
        return own.reduce((sum, event) => sum + event.loss * event.size, 0) / 70;
      });
      return [
        ...exact(
          'epochs',
          epoch,
          Array.from({ length: 12 }, (_, index) => index),
        ),
        ...exact(
          'steps',
          events.map(({ step }) => step),
          events.map((_, index) => index + 1),
        ),
        ...exact(
          'batch sizes',
          events.slice(0, 4).map(({ size }) => size),
          [32, 32, 6, 32],
        ),
        ...exact(
          'batches',
          events.slice(0, 4).map(({ batch, batches }) => batch * 10 + (batches ?? 0)),
          [3, 13, 23, 3],
        ),
        ...compare('losses', loss, means, 1e-6),
        ...check(
          'it learns',
          (loss.at(-1) ?? 9) < 0.8 * (loss[0] ?? 0),
          `< 0.8 × ${loss[0]}`,
          String(loss.at(-1)),
        ),
        ...check('accuracy', (accuracy.at(-1) ?? 0) > 0.75, '> 0.75', String(accuracy)),
        ...compare(
          'validation',
          [val_loss.at(-1) ?? NaN, val_accuracy.at(-1) ?? NaN],
          [evaluated.loss ?? 0, evaluated.accuracy ?? 0],
          1e-6,
        ),
      ];
    },
  },
  {
    name: 'GPU and CPU train alike: 70 rows in batches of 32',
    async run(ctx) {
      const { gpu, cpu } = await onBoth(ctx, async () => {
        const net = classifier();
        const { x, y } = bunches(70);
        const { history } = await net.fit(x, y, { epochs: 4, batchSize: 32 });
        const weights = await weightsOf(net);
        net.dispose();
        return { history, weights };
      });
      return [
        ...compare('losses', gpu.history.loss ?? [], cpu.history.loss ?? [], 1e-5),
        ...exact('accuracies', gpu.history.accuracy ?? [], cpu.history.accuracy ?? []),
        ...compare('weights', gpu.weights, cpu.weights, 1e-4),
      ];
    },
  },
  {
    name: 'the number of steps in a submit changes no bit',
    async run(ctx) {
      await ownDevice(ctx);
      const { x, y } = bunches(70);
      const results: Float32Array[] = [];
      for (const stepsPerSubmit of [1, 3, 16, undefined]) {
        const net = classifier();
        await net.fit(x, y, { epochs: 6, batchSize: 8, ...(stepsPerSubmit ? { stepsPerSubmit } : {}) });
        results.push(await weightsOf(net));
        net.dispose();
      }
      return results
        .slice(1)
        .flatMap((weights, index) => sameBits(`weights ${index + 1}`, weights, results[0] as Float32Array));
    },
  },
  {
    name: 'predict during fit sees whole steps only',
    async run(ctx) {
      await ownDevice(ctx);
      const rows = 64;
      const x = Float32Array.from({ length: rows }, (_, row) => row / rows);
      const y = x.map((value) => 3 * value - 1);
      const probe = Float32Array.of(0, 1, 0.5);
      const seen = new Set<string>();
      const slow = neuron();
      const look = async (net: ReturnType<typeof neuron>) =>
        Array.from((await net.predict(probe)).data).join(' ');
      seen.add(await look(slow));
      await slow.fit(x, y, {
        batchSize: 8,
        epochs: 6,
        stepsPerSubmit: 1,
        callbacks: [{ onBatchEnd: async () => void seen.add(await look(slow)) }],
      });
      slow.dispose();
      const net = neuron();
      ctx.onCleanup(() => net.dispose());
      await net.predict(probe);
      const run = net.fit(x, y, { batchSize: 8, epochs: 6, stepsPerSubmit: 3 });
      const during: string[] = [];
      for await (const _ of run) during.push(await look(net));
      await run;
      return [
        ...exact('states of whole steps', [seen.size], [49]),
        ...check('some came in between', during.length > 3),
        ...check(
          'all are among them',
          during.every((one) => seen.has(one)),
          'whole steps',
          during.find((one) => !seen.has(one)) ?? '',
        ),
        ...check('the last is the last', seen.has(await look(net))),
      ];
    },
  },
  {
    name: 'two models train at once, each as if it were alone; one model does not fit twice at once',
    async run(ctx) {
      await ownDevice(ctx);
      const { x, y } = bunches(64);
      const [a, b] = [keep(ctx, classifier()), keep(ctx, classifier({ seed: 9 }))];
      const first = a.fit(x, y, { epochs: 5, batchSize: 8 });
      const second = b.fit(x, y, { epochs: 5, batchSize: 8 });
      const refused = await throws('the second fit', () => a.fit(x, y), { op: 'fit', roles: ['model'] });
      await Promise.all([first, second]);
      return [
        ...refused,
        ...sameBits('the first', await weightsOf(a), await weightsAfter(40, classifier, 8, 64)),
        ...sameBits(
          'the second',
          await weightsOf(b),
          await weightsAfter(40, () => classifier({ seed: 9 }), 8, 64),
        ),
      ];
    },
  },
  {
    name: 'callbacks run in order, each awaited',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, classifier());
      const { x, y } = bunches(32);
      const calls: string[] = [];
      await net.fit(x, y, {
        epochs: 2,
        batchSize: 16,
        callbacks: [
          {
            onTrainBegin: () => void calls.push('begin'),
            onEpochBegin: (epoch) => void calls.push(`epoch ${epoch}`),
            onBatchEnd: async (batch) => {
              await new Promise((resolve) => setTimeout(resolve, 5));
              calls.push(`batch ${batch}`);
            },
            onEpochEnd: (epoch, logs) => void calls.push(`end ${epoch} ${Object.keys(logs)}`),
            onTrainEnd: () => void calls.push('done'),
          },
        ],
      });
      const wanted =
        'begin|epoch 0|batch 0|batch 1|end 0 loss,accuracy|epoch 1|batch 0|batch 1|end 1 loss,accuracy|done';
      return check('order', calls.join('|') === wanted, wanted, calls.join('|'));
    },
  },
];
