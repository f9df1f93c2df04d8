/**
 * Initializers: exact numbers for one seed, the distributions by their moments, orthogonality and fans. The exact numbers were
 * computed apart from this code, in Python: Threefry from its paper, checked against its published vectors; QR from NumPy, signs mended.
 */

import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/core/random.js';
import { type Shape, sizeOf } from '../../src/core/shape.js';
import * as initializers from '../../src/nn/initializers/index.js';
import {
  INITIALIZER_NAMES,
  type InitializerSpec,
  resolveInitializer,
} from '../../src/nn/initializers/resolve.js';
import { fansOf } from '../../src/nn/initializers/variance-scaling.js';
import { failure } from '../kit/failure.js';

const stream = () => randomStream(42, 7);
const RANDOM = INITIALIZER_NAMES.filter((name) => !['zeros', 'ones', 'constant', 'identity'].includes(name));

function momentsOf(values: Float32Array): { mean: number; stddev: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return {
    mean,
    stddev: Math.sqrt(variance),
    largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  };
}

describe('every initializer', () => {
  it('is in the public index under its own name, and the other way round', () => {
    expect(Object.keys(initializers).sort()).toEqual([...INITIALIZER_NAMES].sort());
    for (const name of INITIALIZER_NAMES) expect(resolveInitializer('dense', name).name).toBe(name);
  });

  it.each(INITIALIZER_NAMES)('%s fills the shape with finite numbers, also an empty one', (name) => {
    for (const shape of [
      [5, 3],
      [3, 5],
      [1, 1],
      [0, 4],
      [4, 0],
    ]) {
      const values = resolveInitializer('dense', name).create(shape, stream());
      expect(values).toBeInstanceOf(Float32Array);
      expect(values.length).toBe(sizeOf(shape));
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it.each(RANDOM)('%s gives the same bits for a stream, others for another', (name) => {
    const { create } = resolveInitializer('dense', name);
    expect(create([6, 4], stream())).toEqual(create([6, 4], stream()));
    expect(create([6, 4], randomStream(42, 8))).not.toEqual(create([6, 4], stream()));
    expect(create([6, 4], randomStream(43, 7))).not.toEqual(create([6, 4], stream()));
  });

  it.each(INITIALIZER_NAMES)('%s is frozen data that makes it again', (name) => {
    const one = resolveInitializer('dense', name);
    const two = resolveInitializer('dense', JSON.parse(JSON.stringify(one)) as InitializerSpec);
    expect(Object.isFrozen(one) && Object.isFrozen(one.config)).toBe(true);
    expect(two).toMatchObject({ name, config: one.config });
    expect(two.create([4, 4], stream())).toEqual(one.create([4, 4], stream()));
  });
});

describe('exact numbers for seed 42, stream 7', () => {
  it.each<[string, initializers.Initializer, Shape, number[]]>([
    [
      'glorotUniform',
      initializers.glorotUniform(),
      [2, 3],
      [
        -0.3615705966949463, 0.5040868520736694, -0.8233489990234375, 0.3818788528442383,
        -0.49641484022140503, -0.5274001955986023,
      ],
    ],
    [
      'randomUniform',
      initializers.randomUniform(),
      [4],
      [-0.016503363847732544, 0.023008311167359352, -0.037580568343400955, 0.01743030548095703],
    ],
  ])('%s, bit for bit', (_, { create }, shape, expected) => {
    expect([...create(shape, stream())]).toEqual(expected);
  });

  // A JavaScript engine may round logarithm and cosine in its own way: one unit in the last place of a float32.
  it.each<[string, initializers.Initializer, Shape, number[]]>([
    [
      'randomNormal',
      initializers.randomNormal(),
      [6],
      [
        0.021628912538290024, 0.07893799245357513, 0.0006255799671635032, -0.046978797763586044,
        0.039443474262952805, -0.03197367116808891,
      ],
    ],
    [
      'heNormal',
      initializers.heNormal(),
      [2, 3],
      [
        0.49177539348602295, 1.7948087453842163, 0.014223777689039707, -1.0681543350219727,
        0.8968241214752197, -0.7269836068153381,
      ],
    ],
    [
      'lecunNormal of a filter',
      initializers.lecunNormal(),
      [3, 3, 2, 4],
      [0.11591257154941559, 0.4230404794216156, 0.003352576633915305, -0.2517663836479187],
    ],
    [
      'orthogonal, wide',
      initializers.orthogonal(),
      [2, 3],
      [
        0.26425090432167053, 0.964423656463623, 0.007643014192581177, -0.8342841267585754,
        0.23255442082881927, -0.49988842010498047,
      ],
    ],
    [
      'orthogonal, tall',
      initializers.orthogonal(),
      [3, 2],
      [
        0.26425090432167053, -0.8342841267585754, 0.964423656463623, 0.23255442082881927,
        0.007643014192581177, -0.49988842010498047,
      ],
    ],
  ])('%s', (_, { create }, shape, expected) => {
    const values = create(shape, stream());
    expect(values.length).toBe(sizeOf(shape));
    for (const [index, value] of expected.entries()) {
      expect(Math.abs((values[index] as number) - value)).toBeLessThanOrEqual(2 ** -23 * Math.abs(value));
    }
  });
});

describe('constants', () => {
  it('are what they are called', () => {
    expect(initializers.zeros().create([2], stream())).toEqual(Float32Array.of(0, 0));
    expect(initializers.ones().create([], stream())).toEqual(Float32Array.of(1));
    expect(initializers.constant({ value: -2.5 }).create([1, 2], stream())).toEqual(
      Float32Array.of(-2.5, -2.5),
    );
    expect(initializers.constant().config).toEqual({ value: 0 });
  });

  it('identity has its gain on the diagonal of square, wide and tall matrices', () => {
    const { create } = initializers.identity({ gain: 3 });
    expect([...create([2, 2], stream())]).toEqual([3, 0, 0, 3]);
    expect([...create([2, 3], stream())]).toEqual([3, 0, 0, 0, 3, 0]);
    expect([...create([3, 2], stream())]).toEqual([3, 0, 0, 3, 0, 0]);
    expect(failure(() => create([2, 2, 2], stream()))).toMatchObject({
      op: 'identity',
      roles: ['shape'],
      values: { shape: [2, 2, 2] },
    });
  });
});

describe('fans', () => {
  it.each<[Shape, number, number]>([
    [[], 1, 1],
    [[7], 7, 7],
    [[784, 128], 784, 128],
    [[5, 3, 4], 15, 20],
    [[3, 5, 16, 32], 240, 480],
    [[2, 3, 4, 5, 6], 120, 144],
  ])('of %j are %i and %i', (shape, fanIn, fanOut) => {
    expect(fansOf(shape)).toEqual({ fanIn, fanOut });
  });
});

describe('distributions, over 200,000 numbers', () => {
  const SHAPE = [400, 500];
  const KEPT = 0.8796256610342398; // the deviation that is left of 1 after a cut at ±2
  const { randomUniform, randomNormal, truncatedNormal, varianceScaling } = initializers;

  // Columns: the deviation by the formula, and the bound that no value passes.
  it.each<[string, initializers.Initializer, number, number]>([
    ['randomUniform', randomUniform(), 0.1 / Math.sqrt(12), 0.05],
    ['randomNormal', randomNormal(), 0.05, 0.05 * 6],
    ['truncatedNormal', truncatedNormal(), 0.05 * KEPT, 0.1],
    ['glorotUniform', initializers.glorotUniform(), Math.sqrt(2 / 900), Math.sqrt(6 / 900)],
    ['glorotNormal', initializers.glorotNormal(), Math.sqrt(2 / 900), (2 * Math.sqrt(2 / 900)) / KEPT],
    ['heUniform', initializers.heUniform(), Math.sqrt(2 / 400), Math.sqrt(6 / 400)],
    ['heNormal', initializers.heNormal(), Math.sqrt(2 / 400), (2 * Math.sqrt(2 / 400)) / KEPT],
    ['lecunUniform', initializers.lecunUniform(), Math.sqrt(1 / 400), Math.sqrt(3 / 400)],
    ['lecunNormal', initializers.lecunNormal(), Math.sqrt(1 / 400), (2 * Math.sqrt(1 / 400)) / KEPT],
    ['varianceScaling', varianceScaling(), Math.sqrt(1 / 400), (2 * Math.sqrt(1 / 400)) / KEPT],
    [
      'varianceScaling by outputs',
      varianceScaling({ scale: 3, mode: 'fanOut', distribution: 'untruncatedNormal' }),
      Math.sqrt(3 / 500),
      6 * Math.sqrt(3 / 500),
    ],
    [
      'varianceScaling by both',
      varianceScaling({ scale: 0.5, mode: 'fanAvg', distribution: 'uniform' }),
      Math.sqrt(0.5 / 450),
      Math.sqrt(1.5 / 450),
    ],
  ])('%s has mean 0, its deviation and its bound', (_, { create }, stddev, bound) => {
    const moments = momentsOf(create(SHAPE, stream()));
    expect(Math.abs(moments.mean)).toBeLessThan((4 * stddev) / Math.sqrt(sizeOf(SHAPE)));
    expect(Math.abs(moments.stddev / stddev - 1)).toBeLessThan(0.005);
    expect(moments.largest).toBeLessThanOrEqual(bound * (1 + 2 ** -23));
    // And the bound is reached: a cut at 1.9 would be noticed.
    if (bound < 4 * stddev) expect(moments.largest).toBeGreaterThan(bound * 0.999);
  });

  it('follow mean, stddev, minval and maxval', () => {
    const normal = momentsOf(randomNormal({ mean: 3, stddev: 2 }).create(SHAPE, stream()));
    expect([normal.mean, normal.stddev].map((value) => Math.round(value * 50) / 50)).toEqual([3, 2]);
    const uniform = randomUniform({ minval: 2, maxval: 3 }).create(SHAPE, stream());
    expect(Math.min(...uniform.subarray(0, 50_000))).toBeGreaterThanOrEqual(2);
    expect(momentsOf(uniform).mean).toBeCloseTo(2.5, 2);
    expect(momentsOf(uniform).largest).toBeLessThanOrEqual(3);
    expect(momentsOf(truncatedNormal({ mean: 1, stddev: 0 }).create([9], stream()))).toEqual({
      mean: 1,
      stddev: 0,
      largest: 1,
    });
  });
});

describe('orthogonal', () => {
  /** The largest entry of MᵀM − gain²·I for the shorter side of `[rows, columns]`. */
  function defect(values: Float32Array, rows: number, columns: number, gain: number): number {
    const tall = rows >= columns;
    const count = tall ? columns : rows;
    const length = tall ? rows : columns;
    const at = (vector: number, i: number) =>
      values[tall ? i * columns + vector : vector * columns + i] as number;
    let worst = 0;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = a === b ? -gain * gain : 0;
        for (let i = 0; i < length; i++) sum += at(a, i) * at(b, i);
        worst = Math.max(worst, Math.abs(sum));
      }
    }
    return worst;
  }

  it.each<[Shape, number, number]>([
    [[1, 1], 1, 1],
    [[64, 64], 64, 64],
    [[32, 128], 32, 128],
    [[128, 32], 128, 32],
    [[3, 3, 4, 8], 36, 8],
    [[3, 3, 4, 50], 36, 50],
  ])('of shape %j has orthonormal rows or columns to 1e-6', (shape, rows, columns) => {
    expect(defect(initializers.orthogonal().create(shape, stream()), rows, columns, 1)).toBeLessThan(1e-6);
    expect(
      defect(initializers.orthogonal({ gain: 2 }).create(shape, stream()), rows, columns, 2),
    ).toBeLessThan(4e-6);
  });

  it('is uniform: either sign of the determinant, and entries of mean 0 and variance 1/n', () => {
    const random = randomStream(1, 2);
    const corners: number[] = [];
    let turned = 0;
    for (let round = 0; round < 4000; round++) {
      const [a = 0, b = 0, c = 0, d = 0] = initializers.orthogonal().create([2, 2], random);
      corners.push(a, d);
      if (a * d - b * c < 0) turned++;
    }
    const { mean, stddev } = momentsOf(Float32Array.from(corners));
    expect(Math.abs(turned / 4000 - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(stddev ** 2 - 0.5)).toBeLessThan(0.02);
  });

  it('draws again where a draw gives no new direction', () => {
    const draws = [0, 3];
    let at = 0;
    const random = { ...stream(), normal: () => draws[at++] ?? Number.NaN };
    expect([...initializers.orthogonal().create([1, 1], random)]).toEqual([1]);
    expect(at).toBe(2);
  });

  it('refuses vectors', () => {
    expect(failure(() => initializers.orthogonal().create([5], stream()))).toMatchObject({
      op: 'orthogonal',
      roles: ['shape'],
      values: { shape: [5] },
    });
  });
});
