/** Callbacks of `fit`, called in order, none dropped; `stepsPerSubmit: 1` makes those of a batch exact in time. */

import { HeddleError, type NDArray, rejectUnknownOptions, unknownName } from '../../engine/index.js';

/** Named means: `loss`, `accuracy`, `val_loss`, … */
export type Logs = Readonly<Record<string, number>>;

/** What a callback may do to the run. */
export interface CallbackContext {
  readonly model: { getWeights(): Promise<NDArray[]>; setWeights(weights: readonly NDArray[]): void };
  /** Ends training after the step in work. */
  stop(): void;
}

export interface Callback {
  onTrainBegin?(context: CallbackContext): void | Promise<void>;
  onTrainEnd?(context: CallbackContext): void | Promise<void>;
  onEpochBegin?(epoch: number, context: CallbackContext): void | Promise<void>;
  onEpochEnd?(epoch: number, logs: Logs, context: CallbackContext): void | Promise<void>;
  onBatchEnd?(batch: number, logs: Logs, context: CallbackContext): void | Promise<void>;
}

export interface EarlyStoppingOptions {
  /** The log to watch. Default `val_loss`. */
  readonly monitor?: string;
  /** What counts as better. Default `auto`: `max` for names with `accuracy`, else `min`. */
  readonly mode?: 'auto' | 'min' | 'max';
  /** Least change that counts as better, ≥ 0. Default 0. */
  readonly minDelta?: number;
  /** Epochs without improvement that are borne, an integer ≥ 0. Default 0. */
  readonly patience?: number;
  /** A value to beat: until then, improvement does not renew patience. Default none. */
  readonly baseline?: number;
  /** Whether to end with the weights of the best epoch. Default false. */
  readonly restoreBestWeights?: boolean;
}

const OPTIONS = ['monitor', 'mode', 'minDelta', 'patience', 'baseline', 'restoreBestWeights'] as const;
const MODES = ['auto', 'min', 'max'] as const;

/**
 * Stops when a log has not improved for `patience` epochs, as Keras 3's `EarlyStopping`; never after the first epoch.
 *
 * @throws HeddleError for unknown options and values out of range; in training for a log that is not there.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  rejectUnknownOptions('earlyStopping', options, OPTIONS);
  const {
    monitor = 'val_loss',
    mode = 'auto',
    minDelta = 0,
    patience = 0,
    baseline,
    restoreBestWeights = false,
  } = options;
  if (!(Number.isInteger(patience) && patience >= 0))
    throw outOfRange('patience', patience, 'an integer ≥ 0');
  if (!(minDelta >= 0)) throw outOfRange('minDelta', minDelta, 'a number ≥ 0');
  if (!MODES.includes(mode)) throw unknownName('earlyStopping', 'mode', mode, MODES);
  const sign = mode === 'max' || (mode === 'auto' && monitor.includes('accuracy')) ? 1 : -1;
  const improves = (value: number, reference: number): boolean => sign * (value - reference) > minDelta;
  let best: number;
  let bestWeights: NDArray[] | null;
  let waited: number;
  return {
    onTrainBegin() {
      best = -sign * Number.POSITIVE_INFINITY;
      bestWeights = null;
      waited = 0;
    },
    async onEpochEnd(epoch, logs, { model, stop }) {
      const value = logs[monitor];
      if (value === undefined) {
        throw new HeddleError({
          op: 'earlyStopping',
          message: `there is no log '${monitor}'`,
          roles: ['monitor'],
          values: { monitor, logs: Object.keys(logs) },
          fix: `watch one of ${Object.keys(logs).join(', ')}${monitor.startsWith('val_') ? ', or pass validationData or validationSplit' : ''}`,
        });
      }
      waited++;
      if (improves(value, best)) {
        best = value;
        if (restoreBestWeights) bestWeights = await model.getWeights();
        if (baseline === undefined || improves(value, baseline)) waited = 0;
      } else if (waited >= patience && epoch > 0) {
        stop();
      }
    },
    onTrainEnd({ model }) {
      if (bestWeights) model.setWeights(bestWeights);
    },
  };
}

const outOfRange = (role: string, value: number, range: string): HeddleError =>
  new HeddleError({
    op: 'earlyStopping',
    message: `${role} is ${value}`,
    roles: [role],
    values: { [role]: value },
    fix: `pass ${range}`,
  });
