/** The options of `fit`, and their ranges. */

import type { ColumnSource } from '../../data/columns.js';
import { HeddleError, rejectUnknownOptions } from '../../engine/index.js';
import type { Callback } from './callbacks.js';
import { checkCallback } from './check-callback.js';
import type { Progress } from './programs.js';

export interface FitOptions {
  /** Passes over the data. Default 1. */
  readonly epochs?: number;
  /** Examples per step. Default: the model's own, where its batch is fixed, else 32. The last batch of an epoch is trained at its true size. */
  readonly batchSize?: number;
  /** Whether rows are taken in a new random order each epoch. Default true. */
  readonly shuffle?: boolean;
  /** The fraction of rows, from the end, that are kept for validation, in [0, 1). Default 0. */
  readonly validationSplit?: number;
  readonly validationData?: ColumnSource;
  /**
   * One weight per example, for arrays. It multiplies the example's loss; the loss of a batch is Σ w·loss / examples, as in Keras, so that
   * a weight of 0 takes a row out of the sum but not out of the count; of masked sequences Σ w·loss / steps that count. Metrics are not
   * weighted.
   */
  readonly sampleWeight?: ColumnSource['sampleWeight'];
  readonly callbacks?: readonly Callback[];
  /** Steps of an epoch over an iterable; it may be endless then. */
  readonly stepsPerEpoch?: number;
  /** Steps queued at once. Default: as many as take about 60 ms. 1 makes callbacks exact. */
  readonly stepsPerSubmit?: number;
  /** Goes on where the last `fit` or the loaded file stopped, in the midst of an epoch if need be. Default false. */
  readonly resume?: boolean;
  /** Ends training after a whole step; the promise then rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
  /** Called while kernels are compiled: `(4, 9)`. */
  readonly onCompile?: Progress;
}

const OPTIONS = [
  'epochs',
  'batchSize',
  'shuffle',
  'validationSplit',
  'validationData',
  'sampleWeight',
  'callbacks',
  'stepsPerEpoch',
  'stepsPerSubmit',
  'resume',
  'signal',
  'onCompile',
] as const;

/** @throws HeddleError for an unknown option (with the nearest valid one) or a value out of range. */
export function checkFitOptions(options: FitOptions): void {
  rejectUnknownOptions('fit', options, OPTIONS);
  for (const name of ['epochs', 'batchSize', 'stepsPerEpoch', 'stepsPerSubmit'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw outOfRange(name, value, 'use a positive integer');
  }
  const { validationSplit = 0, validationData, callbacks = [], signal } = options;
  if (!Array.isArray(callbacks))
    throw outOfRange('callbacks', callbacks, 'pass a list: callbacks: [earlyStopping()]');
  for (const callback of callbacks) checkCallback(callback);
  // Controllers of another realm, a frame's, are no instance of this one's class.
  if (signal !== undefined && typeof signal?.addEventListener !== 'function')
    throw outOfRange('signal', signal, 'pass the signal of an AbortController: new AbortController().signal');
  if (Array.isArray(validationData))
    throw outOfRange(
      'validationData',
      validationData,
      'pass validationData: { x, y }, not a list of the two',
    );
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw outOfRange('validationSplit', validationSplit, 'use a fraction from 0 up to, not including, 1');
  }
  if (validationSplit > 0 && validationData) {
    throw outOfRange('validationSplit', validationSplit, 'pass either validationSplit or validationData');
  }
}

/** @throws HeddleError for options that the kind of data has no use for. */
export function rejectOptions(options: FitOptions, names: readonly (keyof FitOptions)[], fix: string): void {
  const name = names.find((one) => options[one] !== undefined);
  if (name === undefined) return;
  throw new HeddleError({
    op: 'fit',
    message: `${name} has no meaning for this kind of data`,
    roles: [name],
    values: { option: name },
    fix,
  });
}

const outOfRange = (name: string, value: unknown, fix: string): HeddleError =>
  new HeddleError({
    op: 'fit',
    message: `${name} is ${typeof value === 'number' ? value : Array.isArray(value) ? 'a list' : typeof value}`,
    roles: [name],
    values: { [name]: value },
    fix,
  });
