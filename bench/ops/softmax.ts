/** Softmax and log-softmax of rows, and the cross-entropy of labels with its gradient. */

import type { Size } from '../case.js';
import {
  addTerm,
  DIVISION_ULPS,
  EPSILON,
  emptySum,
  expUlps,
  LOG_ERROR_NEAR_ONE,
  LOG_ULPS,
  type Sum,
  sumError,
} from './bounds.js';
import { at, costOf, type Operand, type OperandData, type OpTask, type Oracle } from './task.js';

type Rows = readonly [rows: number, classes: number];

const EXTENTS: Readonly<Record<Size, readonly Rows[]>> = {
  full: [
    [65_536, 10],
    [4096, 1000],
    [128, 50_000],
  ],
  tiny: [
    [5, 10],
    [3, 65],
  ],
};

/** Far apart, so that a few large terms are most of the sum, as behind a trained network. */
const logits = (...shape: number[]): Operand => ({ shape, from: -8, to: 8 });

export function softmaxTasks(size: Size): OpTask[] {
  return [
    ...EXTENTS[size].map((extents) => softmaxTask(extents, false)),
    ...EXTENTS[size].slice(1, 2).map((extents) => softmaxTask(extents, true)),
    ...EXTENTS[size].slice(0, 2).map(crossentropyTask),
  ];
}

function softmaxTask([rows, classes]: Rows, log: boolean): OpTask {
  const shapes = { operands: [logits(rows, classes)], results: [[rows, classes]] };
  const name = log ? 'log-softmax' : 'softmax';
  return {
    name: `${name}/${classes}`,
    about: `${name} of ${rows} rows of ${classes}`,
    op: { kind: 'softmax', log },
    ...shapes,
    // For each element a difference, an exponential, a sum and a quotient or another difference.
    cost: costOf(4 * rows * classes, shapes),
    oracle([x]) {
      const rowAt = rowsOf(x, classes);
      return (_result, place) => {
        const { largest, sum, error } = rowAt(Math.floor(place / classes));
        const distance = at(x as OperandData, place) - largest;
        if (log) {
          const value = distance - Math.log(sum.sum);
          return {
            value,
            tolerance: logError(sum, error) + EPSILON * (Math.abs(distance) + Math.abs(value)),
          };
        }
        const value = Math.exp(distance) / sum.sum;
        return { value, tolerance: value * shareError(distance, error) };
      };
    },
  };
}

function crossentropyTask([rows, classes]: Rows): OpTask {
  const shapes = {
    operands: [logits(rows, classes), { shape: [rows], from: 0, to: classes - 1, whole: 'int32' } as const],
    results: [[rows, classes], []],
  };
  return {
    name: `crossentropy/${classes}`,
    about: `the mean cross-entropy of ${rows} rows of ${classes} logits and its gradient; labels are numbers for Heddle, one-hot rows for the others`,
    op: { kind: 'crossentropy' },
    ...shapes,
    cost: costOf(6 * rows * classes, shapes),
    oracle: ([x, labels]) => crossentropyOracle([rows, classes], x, labels),
  };
}

function crossentropyOracle(
  [rows, classes]: Rows,
  x: OperandData | undefined,
  labels: OperandData | undefined,
): Oracle {
  if (!x || !labels) throw new RangeError('cross-entropy takes logits and labels');
  const rowAt = rowsOf(x, classes);
  const loss = () => {
    const losses = emptySum();
    let errors = 0;
    for (let row = 0; row < rows; row++) {
      const { largest, sum, error } = rowAt(row);
      const distance = largest - at(x, row * classes + at(labels, row));
      addTerm(losses, Math.log(sum.sum) + distance);
      errors += logError(sum, error) + 2 * EPSILON * Math.abs(distance);
    }
    return { value: losses.sum / rows, tolerance: (errors + sumError(losses)) / rows };
  };
  return (result, place) => {
    if (result === 1) return loss();
    const [row, column] = [Math.floor(place / classes), place % classes];
    const { largest, sum, error } = rowAt(row);
    const distance = at(x, place) - largest;
    const share = Math.exp(distance) / sum.sum;
    const target = at(labels, row) === column ? 1 : 0;
    return {
      value: (share - target) / rows,
      tolerance: (share * shareError(distance, error) + 2 * EPSILON * (share + target)) / rows,
    };
  };
}

interface Row {
  readonly largest: number;
  /** Of exp(x − largest). */
  readonly sum: Sum;
  /** Of the sum, relative. */
  readonly error: number;
}

/** By number, the last one kept. */
function rowsOf(x: OperandData | undefined, classes: number): (row: number) => Row {
  if (!x) throw new RangeError('softmax takes logits');
  let known = -1;
  let kept: Row | null = null;
  return (row) => {
    if (kept && row === known) return kept;
    const places = Array.from({ length: classes }, (_, column) => row * classes + column);
    const largest = places.reduce((most, place) => Math.max(most, at(x, place)), Number.NEGATIVE_INFINITY);
    const sum = emptySum();
    let inexact = 0;
    for (const place of places) {
      const distance = at(x, place) - largest;
      const power = Math.exp(distance);
      addTerm(sum, power);
      inexact += power * expUlps(distance) * EPSILON;
    }
    known = row;
    kept = { largest, sum, error: (sumError(sum) + inexact) / sum.sum };
    return kept;
  };
}

/** Relative, of exp(distance) / sum; who subtracts the logarithm of the sum first pays for its exponential too. */
const shareError = (distance: number, error: number): number =>
  error + (2 * expUlps(distance) + DIVISION_ULPS) * EPSILON;

const logError = ({ sum }: Sum, error: number): number =>
  error + LOG_ERROR_NEAR_ONE + LOG_ULPS * EPSILON * Math.abs(Math.log(sum));
