/** What kernels share that give each invocation a few elements of one linear range. */

import { sizeOf } from '../core/shape.js';
import { requireIndexable } from './attachment.js';
import { foldWorkgroups, type ParamDecl } from './kernel.js';

/** Invocations of a workgroup in every such kernel. */
export const LANES = 64;

/** Workgroups for all elements of `shape`, `perLane` of them to an invocation. Throws where an index would not fit 32 bits. */
export function elementWorkgroups(
  op: string,
  shape: readonly number[],
  perLane = 1,
): [number, number, number] {
  requireIndexable(op, shape);
  return foldWorkgroups(Math.ceil(sizeOf(shape) / (LANES * perLane)));
}

/** Parameters that are all counts. */
export const counts = (names: readonly string[]): ParamDecl[] => names.map((name) => ({ name, type: 'u32' }));

/** What kernels that only move data store an element in: a word, or four where `wide`. */
export const wordAlias = (wide: boolean): string => `alias elem = ${wide ? 'vec4<u32>' : 'u32'};`;
