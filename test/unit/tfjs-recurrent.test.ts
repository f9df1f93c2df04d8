/**
 * Recurrent layers on the CPU device against TensorFlow.js, from the same weights: outputs, states, masks, states kept between batches, and
 * losses and weights of some training steps. Its `gru` knows the reset gate in front of the product only.
 */

import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { init, type NDArray, type Tensor, tensor } from '../../src/engine/index.js';
import type { AnyLayer, CommonLayerOptions } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import type { SequenceOptions } from '../../src/nn/layers/recurrent/options.js';
import { type Model, sequential } from '../../src/nn/model.js';
import type { Network } from '../../src/nn/network.js';
import * as optimizers from '../../src/optim/index.js';
import { numbers, sequenceNet } from '../kit/sequences.js';
import { tf } from '../kit/tfjs.js';

const [BATCH, STEPS, FEATURES, UNITS] = [3, 5, 4, 3];

/** Both sides compute in float32, in different orders. Of the largest expected number, or of 1. */
const TOLERANCE = 2e-5;

beforeAll(() => init({ device: 'cpu' }));

type Options = SequenceOptions & {
  readonly activation?: 'tanh' | 'relu' | 'softsign';
  readonly useBias?: boolean;
};

interface Kind {
  ours(options: Options & CommonLayerOptions): AnyLayer;
  theirs(options: Options): tfl.RNN;
  readonly states: number;
}

const units = UNITS;
/** Its own orthogonal initializer needs more of it than is loaded here; weights are set anyway. */
const plain = { units, recurrentInitializer: 'zeros' } as const;
/** Where its defaults differ. */
const gated = { ...plain, recurrentActivation: 'sigmoid' } as const;

const KINDS: Readonly<Record<string, Kind>> = {
  simpleRNN: {
    ours: (options) => layers.simpleRNN({ units, ...options }),
    theirs: (options) => tfl.layers.simpleRNN({ ...plain, ...options }) as tfl.RNN,
    states: 1,
  },
  gru: {
    ours: (options) => layers.gru({ units, resetAfter: false, ...options }),
    theirs: (options) => tfl.layers.gru({ ...gated, ...options }) as tfl.RNN,
    states: 1,
  },
  lstm: {
    ours: (options) => layers.lstm({ units, ...options }),
    theirs: (options) => tfl.layers.lstm({ ...gated, ...options }) as tfl.RNN,
    states: 2,
  },
};

interface Array3 {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: number[];
}

const array = (shape: number[], seed = 0): Array3 => ({ data: numbers(shape, seed), shape });
const ours = ({ data, shape }: Array3): Tensor => tensor(data, { shape });
const theirs = ({ data, shape }: Array3): tf.Tensor => tf.tensor(data, shape);

const x = array([BATCH, STEPS, FEATURES]);

const listOf = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  const error = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (actual[i] as number))));
  expect(error / scale, what).toBeLessThanOrEqual(TOLERANCE);
}

/** Two matrices (or vectors) as one, `[a | b]`. */
function sideBySide(a: tf.Tensor, b: tf.Tensor): Float32Array<ArrayBuffer> {
  return Float32Array.from(tf.concat([a, b], -1).dataSync());
}

/** Gives it weights of which none is 0 and no two are alike. */
function fillWeights(oracle: tfl.LayersModel): void {
  const values = oracle.getWeights().map(({ shape }, index) => {
    const data = numbers(shape, index + 10).map((value) => 0.7 * value);
    return tf.tensor(data, shape);
  });
  oracle.setWeights(values);
}

/** Its weights as ours: kernel, recurrentKernel, bias; of both directions side by side. */
function weightsLike(oracle: tfl.LayersModel, directed: boolean): Float32Array<ArrayBuffer>[] {
  const values = oracle.getWeights();
  if (!directed) return values.map((value) => Float32Array.from(value.dataSync()));
  const half = values.length / 2;
  return values.slice(0, half).map((value, index) => sideBySide(value, values[half + index] as tf.Tensor));
}

/** Outputs of both, from the weights of theirs, must agree. */
async function expectSame(
  net: Network,
  oracle: tfl.LayersModel,
  inputs: readonly Array3[],
  { directed = false, extra = [] as readonly Array3[] } = {},
): Promise<void> {
  fillWeights(oracle);
  net.setWeights(weightsLike(oracle, directed));
  const given = inputs.map(theirs);
  const expected = listOf(oracle.predict(given.length === 1 ? (given[0] as tf.Tensor) : given));
  const outputs = net.apply([...inputs, ...extra].map(ours));
  expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [index, output] of outputs.entries()) {
    expectClose(await output.data(), (expected[index] as tf.Tensor).dataSync(), `output ${index}`);
  }
}

/** x → all outputs of `layer`. */
function oracleOf(layer: tfl.layers.Layer | tfl.RNN, states: readonly number[] = [], maskValue?: number) {
  const input = tfl.input({ shape: [STEPS, FEATURES] });
  const given = states.map((size) => tfl.input({ shape: [size] }));
  const seen = maskValue === undefined ? input : tfl.layers.masking({ maskValue }).apply(input);
  const outputs = (layer as tfl.RNN).apply(
    seen as tfl.SymbolicTensor,
    given.length > 0 ? { initialState: given } : {},
  );
  return tfl.model({ inputs: [input, ...given], outputs: outputs as tfl.SymbolicTensor[] });
}

const OPTIONS: readonly Options[] = [
  {},
  { returnSequences: true },
  { goBackwards: true },
  { goBackwards: true, returnSequences: true },
  { returnState: true },
  { returnSequences: true, returnState: true, useBias: false },
  { activation: 'relu', returnSequences: true },
  { activation: 'softsign' },
];

