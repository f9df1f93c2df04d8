/**
 * What an initializer is: data (a name and a config, which a model's file keeps) and a function from shape and random stream to
 * numbers. It runs on the CPU, so that a seed gives the same first weights on every device.
 *
 * Names, formulas and defaults are those of Keras 3. There is no `seed` option: the model's seed gives each variable its own stream.
 */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import type { RandomStream } from '../../core/random.js';
import { type Shape, sizeOf } from '../../core/shape.js';

export type InitializerConfig = Readonly<Record<string, number | string>>;

export interface Initializer {
  /** `glorotUniform`. */
  readonly name: string;
  /** The options that make it again, defaults filled in. */
  readonly config: InitializerConfig;
  /** The first values of a variable of `shape`, row-major; `random` is drawn from in a fixed order. */
  create(shape: Shape, random: RandomStream): Float32Array<ArrayBuffer>;
}

/** The options of an initializer that has none. */
export type NoOptions = Readonly<Record<string, never>>;

export function initializer(
  name: string,
  config: InitializerConfig,
  create: (shape: Shape, random: RandomStream) => Float32Array<ArrayBuffer>,
): Initializer {
  return Object.freeze({ name, config: Object.freeze(config), create });
}

/** An initializer whose elements are drawn one by one. */
export const elementwise = (
  name: string,
  config: InitializerConfig,
  draw: (random: RandomStream, shape: Shape) => () => number,
): Initializer =>
  initializer(name, config, (shape, random) => {
    const next = draw(random, shape);
    const values = new Float32Array(sizeOf(shape));
    for (let index = 0; index < values.length; index++) values[index] = next();
    return values;
  });

/** A normal number within two standard deviations of 0, by drawing again. */
export function truncatedNormalNumber(random: RandomStream): number {
  for (;;) {
    const value = random.normal();
    if (Math.abs(value) <= 2) return value;
  }
}

/** @throws HeddleError for options that `name` does not have, the seed among them. */
export function checkOptions(name: string, options: object, valid: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !valid.includes(key));
  if (unknown !== 'seed' && valid.length > 0) rejectUnknownOptions(name, options, valid);
  else if (unknown !== undefined) {
    throw new HeddleError({
      op: name,
      message: unknown === 'seed' ? 'an initializer has no seed of its own' : `unknown option '${unknown}'`,
      roles: ['option'],
      values: { option: unknown, valid },
      fix:
        unknown === 'seed'
          ? 'give the seed to the model: sequential([...], { seed })'
          : `${name}() takes no options`,
    });
  }
}

const RANGES = {
  finite: { holds: () => true, text: 'a finite number' },
  nonNegative: { holds: (value: number) => value >= 0, text: 'a finite number ≥ 0' },
  positive: { holds: (value: number) => value > 0, text: 'a finite number > 0' },
} as const;

/** `value` where it is a finite number in `range`; throws otherwise. */
export function checkNumber(
  name: string,
  role: string,
  value: unknown,
  range: keyof typeof RANGES = 'finite',
): number {
  if (typeof value === 'number' && Number.isFinite(value) && RANGES[range].holds(value)) return value;
  throw new HeddleError({
    op: name,
    message: `${role} is ${typeof value === 'number' ? value : typeof value}`,
    roles: [role],
    values: { [role]: value },
    fix: `pass ${RANGES[range].text}`,
  });
}
