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
  /** Epochs without improvement that are borne. Default 0. */
  readonly patience?: number;
  /** A value that the first epoch must already beat. Default none. */
  readonly baseline?: number;
  /** Whether to end with the weights of the best epoch. Default false. */
  readonly restoreBestWeights?: boolean;
}

const OPTIONS = ['monitor', 'mode', 'minDelta', 'patience', 'baseline', 'restoreBestWeights'] as const;
const MODES = ['auto', 'min', 'max'] as const;

/** Stops when a log has not improved for `patience` epochs, as Keras's `EarlyStopping`. */
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
  if (!MODES.includes(mode)) throw unknownName('earlyStopping', 'mode', mode, MODES);
  const sign = mode === 'max' || (mode === 'auto' && monitor.includes('accuracy')) ? 1 : -1;
  let best: number;
  let bestWeights: NDArray[] | null;
  let waited: number;
  return {
    onTrainBegin() {
      best = baseline ?? -sign * Number.POSITIVE_INFINITY;
      bestWeights = null;
      waited = 0;
    },
    async onEpochEnd(_, logs, { model, stop }) {
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
      if (sign * (value - best) > minDelta) {
        best = value;
        waited = 0;
        if (restoreBestWeights) bestWeights = await model.getWeights();
      } else if (++waited >= patience) {
        stop();
      }
    },
    onTrainEnd({ model }) {
      if (bestWeights) model.setWeights(bestWeights);
    },
  };
}
