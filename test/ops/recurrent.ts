/**
 * Cases of the recurrent ops: small ones for every option of every cell; sizes around the kernels' tiles, pairwise; and exact ones, whose
 * numbers stay small integers. The full run has the whole product of sizes.
 */

import { permutation, randomStream } from '../../src/core/random.js';
import { KERNEL_ACTIVATION_NAMES } from '../../src/ops/recurrent/activations.js';
import { pairwise } from '../kit/pairwise.js';
import { CELL_NAMES, type Direction, type LayerCase, layerCase } from '../kit/recurrent-cases.js';
import type { OpCase } from './case.js';

const SMALL = { batch: 3, steps: 4, features: 2, units: 3 } as const;

type Options = Pick<LayerCase, 'direction' | 'bias' | 'state' | 'mask' | 'dropout'>;

const options = (direction: Direction, ...on: ('bias' | 'state' | 'mask' | 'dropout')[]): Options => ({
  direction,
  bias: on.includes('bias'),
  state: on.includes('state'),
  mask: on.includes('mask'),
  dropout: on.includes('dropout'),
});

/** Every pair of values of two options. */
const OPTIONS: readonly Options[] = [
  options('forward', 'bias'),
  options('forward', 'mask', 'dropout'),
  options('forward', 'state', 'mask'),
  options('backward', 'bias', 'state', 'mask', 'dropout'),
  options('backward', 'dropout'),
  options('backward', 'state'),
  options('both', 'bias', 'mask'),
  options('both', 'state', 'dropout'),
  options('both', 'bias', 'state', 'mask', 'dropout'),
];

const optionCases = CELL_NAMES.flatMap((cell) => OPTIONS.map((one) => layerCase({ ...SMALL, cell, ...one })));

const activationCases = CELL_NAMES.flatMap((cell) =>
  KERNEL_ACTIVATION_NAMES.map((activation, index) =>
    layerCase({
      ...SMALL,
      ...options('forward', 'bias', 'state'),
      cell,
      // An exponential of a sum that holds the exponential before it soon leaves the range.
      steps: activation === 'exponential' ? 2 : 3,
      scale: 0.5,
      activation,
      ...(cell === 'simpleRnn'
        ? {}
        : {
            recurrentActivation: KERNEL_ACTIVATION_NAMES[
              (index + 4) % KERNEL_ACTIVATION_NAMES.length
            ] as string,
          }),
    }),
  ),
);

const secondOrderCases = CELL_NAMES.flatMap((cell) =>
  [options('forward', 'bias'), options('both', 'bias', 'state', 'mask', 'dropout')].map((one) =>
    layerCase({ ...SMALL, ...one, cell, steps: 3, units: 2 }, { secondOrder: true }),
  ),
);

const exactCases = CELL_NAMES.flatMap((cell) =>
  [options('both', 'bias', 'state', 'mask', 'dropout'), options('forward'), options('backward', 'state')].map(
    (one, index) =>
      layerCase(
        {
          ...one,
          cell,
          batch: 3,
          steps: 3,
          features: 3,
          units: [4, 5, 3][index] as number,
          activation: 'linear',
          ...(cell === 'simpleRnn' ? {} : { recurrentActivation: 'linear' }),
          integers: true,
        },
        { exact: true },
      ),
  ),
);

/** Whole rows and widths of a kernel. Products of gates soon leave the integers of float32, so these go forward alone, two steps. */
const wideExactCases = CELL_NAMES.map((cell, index) =>
  layerCase(
    {
      ...options('both', 'bias', 'mask', 'dropout'),
      cell,
      batch: 9,
      steps: 2,
      features: 3,
      units: [64, 100, 128][index] as number,
      activation: 'linear',
      ...(cell === 'simpleRnn' ? {} : { recurrentActivation: 'linear' }),
      integers: true,
    },
    { exact: true, gradients: cell === 'simpleRnn', deviceOnly: true, chosenOnly: true },
  ),
);

/** Around the kernels' rows, vectors and widths; long enough for what happens once in many steps. */
const PRODUCT = CELL_NAMES.flatMap((cell) =>
  (['forward', 'backward', 'both'] as const).flatMap((direction) =>
    [1, 2, 7, 64, 300].flatMap((steps) =>
      [1, 3, 32].flatMap((batch) =>
        [1, 5, 64, 100, 128, 257].map((units) => ({ cell, direction, steps, batch, units })),
      ),
    ),
  ),
);

/** Shuffled, so that a choice from the front holds a bit of everything. */
const SIZES = Array.from(
  permutation(PRODUCT.length, randomStream(1, 0)),
  (index) => PRODUCT[index] as (typeof PRODUCT)[number],
);

type Size = (typeof SIZES)[number];

/** A pair of a long sequence, a wide state and many rows is enough for the default run; all three at once are for the full one. */
const MOST_PRODUCTS = 300 * 257 * 257;
const products = ({ direction, steps, batch, units }: Size): number =>
  (direction === 'both' ? 2 : 1) * steps * batch * units * units;

const inDefault = pairwise(SIZES.filter((size) => products(size) <= MOST_PRODUCTS));

/** Each size with one set of options, in turn. */
const sizeCases = SIZES.map((size, index) => {
  const { bias, state, mask, dropout } = OPTIONS[index % OPTIONS.length] as Options;
  const features = [1, 3, 64][Math.floor(index / OPTIONS.length) % 3] as number;
  const one = { ...size, features, bias, state, mask, dropout };
  return layerCase(one, { deviceOnly: true, chosenOnly: true, full: !inDefault.has(size) });
});

export const cases: OpCase[] = [
  ...optionCases,
  ...activationCases,
  ...secondOrderCases,
  ...sizeCases,
  ...exactCases,
  ...wideExactCases,
];
