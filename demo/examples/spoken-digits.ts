/**
 * Spoken digits by a bidirectional GRU over the frames of a spectrogram: recordings from a folder that the user names, or, without one,
 * made-up tones that differ in nothing but their order. On the tones a second network of the same kind is trained on the same frames in
 * random order. It can but guess, which shows that the first one learned from order and nothing else.
 */

import { layers, losses, type Model, model, type NDArray, optimizers } from 'heddle';
import { randomStream } from '../../src/core/random.js';
import { digitsOf, type Frames, longest, paddedFrames, shuffledFrames } from '../sound/frames.js';
import { type Recording, readRecordings, splitRecordings } from '../sound/recordings.js';
import { BANDS } from '../sound/spectrogram.js';
import { ORDERS, toneRecordings } from '../sound/tones.js';
import type { ExampleContext, ExampleResult, Strip } from './example.js';
import { framesToShow, spectrogramStrips } from './spectrogram-strips.js';

const UNITS = 32;
/** The accuracy on held-out recordings. */
const PROMISE = 0.9;
/** What frames in random order may come to at most, in multiples of guessing. */
const CONTROL = 2;
/** Sounds of each order by each of four speakers. */
const EACH = 25;

export async function spokenDigits(context: ExampleContext): Promise<ExampleResult> {
  const { files, seed, stage } = context;
  if (files.length === 0) {
    stage('no folder was given: making tones in six orders instead');
    return learnTones(context, toneRecordings({ each: EACH, seed }));
  }
  stage(`reading ${files.length} files`);
  const sides = prepared(await readRecordings(files));
  context.stage('building the model');
  const { accuracy, loss } = await learn(context, sides, { series: 'loss', runs: 1 });
  return {
    ...outcome(accuracy, loss, sides),
    details: [
      `accuracy ${accuracy.toFixed(4)}, loss ${loss.toFixed(4)} on ${sides.heldOut.rows} held-out recordings of the folder`,
      `${sides.train.rows} recordings to learn from, digits ${sides.digits.join(' ')}; indices 0 to 4 are held out`,
    ],
    passed: accuracy >= PROMISE,
  };
}

/** Learns them in order, and as a control with the frames of each in random order. */
export async function learnTones(
  context: ExampleContext,
  recordings: readonly Recording[],
): Promise<ExampleResult> {
  const sides = prepared(recordings);
  const random = randomStream(context.seed, 1);
  const mixed = {
    ...sides,
    train: shuffledFrames(sides.train, random),
    heldOut: shuffledFrames(sides.heldOut, random),
  };
  const control = await learn(context, mixed, { series: 'frames in random order', runs: 2 });
  const { accuracy, loss } = await learn(context, sides, { series: 'frames in order', runs: 2 });
  const chance = 1 / sides.digits.length;
  return {
    ...outcome(accuracy, loss, sides),
    details: [
      `generated tones, no recordings: the same three in ${ORDERS.length} orders`,
      `accuracy ${accuracy.toFixed(4)} on ${sides.heldOut.rows} held-out sounds`,
      `the control, frames in random order: ${control.accuracy.toFixed(4)}; guessing: ${chance.toFixed(4)}`,
    ],
    passed: accuracy >= PROMISE && control.accuracy <= CONTROL * chance,
  };
}

interface Sides {
  readonly train: Frames;
  readonly heldOut: Frames;
  readonly digits: readonly number[];
}

function prepared(recordings: readonly Recording[]): Sides {
  const { train, heldOut } = splitRecordings(recordings);
  const digits = digitsOf(recordings);
  const steps = longest(recordings);
  return {
    train: paddedFrames(train, digits, steps),
    heldOut: paddedFrames(heldOut, digits, steps),
    digits,
  };
}

const outcome = (accuracy: number, loss: number, { heldOut }: Sides) => ({
  accuracy,
  loss,
  measuredOn: `${heldOut.rows} held-out recordings`,
});

/** Trains a network of its own, called `series` in the charts, one of `runs`. */
async function learn(
  context: ExampleContext,
  { train, heldOut, digits }: Sides,
  { series, runs }: { readonly series: string; readonly runs: number },
): Promise<{ readonly accuracy: number; readonly loss: number }> {
  const { epochs, batchSize, seed, signal, onCompile } = context;
  const net = listener(train.steps, digits.length, seed);
  net.compile({
    optimizer: optimizers.adam({ learningRate: 3e-3 }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  const stepsPerEpoch = Math.ceil(train.rows / batchSize);
  const shown = framesToShow(heldOut);
  const strips = async (): Promise<readonly Strip[]> => {
    const { data } = (await net.predict(inputsOf(shown), { batchSize: shown.rows })) as NDArray;
    return spectrogramStrips(shown, digits, data);
  };
  context.show({ model: net, strips, stepsPerEpoch, steps: runs * epochs * stepsPerEpoch });
  await context.follow(
    net.fit(inputsOf(train), train.labels, { epochs, batchSize, signal, onCompile }),
    series,
  );
  context.stage('listening to the held-out recordings');
  return (await net.evaluate(inputsOf(heldOut), heldOut.labels)) as { accuracy: number; loss: number };
}

/** [batch, steps, BANDS] and lengths [batch] → logits [batch, digits]. What lies behind a recording's length counts for nothing. */
function listener(steps: number, digits: number, seed: number): Model {
  const frames = layers.input({ shape: [steps, BANDS], name: 'frames' });
  const lengths = layers.input({ shape: [], dtype: 'int32', name: 'lengths' });
  const counted = layers.masking().apply([frames, lengths]);
  const heard = layers.bidirectional({ layer: layers.gru({ units: UNITS }) }).apply(counted);
  const outputs = layers.dense({ units: digits }).apply(heard);
  return model({ inputs: [frames, lengths], outputs, seed });
}

const inputsOf = ({ x, lengths, rows, steps }: Frames) => ({
  frames: { data: x, shape: [rows, steps, BANDS] },
  lengths: { data: lengths, shape: [rows] },
});
