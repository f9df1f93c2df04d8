/** Augmentation layers: only in training, seeded, anew at each step, each image by itself; and what they do to pixels. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, type Tensor, tensor } from '../../src/engine/index.js';
import type { Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import { failure } from '../kit/failure.js';

beforeAll(() => init({ device: 'cpu' }));

const BATCH = 64;
const [HEIGHT, WIDTH] = [4, 5];
const inputShape = [HEIGHT, WIDTH, 1];
/** Pixel (h, w) of every image is 10·h + w. */
const pixel = (h: number, w: number): number => 10 * h + w;
const images = (): Tensor =>
  tensor(
    Float32Array.from({ length: BATCH * HEIGHT * WIDTH }, (_, i) =>
      pixel(Math.floor(i / WIDTH) % HEIGHT, i % WIDTH),
    ),
    { shape: [BATCH, HEIGHT, WIDTH, 1] },
  );
const steps = (step: number): Tensor => tensor(step, { dtype: 'uint32' });

/** Each image after `layer`, as rows. */
async function augmented(layer: Layer, { training = true, step = 0, seed = 1 } = {}): Promise<number[][][]> {
  const net = new Network({ layers: [layer], seed });
  const result = await net.apply(images(), { training, counter: steps(step) }).array();
  return (result as number[][][][]).map((rows) =>
    rows.map((row) => row.map(([value = Number.NaN]) => value)),
  );
}

const LAYERS: Record<string, (seed?: number) => Layer> = {
  randomFlip: (seed) => layers.randomFlip({ inputShape, ...(seed && { seed }) }),
  randomCrop: (seed) => layers.randomCrop({ height: 2, width: 3, inputShape, ...(seed && { seed }) }),
  randomTranslation: (seed) =>
    layers.randomTranslation({ heightFactor: 0.5, widthFactor: 0.2, inputShape, ...(seed && { seed }) }),
  randomRotation: (seed) => layers.randomRotation({ factor: 0.25, inputShape, ...(seed && { seed }) }),
  gaussianNoise: (seed) => layers.gaussianNoise({ stddev: 2, inputShape, ...(seed && { seed }) }),
};

describe.each(Object.entries(LAYERS))('%s', (name, make) => {
  it('gives the same for one seed and step, something else for another, and differs between images', async () => {
    const first = await augmented(make());
    expect(await augmented(make())).toEqual(first);
    expect(await augmented(make(), { step: 1 })).not.toEqual(first);
    expect(await augmented(make(), { seed: 2 })).not.toEqual(first);
    expect(await augmented(make(7), { seed: 2 })).toEqual(await augmented(make(7), { seed: 3 }));
    expect(new Set(first.map((image) => JSON.stringify(image))).size).toBeGreaterThan(2);
  });

  it('leaves images alone outside training', async () => {
    const [image] = await augmented(make(), { training: false });
    const start = name === 'randomCrop' ? 1 : 0;
    const expected = (image ?? []).map((row, h) => row.map((_, w) => pixel(h + start, w + start)));
    expect(image).toEqual(expected);
  });
});

const whole = Array.from({ length: HEIGHT }, (_, h) => Array.from({ length: WIDTH }, (__, w) => pixel(h, w)));
const flippedRows = (rows: number[][]): number[][] => rows.map((row) => [...row].reverse());

