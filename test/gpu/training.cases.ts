// How a fit runs, is watched, and ends: whatever happens, the weights are those of a whole step.
import {
  callbacks,
  layers,
  losses,
  type Model,
  ops,
  optimizers,
  type StepEvent,
  sequential,
} from '../../src/index.js';
import { onBoth, ownDevice, sameBits, throws } from '../kit/engine-setup.js';
import { bunches, classifier, neuron, weightsOf } from '../kit/tiny-models.js';
import { type CaseContext, check, compare, exact, type GpuCase } from './kit.js';

/** The weights after `steps` steps of a fit that nothing disturbs. */
async function weightsAfter(
  steps: number,
  make: () => Model,
  batchSize: number,
  rows: number,
): Promise<Float32Array> {
  const net = make();
  const { x, y } = bunches(rows);
  let done = 0;
  const run = net.fit(x, y, {
    batchSize,
    epochs: 100,
    stepsPerSubmit: 1,
    callbacks: [
      {
        onBatchEnd() {
          if (++done === steps) run.stop();
        },
      },
    ],
  });
  await run;
  const weights = await weightsOf(net);
  net.dispose();
  return weights;
}

const keep = (ctx: CaseContext, net: Model): Model => {
  ctx.onCleanup(() => net.dispose());
  return net;
};

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
    name: 'stop() ends after a whole step, with the history so far',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, classifier());
      const { x, y } = bunches(64);
      const run = net.fit(x, y, { epochs: 1000, batchSize: 8, stepsPerSubmit: 4 });
      let last = 0;
      for await (const { step } of run) {
        last = step;
        if (step === 21) run.stop();
      }
      const { epoch, history } = await run;
      const steps = net.trainer('test').position.step;
      return [
        ...check('soon', steps >= 21 && steps < 60, '21 … 60', String(steps)),
        ...exact('all steps were told', [last], [steps]),
        ...exact(
          'epochs',
          [epoch.length, history.loss?.length ?? 0],
          [Math.ceil(steps / 8), Math.ceil(steps / 8)],
        ),
        ...sameBits('weights', await weightsOf(net), await weightsAfter(steps, classifier, 8, 64)),
      ];
    },
  },
  {
    name: 'an aborted signal rejects with AbortError, and the weights are those of a whole step',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, classifier());
      const { x, y } = bunches(64);
      const abort = new AbortController();
      const run = net.fit(x, y, { epochs: 1000, batchSize: 8, stepsPerSubmit: 4, signal: abort.signal });
      for await (const { step } of run) if (step === 18) abort.abort();
      const error: unknown = await run.then(
        () => null,
        (reason: unknown) => reason,
      );
      const steps = net.trainer('test').position.step;
      const early: unknown = await net.fit(x, y, { signal: AbortSignal.abort() }).then(
        () => null,
        (reason: unknown) => reason,
      );
      const after = await weightsOf(net);
      const { history } = await net.fit(x, y, { batchSize: 8 });
      const name = (reason: unknown) => (reason instanceof DOMException ? reason.name : String(reason));
      return [
        ...check('AbortError', name(error) === 'AbortError', 'AbortError', name(error)),
        ...check('aborted before it began', name(early) === 'AbortError', 'AbortError', name(early)),
        ...sameBits('weights', after, await weightsAfter(steps, classifier, 8, 64)),
        ...check('it trains on', Number.isFinite(history.loss?.[0])),
      ];
    },
  },
  {
    name: 'leaving the loop of events leaves training alone',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, classifier());
      const { x, y } = bunches(64);
      const run = net.fit(x, y, { epochs: 5, batchSize: 8 });
      for await (const { step } of run) if (step >= 3) break;
      const { epoch } = await run;
      return [
        ...exact('epochs', [epoch.length], [5]),
        ...sameBits('weights', await weightsOf(net), await weightsAfter(40, classifier, 8, 64)),
      ];
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
    name: 'a loss that is not finite names step and layer, and keeps the last finite weights',
    async run(ctx) {
      await ownDevice(ctx);
      const x = Float32Array.from({ length: 24 }, (_, row) => row / 24);
      const good = x.map((value) => value + 1);
      const bad = good.slice();
      bad[9] = 0;
      const logarithmic = (yTrue: Parameters<typeof ops.log>[0], yPred: Parameters<typeof ops.log>[0]) =>
        ops.mean(ops.square(ops.sub(ops.log(yTrue), yPred)), { axis: -1 });
      const make = () => neuron(0.05, logarithmic);
      const net = keep(ctx, make());
      const options = { batchSize: 4, shuffle: false, stepsPerSubmit: 6 };
      const error = await throws('fit', () => net.fit(x, { data: bad, shape: [24, 1] }, options), {
        op: 'fit',
        values: { step: 3, batch: 2, epoch: 0 },
        message: 'step 3',
      });
      const stopped = await weightsOf(net);
      const twoSteps = make();
      await twoSteps.fit(x.slice(0, 8), { data: good.slice(0, 8), shape: [8, 1] }, options);
      const wanted = await weightsOf(twoSteps);
      twoSteps.dispose();
      const { history } = await net.fit(x, { data: good, shape: [24, 1] }, { ...options, epochs: 2 });
      const overflowing = sequential([
        layers.dense({ units: 4, inputShape: [1], name: 'wide' }),
        layers.dense({ units: 1, name: 'top' }),
      ]);
      overflowing.compile({
        optimizer: optimizers.sgd({ learningRate: 1e25 }),
        loss: losses.meanSquaredError(),
      });
      ctx.onCleanup(() => overflowing.dispose());
      let layer = '';
      const overflow = await overflowing.fit(x, good, options).then(
        () => null,
        (reason: { values?: { layer?: string; step?: number } }) => {
          layer = String(reason.values?.layer);
          return reason;
        },
      );
      const finite = (await weightsOf(overflowing)).every(Number.isFinite);
      return [
        ...error,
        ...sameBits('the weights of step 2', stopped, wanted),
        ...check(
          'it trains on',
          (history.loss ?? []).length === 2 && (history.loss ?? []).every(Number.isFinite),
        ),
        ...check('an overflow is an error', overflow !== null),
        ...check('its layer is named', /wide|top/.test(layer), 'wide or top', layer),
        ...check('its weights are finite', finite),
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
  {
    name: 'early stopping ends the fit with the best weights',
    async run(ctx) {
      await ownDevice(ctx);
      // What is learned is wrong for the validation data, soon or at once.
      const x = Float32Array.of(1, 2, 3, 4);
      const net = keep(ctx, neuron(0.14));
      const weights: Float32Array[] = [];
      const { history } = await net.fit(x, x, {
        batchSize: 4,
        epochs: 60,
        validationData: { x, y: x.map((value) => 5 - value) },
        callbacks: [
          { onEpochEnd: async () => void weights.push(await weightsOf(net)) },
          callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
        ],
      });
      const validation = history.val_loss ?? [];
      const best = validation.indexOf(Math.min(...validation));
      return [
        ...exact('epochs after the best', [validation.length - 1 - best], [3]),
        ...sameBits('weights', await weightsOf(net), weights[best] as Float32Array),
      ];
    },
  },
];
