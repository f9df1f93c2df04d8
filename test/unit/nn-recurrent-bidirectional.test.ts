/** Both directions in one layer are two layers by hand, whatever the merge. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, type Tensor, tensor } from '../../src/engine/index.js';
import type { AnyLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import type { SequenceOptions } from '../../src/nn/layers/recurrent/options.js';
import type { Network } from '../../src/nn/network.js';
import { failure } from '../kit/failure.js';
import { distance, numbers, sequenceNet } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const [BATCH, STEPS, FEATURES, UNITS] = [2, 4, 3, 2];

const KINDS: Readonly<Record<string, (options: SequenceOptions) => AnyLayer>> = {
  simpleRNN: (options) => layers.simpleRNN({ units: UNITS, biasInitializer: 'randomNormal', ...options }),
  gru: (options) => layers.gru({ units: UNITS, biasInitializer: 'randomNormal', ...options }),
  'gru, reset before': (options) => layers.gru({ units: UNITS, resetAfter: false, ...options }),
  lstm: (options) => layers.lstm({ units: UNITS, biasInitializer: 'randomNormal', ...options }),
};

const of = (shape: readonly number[], seed = 0): Tensor => tensor(numbers(shape, seed), { shape });
const x = of([BATCH, STEPS, FEATURES]);

/** The weights of one direction out of those of both. */
async function share(both: Network, one: Network, direction: number): Promise<void> {
  const values = await both.getWeights();
  one.setWeights(
    values.map(({ data, shape }) => {
      const whole = shape.at(-1) ?? 0;
      const from = (direction * whole) / 2;
      return Float32Array.from(data).filter((_, i) => i % whole >= from && i % whole < from + whole / 2);
    }),
  );
}

type Row = number[] | number[][];
const arrays = (outputs: readonly Tensor[]): Promise<Row[][]> =>
  Promise.all(outputs.map(async (output) => (await output.array()) as Row[]));

/** Pairs of numbers, nested alike, each become one. */
const zipped = (a: unknown, b: unknown, merge: (a: number, b: number) => number): unknown =>
  typeof a === 'number'
    ? merge(a, b as number)
    : (a as unknown[]).map((one, i) => zipped(one, (b as unknown[])[i], merge));

const beside = (a: unknown, b: unknown): unknown => {
  const [first, second] = [a, b] as [unknown[], unknown[]];
  return typeof first[0] === 'number' ? [...first, ...second] : first.map((one, i) => beside(one, second[i]));
};

const MERGES = {
  concat: (a: unknown, b: unknown) => [beside(a, b)],
  sum: (a: unknown, b: unknown) => [zipped(a, b, (p, q) => p + q)],
  mul: (a: unknown, b: unknown) => [zipped(a, b, (p, q) => p * q)],
  ave: (a: unknown, b: unknown) => [zipped(a, b, (p, q) => (p + q) / 2)],
  average: (a: unknown, b: unknown) => [zipped(a, b, (p, q) => (p + q) / 2)],
  null: (a: unknown, b: unknown) => [a, b],
};

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  it.each(Object.entries(MERGES))('merged by %s', async (name, merge) => {
    const mergeMode = name === 'null' ? null : (name as layers.MergeMode);
    for (const returnSequences of [true, false]) {
      const options = { returnSequences, returnState: true };
      const both = sequenceNet(layers.bidirectional({ layer: make(options), mergeMode }));
      const forward = sequenceNet(make(options));
      const backward = sequenceNet(make({ ...options, goBackwards: true }));
      await share(both, forward, 0);
      await share(both, backward, 1);
      const [y, ...states] = await arrays(forward.apply([x]));
      const [late, ...back] = await arrays(backward.apply([x]));
      // A layer that runs backwards gives its last step first.
      const early = returnSequences ? late?.map((row) => [...row].reverse()) : late;
      const expected = [...merge(y, early), ...states, ...back];
      expect(distance(await arrays(both.apply([x])), expected)).toBeLessThan(1e-6);
    }
  });

  it('starts from states of both directions, forward ones first', async () => {
    const options = { returnState: true };
    const count = make(options).type === 'lstm' ? 2 : 1;
    const sizes = Array.from({ length: count }, () => UNITS);
    const given = [...sizes, ...sizes].map((size, index) => of([BATCH, size], index + 1));
    const both = sequenceNet(layers.bidirectional({ layer: make(options) }), {
      states: [...sizes, ...sizes],
    });
    const forward = sequenceNet(make(options), { states: sizes });
    const backward = sequenceNet(make({ ...options, goBackwards: true }), { states: sizes });
    await share(both, forward, 0);
    await share(both, backward, 1);
    const [y, ...states] = await arrays(forward.apply([x, ...given.slice(0, count)]));
    const [late, ...back] = await arrays(backward.apply([x, ...given.slice(count)]));
    const expected = [beside(y, late), ...states, ...back];
    expect(distance(await arrays(both.apply([x, ...given])), expected)).toBeLessThan(1e-6);
  });
});

describe('what the layer within says', () => {
  it('counts: input, and whether it is trainable', () => {
    const net = sequenceNet(
      layers.bidirectional({
        layer: layers.lstm({ units: 2, inputShape: [STEPS, FEATURES], trainable: false }),
      }),
    );
    expect(net.layers.at(-1)?.inputShape).toEqual([STEPS, FEATURES]);
    expect(net.trainableWeights).toEqual([]);
  });

  it.each([
    ['no layer', undefined],
    ['a layer of another kind', layers.dense({ units: 2 })],
  ])('%s is refused', (_, layer) => {
    const error = failure(() => layers.bidirectional({ layer: layer as AnyLayer }));
    expect([error.op, error.roles]).toEqual(['bidirectional', ['layer']]);
    expect(error.fix).toContain('layers.lstm');
  });

  it('nothing at all is refused', () => {
    expect(failure(() => layers.bidirectional(undefined as never)).message).toContain('layer is undefined');
  });

  it('a layer with weights of its own is refused', () => {
    const layer = layers.gru({ units: 2 });
    expect(sequenceNet(layer).weights).toHaveLength(3);
    expect(failure(() => layers.bidirectional({ layer })).message).toContain('in use elsewhere');
  });

  it('goBackwards and an unknown merge are refused', () => {
    const error = failure(() => layers.bidirectional({ layer: layers.gru({ units: 2, goBackwards: true }) }));
    expect(error.roles).toContain('goBackwards');
    const merge = failure(() =>
      layers.bidirectional({ layer: layers.gru({ units: 2 }), mergeMode: 'concatenate' as layers.MergeMode }),
    );
    expect(merge.fix).toContain('concat');
  });
});
