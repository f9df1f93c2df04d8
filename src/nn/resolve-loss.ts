/** From what a user or a file says to a loss. */

import { HeddleError, unknownName } from '../engine/index.js';
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  type LossConfig,
  type LossFunction,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from './losses.js';

/** A loss, the name of one, or the data of one as a file keeps it. */
export type LossSpec = string | LossFunction | { readonly name: string; readonly config: LossConfig };

const BUILT_IN: ReadonlyMap<string, (config: never) => LossFunction> = new Map<
  string,
  (config: never) => LossFunction
>(
  Object.entries({
    meanSquaredError,
    mse: meanSquaredError,
    meanAbsoluteError,
    mae: meanAbsoluteError,
    binaryCrossentropy,
    categoricalCrossentropy,
    sparseCategoricalCrossentropy,
  }),
);

/**
 * The loss that `spec` means; a bare name has its defaults.
 *
 * @throws HeddleError for an unknown name (with the nearest one) and anything that is no loss.
 */
export function resolveLoss(spec: LossSpec): LossFunction {
  if (typeof spec === 'function') return spec;
  if (typeof spec === 'string') return builtIn(spec, {});
  if (typeof spec === 'object' && spec !== null && typeof spec.name === 'string') {
    return builtIn(spec.name, spec.config ?? {});
  }
  throw new HeddleError({
    op: 'compile',
    message: `expected a loss, got ${spec === null ? 'null' : typeof spec}`,
    roles: ['loss'],
    values: { loss: spec },
    fix: "pass losses.meanSquaredError(), a name ('meanSquaredError'), or a function of (yTrue, yPred)",
  });
}

function builtIn(name: string, config: LossConfig): LossFunction {
  const make = BUILT_IN.get(name);
  if (!make) throw unknownName('compile', 'loss', name, [...BUILT_IN.keys()]);
  return make(config as never);
}
