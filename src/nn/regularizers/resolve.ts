/** From what a user or a file says to a regularizer. */

import { isNamedFunction, resolveNamed } from '../named.js';
import { l1, l1l2, l2, type Regularizer, type RegularizerConfig } from './regularizer.js';

/** A name, a regularizer (an own one has `name`, `config` and `penalty`), the data of one as a file keeps it, or `null` for none. */
export type RegularizerSpec =
  | string
  | Regularizer
  | { readonly name: string; readonly config: RegularizerConfig }
  | null;

const isRegularizer = (spec: object): spec is Regularizer => isNamedFunction(spec, 'penalty');

/**
 * The regularizer that `spec` means; a bare name has its defaults.
 *
 * @param layer who asks, for the error: `dense 'hidden'`
 * @param role the option: `kernelRegularizer`
 * @throws HeddleError for an unknown name (with the nearest one), options that it does not have, and anything that is no regularizer.
 */
export const resolveRegularizer = (
  layer: string,
  role: string,
  spec: RegularizerSpec | undefined,
): Regularizer | null =>
  resolveNamed({
    layer,
    role,
    spec,
    kind: 'regularizer',
    builtIn: { l1, l2, l1l2 },
    isWhole: isRegularizer,
    example: 'regularizers.l2({ l2: 1e-4 })',
  });
