/** Options of layers that look at images through windows: pairs of numbers, padding, and the extents that come of them. */

import { HeddleError } from '../engine/index.js';
import { type FreeShape, onlyShape, showFree } from './shapes.js';

/** [height, width]. */
export type Pair = readonly [number, number];
/** [[top, bottom], [left, right]]. */
export type Sides = readonly [Pair, Pair];

const refused = (label: string, role: string, value: unknown, fix: string): HeddleError =>
  new HeddleError({
    op: label,
    message: `${role} is ${JSON.stringify(value)}`,
    roles: [role],
    values: { [role]: value },
    fix,
  });

const isWhole = (value: unknown, least: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least;

const isPair = (value: unknown, least: number): value is Pair =>
  Array.isArray(value) && value.length === 2 && value.every((one) => isWhole(one, least));

/** One number or [height, width], integers from `least` on; throws otherwise. */
export function checkedPair(label: string, role: string, value: unknown, least = 1): Pair {
  if (isWhole(value, least)) return [value, value];
  if (isPair(value, least)) return value;
  throw refused(label, role, value, `give an integer ≥ ${least}, or two of them as [height, width]`);
}

/** One number, [vertical, horizontal] or [[top, bottom], [left, right]], integers ≥ 0; throws otherwise. */
export function checkedSides(label: string, role: string, value: unknown): Sides {
  if (isWhole(value, 0)) {
    return [
      [value, value],
      [value, value],
    ];
  }
  if (isPair(value, 0)) {
    return [
      [value[0], value[0]],
      [value[1], value[1]],
    ];
  }
  if (Array.isArray(value) && value.length === 2 && value.every((one) => isPair(one, 0)))
    return value as never;
  throw refused(
    label,
    role,
    value,
    'give an integer ≥ 0, [vertical, horizontal], or [[top, bottom], [left, right]]',
  );
}

/** Of a sequence: one number for both ends or [before, after], integers ≥ 0; throws otherwise. */
export function checkedEnds(label: string, padding: unknown): 'valid' | 'same' | Pair {
  if (padding === 'valid' || padding === 'same') return padding;
  if (isWhole(padding, 0)) return [padding, padding];
  if (isPair(padding, 0)) return padding;
  throw refused(label, 'padding', padding, "use 'valid', 'same', an integer ≥ 0, or [before, after]");
}

/** The only input's shape where it has this rank, batch and channels included; throws otherwise. */
export function imageShape(label: string, inputs: readonly FreeShape[], rank = 4): FreeShape {
  const shape = onlyShape(label, inputs);
  if (shape.length === rank) return shape;
  throw new HeddleError({
    op: label,
    message: `input ${showFree(shape)} has rank ${shape.length}, not ${rank}`,
    roles: ['input'],
    values: { input: shape },
    fix:
      rank === 4
        ? 'give it images [batch, height, width, channels]'
        : 'give it sequences [batch, length, channels]',
  });
}
