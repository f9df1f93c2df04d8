// How a fit ends: whatever happens, the weights are those of a whole step, and the model trains on.
import { callbacks, init, layers, losses, ops, optimizers, sequential } from '../../src/index.js';
import { ownDevice, sameBits, throws } from '../kit/engine-setup.js';
import { bunches, classifier, keep, neuron, weightsAfter, weightsOf } from '../kit/tiny-models.js';
import { check, exact, type GpuCase } from './kit.js';

/** What `work` rejects with. */
async function rejection(work: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (reason) {
    return reason;
  }
  return null;
}

export const cases: GpuCase[] = [
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
      const looped: unknown = await rejection(async () => {
        for await (const { step } of run) if (step === 18) abort.abort();
      });
      const error: unknown = await rejection(() => run);
      const steps = net.trainer('test').position.step;
      const early: unknown = await rejection(() => net.fit(x, y, { signal: AbortSignal.abort() }));
      const after = await weightsOf(net);
      const { history } = await net.fit(x, y, { batchSize: 8 });
      const name = (reason: unknown) => (reason instanceof DOMException ? reason.name : String(reason));
      return [
        ...check('AbortError', name(error) === 'AbortError', 'AbortError', name(error)),
        ...check('the loop over events', looped === error, 'the same', String(looped)),
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
  {
    name: 'a fit on a device that is lost rejects, and so does all that follows; a new device trains',
    async run(ctx) {
      const adapter = await navigator.gpu.requestAdapter();
      const gpuDevice = await adapter?.requestDevice();
      if (!gpuDevice) throw new Error('no device');
      await init({ gpuDevice });
      const net = classifier();
      const { x, y } = bunches(64);
      const run = net.fit(x, y, { epochs: 1000, batchSize: 8 });
      const lost = { op: 'device', message: 'lost' };
      const pending = throws('fit', () => run, lost);
      let told = 0;
      const listening = throws(
        'events',
        async () => {
          for await (const _ of run) if (++told === 20) gpuDevice.destroy();
        },
        lost,
      );
      const failures = [
        ...(await listening),
        ...(await pending),
        ...(await throws('fit again', () => net.fit(x, y), lost)),
        ...(await throws('predict', () => net.predict(x), lost)),
        ...(await throws('getWeights', () => net.getWeights(), lost)),
      ];
      net.dispose();
      await ownDevice(ctx);
      const fresh = keep(ctx, classifier());
      const { history } = await fresh.fit(x, y);
      return [...failures, ...check('a new device', Number.isFinite(history.loss?.[0]))];
    },
  },
];