describe.each(Object.entries(KINDS))('%s', (_, kind) => {
  it.each(OPTIONS)('%o', (options) =>
    expectSame(
      sequenceNet(kind.ours(options), { shape: [STEPS, FEATURES] }),
      oracleOf(kind.theirs(options)),
      [x],
    ),
  );

  it('initial states', async () => {
    const states = Array.from({ length: kind.states }, () => UNITS);
    const options = { returnSequences: true, returnState: true };
    const net = sequenceNet(kind.ours(options), { shape: [STEPS, FEATURES], states });
    const given = states.map((size, index) => array([BATCH, size], index + 1));
    await expectSame(net, oracleOf(kind.theirs(options), states), [x, ...given]);
  });

  it.each([false, true])('masks; backwards: %s', async (goBackwards) => {
    const options = { returnState: true, goBackwards };
    const counts = [1, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1];
    const data = x.data.map((value, index) => (counts[Math.floor(index / FEATURES)] ? value : -1));
    const mask = { data: Float32Array.from(counts), shape: [BATCH, STEPS] };
    const net = sequenceNet(kind.ours(options), { shape: [STEPS, FEATURES], mask: true });
    const oracle = oracleOf(kind.theirs(options), [], -1);
    await expectSame(net, oracle, [{ data, shape: x.shape }], { extra: [mask] });
  });

  it('states that are kept between batches', async () => {
    const batchInputShape = [BATCH, STEPS, FEATURES];
    const net = sequential([kind.ours({ stateful: true, batchInputShape })]);
    const layer = kind.theirs({ stateful: true, ...{ batchInputShape } });
    const oracle = tfl.sequential({ layers: [layer] });
    fillWeights(oracle);
    net.setWeights(weightsLike(oracle, false));
    for (const seed of [0, 1, 2]) {
      const batch = array(x.shape, seed);
      const expected = oracle.predict(theirs(batch), { batchSize: BATCH }) as tf.Tensor;
      expectClose((await net.predict(batch)).data, expected.dataSync(), `batch ${seed}`);
    }
    net.resetStates();
    oracle.resetStates();
    const again = oracle.predict(theirs(x), { batchSize: BATCH }) as tf.Tensor;
    expectClose((await net.predict(x)).data, again.dataSync(), 'after resetStates');
    net.dispose();
  });

  it.each(['concat', 'sum', 'mul', 'ave', null] as const)(
    'both directions, merged by %s',
    async (mergeMode) => {
      for (const returnSequences of [true, false]) {
        const inner = kind.ours({ returnSequences, inputShape: [STEPS, FEATURES] });
        const net = sequenceNet(layers.bidirectional({ layer: inner, mergeMode }), {
          shape: [STEPS, FEATURES],
        });
        const layer = tfl.layers.bidirectional({
          layer: kind.theirs({ returnSequences }),
          mergeMode: mergeMode as 'sum',
        });
        await expectSame(net, oracleOf(layer), [x], { directed: true });
      }
    },
  );
});

describe('training', () => {
  const ROWS = 14;
  const data = array([ROWS, STEPS, FEATURES], 3);
  const y = array([ROWS, 2], 4);

  const adam = () => ({
    ours: optimizers.adam({ learningRate: 0.02, epsilon: 1e-12 }),
    theirs: tf.train.adam(0.02, 0.9, 0.999, 1e-12),
  });
  const sgd = () => ({ ours: optimizers.sgd({ learningRate: 0.1 }), theirs: tf.train.sgd(0.1) });

  it.each(
    Object.entries(KINDS).flatMap(([name, kind]) => [
      { name, kind, by: 'adam', optimizer: adam },
      { name, kind, by: 'sgd', optimizer: sgd },
    ]),
  )('$name by $by: a stack, the second layer in both directions', async ({ kind, optimizer }) => {
    const { ours: own, theirs: tfOwn } = optimizer();
    const net: Model<NDArray> = sequential([
      kind.ours({ returnSequences: true, inputShape: [STEPS, FEATURES] }),
      layers.bidirectional({ layer: kind.ours({ useBias: false }) }),
      layers.dense({ units: 2 }),
    ]);
    const oracle = tfl.sequential();
    oracle.add(tfl.layers.inputLayer({ inputShape: [STEPS, FEATURES] }));
    oracle.add(kind.theirs({ returnSequences: true }));
    const both = tfl.layers.bidirectional({ layer: kind.theirs({ useBias: false }), mergeMode: 'concat' });
    oracle.add(both);
    oracle.add(tfl.layers.dense({ units: 2 }));
    const ordered = (): Float32Array<ArrayBuffer>[] => {
      const [kernel, recurrent, bias, fk, fr, bk, br, ...dense] = oracle.getWeights() as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        ...tf.Tensor[],
      ];
      const values = (tensors: tf.Tensor[]) => tensors.map((value) => Float32Array.from(value.dataSync()));
      return [...values([kernel, recurrent, bias]), sideBySide(fk, bk), sideBySide(fr, br), ...values(dense)];
    };
    fillWeights(oracle);
    net.setWeights(ordered());
    net.compile({ optimizer: own, loss: 'meanSquaredError' });
    oracle.compile({ optimizer: tfOwn, loss: 'meanSquaredError' });
    const options = { epochs: 3, batchSize: 4, shuffle: false };
    const { history } = await net.fit(data, y, options);
    const { history: expected } = await oracle.fit(theirs(data), theirs(y), {
      ...options,
      yieldEvery: 'never',
    });
    expectClose(history.loss ?? [], expected.loss as number[], 'losses');
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] as number);
    const weights = await net.getWeights();
    for (const [index, weight] of ordered().entries()) {
      expectClose(weights[index]?.data ?? [], weight, `weight ${net.weights[index]?.name}`);
    }
    net.dispose();
  });
});
