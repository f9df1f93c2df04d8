/**
 * Sums, means and maxima of a matrix: of all, of each row, of each column. Its elements are small whole numbers, whose sums are exact in
 * any order, so that one element left out shows.
 */

import type { Size } from '../case.js';
import { addTerm, DIVISION_ULPS, EPSILON, emptySum, sumError } from './bounds.js';
import { at, costOf, type Op, type OperandData, type OpTask, type Oracle } from './task.js';

type Reduction = Extract<Op, { kind: 'reduce' }>;

const EXTENTS: Readonly<Record<Size, readonly [rows: number, columns: number]>> = {
  full: [4096, 4096],
  tiny: [33, 17],
};

const WORDS: Readonly<Record<Reduction['over'], string>> = {
  all: 'all elements',
  rows: 'each row',
  columns: 'each column',
};

export function reductionTasks(size: Size): OpTask[] {
  const [rows, columns] = EXTENTS[size];
  return (['sum', 'mean', 'max'] as const).flatMap((of) =>
    (['all', 'rows', 'columns'] as const).map((over): OpTask => {
      const op = { kind: 'reduce', of, over } as const;
      const result = { all: [], rows: [rows], columns: [columns] }[over];
      const shapes = {
        operands: [{ shape: [rows, columns], from: -8, to: 8, whole: 'float32' } as const],
        results: [result],
      };
      return {
        name: `${of}/${over}`,
        about: `the ${of} of ${WORDS[over]} of a matrix ${rows}×${columns}`,
        op,
        ...shapes,
        cost: costOf(rows * columns, shapes),
        oracle: (data) => oracle(op, [rows, columns], data),
      };
    }),
  );
}

function oracle(
  { of, over }: Reduction,
  [rows, columns]: readonly [number, number],
  [x]: readonly OperandData[],
): Oracle {
  if (!x) throw new RangeError('a reduction takes a matrix');
  const count = { all: rows * columns, rows: columns, columns: rows }[over];
  const step = over === 'columns' ? columns : 1;
  return (_result, place) => {
    const start = over === 'rows' ? place * columns : place;
    const sum = emptySum();
    let largest = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < count; index++) {
      const value = at(x, start + index * step);
      addTerm(sum, value);
      largest = Math.max(largest, value);
    }
    if (of === 'max') return { value: largest, tolerance: 0 };
    if (of === 'sum') return { value: sum.sum, tolerance: 0 };
    const value = sum.sum / count;
    // Who divides each element first rounds each, unless the divisor is a power of two.
    const rounded = Number.isInteger(Math.log2(count)) ? 0 : sumError(sum) / count;
    return { value, tolerance: DIVISION_ULPS * EPSILON * Math.abs(value) + rounded };
  };
}
