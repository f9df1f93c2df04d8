/** How layers take an option that is a name, an object with a function, or the data of one as a file keeps it. */

import { HeddleError, unknownName } from '../engine/index.js';

/** Whether `spec` has a name and, under `method`, a function. */
export const isNamedFunction = (spec: object, method: string): boolean =>
  'name' in spec &&
  typeof spec.name === 'string' &&
  typeof (spec as Record<string, unknown>)[method] === 'function';

interface NamedRequest<T> {
  /** Who asks, for errors: `dense 'hidden'`. */
  readonly layer: string;
  /** The option. */
  readonly role: string;
  readonly spec: unknown;
  /** What the option holds, in words. */
  readonly kind: string;
  /** Each checks its own options, whatever it is given. */
  readonly builtIn: Readonly<Record<string, (config: never) => T>>;
  readonly isWhole: (spec: object) => spec is T & object;
  /** How one is made, for errors. */
  readonly example: string;
}

/**
 * What `spec` means; `null` for `null` and `undefined`.
 *
 * @throws HeddleError for an unknown name (with the nearest one), options that it does not have, and anything else.
 */
export function resolveNamed<T>({
  layer,
  role,
  spec,
  kind,
  builtIn,
  isWhole,
  example,
}: NamedRequest<T>): T | null {
  if (spec === null || spec === undefined) return null;
  const make = (name: string, config: object): T => {
    const known = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
    if (!known) throw unknownName(layer, kind, name, Object.keys(builtIn));
    return known(config as never);
  };
  if (typeof spec === 'string') return make(spec, {});
  if (typeof spec === 'object') {
    if (isWhole(spec)) return spec;
    const { name, config } = spec as { readonly name?: unknown; readonly config?: unknown };
    if (typeof name === 'string' && typeof config === 'object' && config !== null) return make(name, config);
  }
  throw new HeddleError({
    op: layer,
    message: `${role} is ${typeof spec}, not a ${kind}`,
    roles: [role],
    values: { [role]: spec },
    fix: typeof spec === 'function' ? `call it: ${example}` : `pass a name or ${example}`,
  });
}
