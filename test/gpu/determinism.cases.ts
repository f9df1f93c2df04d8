// The same seed gives the same bits: in one page here, in fresh browsers in determinism.test.ts, which calls these probes.
import { load, type Model, save, shutdown } from '../../src/index.js';
import { ownDevice, sameBits } from '../kit/engine-setup.js';
import { bunches, classifier, weightsOf } from '../kit/tiny-models.js';
import { check, type GpuCase, type Probe } from './kit.js';

const ROWS = 70;
const BATCH_SIZE = 8;
const EPOCHS = 6;
const STEPS_PER_EPOCH = Math.ceil(ROWS / BATCH_SIZE);

/** Trains on for `epochs`, or up to step `until` of the model's life. */
async function train(net: Model, epochs: number, until = Number.POSITIVE_INFINITY): Promise<void> {
  const { x, y } = bunches(ROWS);
  const exact = Number.isFinite(until) ? { stepsPerSubmit: 1 } : {};
  const run = net.fit(x, y, {
    epochs,
    batchSize: BATCH_SIZE,
    resume: true,
    ...exact,
    callbacks: [
      {
        onBatchEnd() {
          if (net.trainer('test').position.step >= until) run.stop();
        },
      },
    ],
  });
  await run;
}

/** All that a model is: weights, optimizer, counters, position. */
async function digest(net: Model): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await save(net)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const toText = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const fromText = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const probes: Record<string, Probe> = {
  /** Trains in one go with the given seed; gives the digest. */
  async unbroken(seed) {
    const net = classifier({ seed: Number(seed) });
    await train(net, EPOCHS);
    return digest(net);
  },
  /** Trains up to the given step; gives the file. */
  async begin(argument) {
    const [seed, until] = argument.split(' ').map(Number) as [number, number];
    const net = classifier({ seed });
    await train(net, EPOCHS, until);
    return toText(await save(net));
  },
  /** Goes on from a file to the end of training; gives the digest. */
  async finish(file) {
    const net = await load(fromText(file));
    const { step } = net.trainer('test').position;
    await train(net, EPOCHS - Math.floor(step / STEPS_PER_EPOCH));
    return digest(net);
  },
};

export const cases: GpuCase[] = [
  {
    name: 'a seed decides every bit of initialisation, order and dropout',
    async run(ctx) {
      const results: Float32Array[] = [];
      for (const seed of [7, 7, 8]) {
        await ownDevice(ctx);
        const net = classifier({ seed, dropout: 0.3 });
        await train(net, 3);
        results.push(await weightsOf(net));
        await shutdown();
      }
      const [first, same, other] = results as [Float32Array, Float32Array, Float32Array];
      return [
        ...sameBits('the same seed on another device', same, first),
        ...check(
          'another seed',
          other.some((value, index) => value !== first[index]),
        ),
        ...check('numbers', first.every(Number.isFinite)),
      ];
    },
  },
  ...[2 * STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH + 3].map(
    (until): GpuCase => ({
      name: `put away at step ${until} and taken up again, a model trains as if nothing had been`,
      async run(ctx) {
        await ownDevice(ctx);
        const file = await probes.begin?.(`5 ${until}`);
        const continued = await probes.finish?.(file ?? '');
        const unbroken = await probes.unbroken?.('5');
        return check('digest', continued === unbroken, unbroken, continued);
      },
    }),
  ),
];