describe('what happens to pixels', () => {
  it.each([
    ['horizontal', [whole, flippedRows(whole)]],
    ['vertical', [whole, [...whole].reverse()]],
    [
      'horizontalAndVertical',
      [whole, flippedRows(whole), [...whole].reverse(), flippedRows([...whole].reverse())],
    ],
  ] as const)('%s flips', async (mode, possible) => {
    const results = await augmented(layers.randomFlip({ mode, inputShape }));
    const counts = possible.map(
      (one) => results.filter((image) => JSON.stringify(image) === JSON.stringify(one)).length,
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(BATCH);
    for (const count of counts) expect(count).toBeGreaterThan((0.5 * BATCH) / possible.length);
  });

  it('crops are blocks of the image, from every place', async () => {
    const results = await augmented(layers.randomCrop({ height: 2, width: 3, inputShape }));
    const places = results.map((image) => {
      const [top, left] = [Math.floor((image[0]?.[0] ?? 0) / 10), (image[0]?.[0] ?? 0) % 10];
      expect(image).toEqual([0, 1].map((h) => [0, 1, 2].map((w) => pixel(top + h, left + w))));
      return `${top},${left}`;
    });
    expect(new Set(places).size).toBe(3 * 3);
  });

  it('shifts move down and right where factors are positive, and mirror what comes in', async () => {
    const down = layers.randomTranslation({ heightFactor: [0.5, 0.5], widthFactor: 0, inputShape });
    expect((await augmented(down))[0]).toEqual([whole[1], whole[0], whole[0], whole[1]]);
    const right = layers.randomTranslation({
      heightFactor: 0,
      widthFactor: [0.2, 0.2],
      fillMode: 'constant',
      fillValue: 7,
      interpolation: 'nearest',
      inputShape,
    });
    expect((await augmented(right))[0]).toEqual(whole.map((row) => [7, ...row.slice(0, -1)]));
  });

  it('a quarter turns counterclockwise about the centre', async () => {
    const square = [3, 3, 1];
    const layer = layers.randomRotation({
      factor: [0.25, 0.25],
      interpolation: 'nearest',
      inputShape: square,
    });
    const net = new Network({ layers: [layer] });
    const image = [
      [[1], [2], [3]],
      [[4], [5], [6]],
      [[7], [8], [9]],
    ];
    const [turned] = (await net.apply(tensor([image]), { training: true }).array()) as number[][][][];
    expect(turned?.map((row) => row.flat())).toEqual([
      [3, 6, 9],
      [2, 5, 8],
      [1, 4, 7],
    ]);
  });

  it.each([-1, -0.7, -0.25, 0.1, 0.5, 1])('%s of a turn is what cosine and sine say', async (turn) => {
    // On a plane a + b·h + c·w bilinear interpolation is exact: the turned plane tells sine and cosine.
    const size = 5;
    const net = new Network({
      layers: [
        layers.randomRotation({ factor: [turn, turn], fillMode: 'nearest', inputShape: [size, size, 1] }),
      ],
    });
    const plane = Float32Array.from({ length: size * size }, (_, i) => Math.floor(i / size) - 2);
    const values = await net.apply(tensor(plane, { shape: [1, size, size, 1] }), { training: true }).data();
    const at = (h: number, w: number): number => values[h * size + w] as number;
    expect(at(3, 2) - at(2, 2)).toBeCloseTo(Math.cos(2 * Math.PI * turn), 5);
    expect(at(2, 3) - at(2, 2)).toBeCloseTo(Math.sin(2 * Math.PI * turn), 5);
  });

  it('noise has the deviation asked for', async () => {
    const results = await augmented(layers.gaussianNoise({ stddev: 2, inputShape }));
    const noise = results.flatMap((image) =>
      image.flatMap((row, h) => row.map((value, w) => value - pixel(h, w))),
    );
    const mean = noise.reduce((sum, value) => sum + value) / noise.length;
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length);
    expect(Math.abs(mean)).toBeLessThan(0.2);
    expect(Math.abs(deviation - 2)).toBeLessThan(0.15);
  });
});

it('augmentation layers refuse what cannot be', () => {
  const shift = { heightFactor: 0.1, widthFactor: 0.1 };
  expect(failure(() => layers.randomFlip({ mode: 'sideways' } as never)).roles).toEqual(['mode']);
  expect(failure(() => layers.randomRotation({ factor: 2 })).roles).toEqual(['factor']);
  expect(failure(() => layers.randomRotation({ factor: [0.2, 0.1] })).roles).toEqual(['factor']);
  expect(failure(() => layers.randomTranslation({ ...shift, heightFactor: -0.1 })).roles).toEqual([
    'heightFactor',
  ]);
  expect(failure(() => layers.randomTranslation({ ...shift, fillMode: 'mirror' } as never)).roles).toEqual([
    'fillMode',
  ]);
  expect(failure(() => layers.randomTranslation({ ...shift, seed: -1 })).roles).toEqual(['seed']);
  expect(failure(() => layers.randomCrop({ height: 0, width: 1 })).roles).toEqual(['height']);
  const small = failure(() =>
    layers.randomCrop({ height: 5, width: 1 }).apply(layers.input({ shape: inputShape })),
  );
  expect(small.roles).toEqual(['input', 'height', 'width']);
  expect(failure(() => layers.gaussianNoise({ stddev: -1 })).roles).toEqual(['stddev']);
  expect(failure(() => layers.randomFlip().apply(layers.input({ shape: [4] }))).roles).toEqual(['input']);
});
