/**
 * The recurrent ops and the gradients of everything that goes into them against TensorFlow.js on the CPU: its own LSTM cell, and the
 * other two written down in its ops, step by step. Its layers are the oracle of ours in `tfjs-recurrent.test.ts`.
 */

import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import type { HostTensor, Value } from '../../src/ir/graph.js';
import { constant } from '../../src/ir/leaves.js';
import type { Cell } from '../../src/ops/recurrent/shape.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { fill, hash } from '../kit/fill.js';
import { buildCase } from '../kit/op-cases.js';
import { CELL_NAMES, directionsOf, type LayerCase, layerCase } from '../kit/recurrent-cases.js';
import { tf } from '../kit/tfjs.js';

const LAYER = { batch: 3, steps: 4, features: 2, units: 5, bias: true } as const;

const OPTIONS: readonly Pick<LayerCase, 'direction' | 'state' | 'mask' | 'dropout'>[] = [
  { direction: 'forward', state: false, mask: false, dropout: false },
  { direction: 'backward', state: true, mask: true, dropout: false },
  { direction: 'both', state: true, mask: true, dropout: true },
];

/** One direction's own tensors. */
interface Part {
  readonly kernel: tf.Tensor2D;
  readonly recurrentKernel: tf.Tensor2D;
  readonly bias: tf.Tensor;
}

/** The states after a step, from those before it; `seen` is h after dropout. */
type Step = (x: tf.Tensor2D, states: readonly tf.Tensor2D[], seen: tf.Tensor2D, part: Part) => tf.Tensor2D[];

const STEPS: Readonly<Record<Cell, Step>> = {
  simpleRnn(x, _, seen, { kernel, recurrentKernel, bias }) {
    return [tf.tanh(tf.add(tf.add(tf.matMul(x, kernel), tf.matMul(seen, recurrentKernel)), bias))];
  },
  // Gates within its kernel: i, g, f, o.
  lstm(x, [, c], seen, { kernel, recurrentKernel, bias }) {
    const ordered = <T extends tf.Tensor>(own: T, axis: number): T => {
      const [i, f, g, o] = tf.split(own, 4, axis) as [T, T, T, T];
      return tf.concat([i, g, f, o] as tf.Tensor[], axis) as T;
    };
    const weights = tf.concat([ordered(kernel, 1), ordered(recurrentKernel, 1)], 0) as tf.Tensor2D;
    const [next, h] = tf.basicLSTMCell(
      tf.scalar(0),
      weights,
      ordered(bias, 0) as tf.Tensor1D,
      x,
      c as tf.Tensor2D,
      seen,
    );
    return [h, next];
  },
  gru(x, [h], seen, { kernel, recurrentKernel, bias }) {
    const [inputBias, recurrentBias] = tf.unstack(bias) as [tf.Tensor, tf.Tensor];
    const input = tf.split(tf.add(tf.matMul(x, kernel), inputBias), 3, 1) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const recurrent = tf.split(tf.add(tf.matMul(seen, recurrentKernel), recurrentBias), 3, 1) as typeof input;
    const z = tf.sigmoid(tf.add(input[0], recurrent[0]));
    const r = tf.sigmoid(tf.add(input[1], recurrent[1]));
    const n = tf.tanh(tf.add(input[2], tf.mul(r, recurrent[2])));
    return [tf.add(tf.mul(z, h as tf.Tensor2D), tf.mul(tf.sub(1, z), n)) as tf.Tensor2D];
  },
};

