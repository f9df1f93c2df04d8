/** Shapes with free extents: what layers know before data comes. The batch dimension is first and `null`. */

import type { FreeShape } from '../data/spec.js';
import { HeddleError } from '../engine/index.js';

export type { FreeShape } from '../data/spec.js';

/** `[any,28,28]`. */
export const showFree = (shape: FreeShape): string => `[${shape.map((extent) => extent ?? 'any').join(',')}]`;

/** Whether `shape`, which may have free extents itself, can be what `expected` says. */
export const fitsFree = (shape: FreeShape, expected: FreeShape): boolean =>
  shape.length === expected.length &&
  shape.every((extent, axis) => extent === null || expected[axis] === null || extent === expected[axis]);

/** The product of all extents; `null` where one is free. */
export function sizeOfFree(shape: FreeShape): number | null {
  let size: number | null = 1;
  for (const extent of shape) size = size === null || extent === null ? null : size * extent;
  return size;
}

/** `shape` (without batch) where it is a list of positive integers and `null`s; throws otherwise. */
export function checkedShape(op: string, role: string, shape: unknown): FreeShape {
  const valid = (extent: unknown): boolean =>
    extent === null || (typeof extent === 'number' && Number.isInteger(extent) && extent > 0);
  if (Array.isArray(shape) && shape.every(valid)) return Object.freeze([...(shape as (number | null)[])]);
  throw new HeddleError({
    op,
    message: `${role} is ${Array.isArray(shape) ? `[${shape.join(',')}]` : typeof shape}`,
    roles: [role],
    values: { [role]: shape },
    fix: `pass the shape of one example, without the batch: ${role}: [784]; null for extents that vary`,
  });
}

/** The only one of `inputs`; throws where a layer gets another number. */
export function onlyShape(label: string, inputs: readonly FreeShape[]): FreeShape {
  const [shape] = inputs;
  if (shape && inputs.length === 1) return shape;
  throw new HeddleError({
    op: label,
    message: `takes 1 input, got ${inputs.length}`,
    roles: ['inputs'],
    values: { inputs: inputs.length },
    fix: 'apply it to one tensor',
  });
}
