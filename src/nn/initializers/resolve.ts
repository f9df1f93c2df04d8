/**
 * From what a user or a file says to an initializer. It stands apart from the initializers, so that importing one of them does not
 * bring them all.
 */

import { HeddleError, unknownName } from '../../core/errors.js';
import { constant, identity, ones, zeros } from './constant.js';
import type { Initializer, InitializerConfig } from './initializer.js';
import { orthogonal } from './orthogonal.js';
import { randomNormal, randomUniform, truncatedNormal } from './random.js';
import {
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  varianceScaling,
} from './variance-scaling.js';

/** A name, an initializer, or the data of one as a file keeps it. */
export type InitializerSpec =
  | string
  | Initializer
  | { readonly name: string; readonly config: InitializerConfig };

/** The built-in ones. Each checks its own options, whatever it is given. */
const BUILT_IN: ReadonlyMap<string, (config: never) => Initializer> = new Map<
  string,
  (config: never) => Initializer
>(
  Object.entries({
    zeros,
    ones,
    constant,
    identity,
    randomUniform,
    randomNormal,
    truncatedNormal,
    varianceScaling,
    glorotUniform,
    glorotNormal,
    heUniform,
    heNormal,
    lecunUniform,
    lecunNormal,
    orthogonal,
  }),
);

/** Their names, as `resolveInitializer` takes them. */
export const INITIALIZER_NAMES: readonly string[] = [...BUILT_IN.keys()];

/**
 * The initializer that `spec` means; a bare name has its defaults.
 *
 * @param layer who asks, for the error: `dense 'hidden'`
 * @throws HeddleError for an unknown name (with the nearest one), options that it does not have, and anything that is no initializer.
 */
export function resolveInitializer(layer: string, spec: InitializerSpec): Initializer {
  if (typeof spec === 'string') return builtIn(layer, spec, {});
  if (typeof spec === 'object' && spec !== null && typeof spec.name === 'string') {
    if ('create' in spec && typeof spec.create === 'function') return spec;
    if (typeof spec.config === 'object' && spec.config !== null)
      return builtIn(layer, spec.name, spec.config);
  }
  throw new HeddleError({
    op: layer,
    message: `expected an initializer, got ${spec === null ? 'null' : typeof spec}`,
    roles: ['initializer'],
    values: { initializer: spec },
    fix:
      typeof spec === 'function'
        ? 'call it: initializers.glorotUniform()'
        : "pass a name ('glorotUniform'), initializers.glorotUniform(), or { name, config, create }",
  });
}

function builtIn(layer: string, name: string, config: InitializerConfig): Initializer {
  const make = BUILT_IN.get(name);
  if (!make) throw unknownName(layer, 'initializer', name, INITIALIZER_NAMES);
  return make(config as never);
}