/** The layer in TensorFlow.js: the sequence, and all last states side by side with it, as one row of numbers. */
function peer(one: LayerCase, inputs: readonly tf.Tensor[]): tf.Tensor {
  const [x, kernel, recurrentKernel, bias, ...rest] = inputs as [tf.Tensor3D, ...tf.Tensor[]];
  const count = one.cell === 'lstm' ? 2 : 1;
  const initial = one.state ? rest.splice(0, count) : [];
  const mask = one.mask ? (rest.shift() as tf.Tensor) : null;
  const factors = one.dropout ? (rest.shift() as tf.Tensor) : null;
  const directions = directionsOf(one);
  const runs = Array.from({ length: directions }, (_, direction) => {
    // Its split into a single part has no gradient.
    const own = <T extends tf.Tensor>(all: tf.Tensor): T =>
      (directions === 1 ? all : tf.split(all, directions, all.rank - 1)[direction]) as T;
    const part: Part = {
      kernel: own(kernel as tf.Tensor),
      recurrentKernel: own(recurrentKernel as tf.Tensor),
      bias: own(bias as tf.Tensor),
    };
    let states = Array.from({ length: count }, (_, index) =>
      initial[index] ? own<tf.Tensor2D>(initial[index]) : (tf.zeros([one.batch, one.units]) as tf.Tensor2D),
    );
    const taken: tf.Tensor[] = [];
    const backwards = one.direction === 'backward' || direction === 1;
    for (let step = 0; step < one.steps; step++) {
      const t = backwards ? one.steps - 1 - step : step;
      const [h] = states as [tf.Tensor2D];
      const seen = factors ? (tf.mul(h, own(factors)) as tf.Tensor2D) : h;
      const now = tf.squeeze(tf.slice(x, [0, t, 0], [-1, 1, -1]), [1]) as tf.Tensor2D;
      const next = STEPS[one.cell](now, states, seen, part);
      const counts = mask && tf.slice(mask, [0, t], [-1, 1]);
      states = next.map((state, index) => {
        if (!counts) return state;
        const before = states[index] as tf.Tensor2D;
        return tf.add(tf.mul(state, counts), tf.mul(before, tf.sub(1, counts))) as tf.Tensor2D;
      });
      taken[t] = states[0] as tf.Tensor2D;
    }
    return { sequence: tf.stack(taken, 1), states };
  });
  const sequence = tf.concat(
    runs.map((run) => run.sequence),
    2,
  );
  const finals = Array.from({ length: count }, (_, index) =>
    tf.concat(
      runs.map(({ states }) => states[index] as tf.Tensor),
      1,
    ),
  );
  return tf.concat([sequence, ...finals].map((tensor) => tf.reshape(tensor, [-1])));
}

describe.each(CELL_NAMES)('%s', (cell) => {
  test.each(OPTIONS)('$direction, state $state, mask $mask, dropout $dropout', (options) => {
    const one: LayerCase = { ...LAYER, ...options, cell };
    const { inputs, outputs, tensors, feeds } = buildCase(layerCase(one));
    const peers = tensors.map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape]));
    const theirs = peer(one, peers).dataSync();
    const own = evaluateValues(outputs, feeds).flatMap(({ data }) => Array.from(data));
    expectClose('outputs', own, theirs);

    const dys = outputs.map(({ shape }, index) => fill({ shape }, hash(cell), index));
    const seeds = dys.map(({ data, shape }) => constant(data, shape, 'float32'));
    const dy = tf.tensor(dys.flatMap(({ data }) => Array.from(data)));
    // Nothing reaches the mask here; there it is a factor like others.
    const held = inputs.filter((_, index) => !isMask(one, tensors[index]));
    const slopes = gradients(outputs, seeds, held);
    expect(slopes).not.toContain(null);
    const actual = evaluateValues(slopes as Value[], feeds);
    const expected = tf
      .grads((...list: tf.Tensor[]) => peer(one, list))(peers, dy)
      .filter((_, index) => !isMask(one, tensors[index]));
    actual.forEach(({ data, shape }, index) => {
      expect(shape).toEqual(expected[index]?.shape);
      expectClose(`gradient ${index}`, Array.from(data), (expected[index] as tf.Tensor).dataSync());
    });
  });
});

const isMask = ({ mask, batch, steps }: LayerCase, tensor: HostTensor | undefined): boolean =>
  mask && tensor?.shape.join() === [batch, steps].join();

/** Both round to float32 between ops. */
function expectClose(what: string, actual: readonly number[], expected: ArrayLike<number>): void {
  const values = Array.from(expected);
  const scale = Math.max(...values.map(Math.abs));
  expect(scale, what).toBeGreaterThan(0);
  expect(actual.length, what).toBe(values.length);
  const worst = Math.max(...values.map((value, index) => Math.abs(value - (actual[index] as number))));
  expect(worst / scale, what).toBeLessThan(3e-6);
}
