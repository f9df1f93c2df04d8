/**
 * Cases of the recurrent ops: small ones for every option of every cell; sizes around the kernels' tiles, pairwise; and exact ones, whose
 * numbers stay small integers. The full run has every pair of long sequences and wide states.
 */

import { KERNEL_ACTIVATION_NAMES } from '../../src/ops/recurrent/activations.js';
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

export const cases: OpCase[] = [...optionCases, ...activationCases, ...secondOrderCases, ...exactCases];
