/** From what a user or a file says to an optimizer. */

import { HeddleError, unknownName } from '../engine/index.js';
import { adam, adamW } from './adam.js';
import type { Optimizer, OptimizerConfig } from './optimizer.js';
import { sgd } from './sgd.js';

/** An optimizer, its name, or the data of one as a file keeps it. */
export type OptimizerSpec = Optimizer | string | { readonly name: string; readonly config: OptimizerConfig };

/** Each checks its own options, whatever it is given. */
const BUILT_IN: ReadonlyMap<string, (config: never) => Optimizer> = new Map<
  string,
  (config: never) => Optimizer
>(Object.entries({ sgd, adam, adamW }));

/**
 * The optimizer that `spec` means; a bare name has its defaults.
 *
 * @throws HeddleError for an unknown name (with the nearest one) and anything that is no optimizer.
 */
export function resolveOptimizer(spec: OptimizerSpec): Optimizer {
  if (typeof spec === 'string') return builtIn(spec, {});
  if (typeof spec === 'object' && spec !== null) {
    if ('bind' in spec && typeof spec.bind === 'function') return spec;
    if (typeof spec.name === 'string' && typeof spec.config === 'object' && spec.config !== null) {
      return builtIn(spec.name, spec.config);
    }
  }
  throw new HeddleError({
    op: 'compile',
    message: `expected an optimizer, got ${spec === null ? 'null' : typeof spec}`,
    roles: ['optimizer'],
    values: { optimizer: spec },
    fix:
      typeof spec === 'function' ? 'call it: optimizers.adam()' : "pass optimizers.adam() or a name ('adam')",
  });
}

function builtIn(name: string, config: OptimizerConfig): Optimizer {
  const make = BUILT_IN.get(name);
  if (!make) throw unknownName('compile', 'optimizer', name, [...BUILT_IN.keys()]);
  return make(config as never);
}
