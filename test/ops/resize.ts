/** Cases of upSampling and affineSample. */

import { constant } from '../../src/ir/leaves.js';
import { affineSample, upSampling } from '../../src/ops/index.js';
import type { AffineSampleOptions } from '../../src/ops/resize/affine-sample.js';
import type { OpCase } from './case.js';

const enlarged: OpCase[] = (
  [
    ['by the default 2', [2, 3, 2, 3], {}],
    ['quads, by 3 and 1', [2, 2, 5, 4], { size: [3, 1] }],
    ['by 1', [1, 2, 2, 1], { size: 1 }],
    ['bilinear', [2, 3, 2, 3], { interpolation: 'bilinear' }],
    ['bilinear, by 3 and 2, one row', [1, 1, 4, 4], { size: [3, 2], interpolation: 'bilinear' }],
  ] as const
).map(([name, shape, options]) => ({
  op: 'upSampling',
  name: `${name}, [${shape}]`,
  inputs: [{ shape }],
  build: (x) => upSampling(x, options),
  exact: !('interpolation' in options),
}));

/** Turned by a little, shrunk, shifted; shifted far outside. Places lie away from cells, where bilinear slopes jump. */
const MAPS = [0.9, -0.3, 0.41, 0.27, 0.8, -0.63, 1.1, 0.2, -6.37, -0.1, 0.7, 5.19];
/** Flipped both ways; moved by whole cells. */
const WHOLE = [-1, 0, 4, 0, -1, 3, 1, 0, -2, 0, 1, 1];

const seen: OpCase[] = (
  [
    ['constant', { fillValue: 0.5 }],
    ['reflect', { fillMode: 'reflect' }],
    ['wrap', { fillMode: 'wrap' }],
    ['nearest', { fillMode: 'nearest' }],
    ['reflect, to another size', { fillMode: 'reflect', size: [3, 7] }],
  ] as readonly (readonly [string, AffineSampleOptions])[]
).map(([name, options], index) => ({
  op: 'affineSample',
  name,
  inputs: [{ shape: [2, 5, 4, index % 2 === 0 ? 3 : 4] }, { shape: [2, 6], fill: MAPS }],
  build: (x, maps) => affineSample(x, maps, options),
}));

const exactly: OpCase[] = (['bilinear', 'nearest'] as const).map((interpolation) => ({
  op: 'affineSample',
  name: `flips and whole shifts, ${interpolation}`,
  inputs: [
    { shape: [2, 5, 4, 1], fill: 'integers' },
    { shape: [2, 6], fill: WHOLE },
  ],
  build: (x, maps) => affineSample(x, maps, { interpolation }),
  exact: true,
  gradients: false,
}));

export const cases: OpCase[] = [
  ...enlarged,
  ...seen,
  ...exactly,
  {
    op: 'affineSample',
    name: 'nearest cells, gradient to the images alone',
    inputs: [{ shape: [2, 3, 4, 2] }],
    build: (x) =>
      affineSample(x, constant(Float64Array.from(MAPS), [2, 6], 'float32'), {
        interpolation: 'nearest',
        fillMode: 'reflect',
      }),
  },
];
