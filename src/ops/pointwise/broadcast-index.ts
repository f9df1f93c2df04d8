/**
 * Where a broadcast operand's element lies, as a WGSL expression of the result's linear index. Inner extents are written as
 * literals, so that divisions are by constants; the outermost extent never appears, so that a new batch size needs no new
 * shader.
 */

import { type Shape, stridesOf } from '../../core/shape.js';

/** A run of dimensions that an operand walks with one stride; 0 where it is broadcast. */
interface Group {
  readonly extent: number;
  readonly stride: number;
}

/**
 * The operand's stride along each dimension of `result`, 0 where it is broadcast. An outermost extent of 1 on both sides counts
 * as walked, so that batch 1 has the code of every other batch.
 */
export function broadcastStrides(operand: Shape, result: Shape): number[] {
  const lead = result.length - operand.length;
  const strides = stridesOf(operand);
  return result.map((extent, axis) => {
    const own = operand[axis - lead];
    return own === undefined || own !== extent ? 0 : (strides[axis - lead] ?? 0);
  });
}

/** Terms of the operand's index for the linear index `at` over dimensions `extents`; `outer` if they hold the outermost one. */
export function indexTerms(at: string, extents: Shape, strides: readonly number[], outer: boolean): string[] {
  const groups = collapse(extents, strides, outer);
  const terms: string[] = [];
  let inner = 1;
  for (let group = groups.length - 1; group >= 0; group--) {
    const { extent, stride } = groups[group] as Group;
    if (stride !== 0) {
      const above = inner === 1 ? at : `(${at} / ${inner}u)`;
      const position = group === 0 ? above : `(${above} % ${extent}u)`;
      terms.unshift(stride === 1 ? position : `${position} * ${stride}u`);
    }
    inner *= extent;
  }
  return terms;
}

/**
 * How four neighbours of the result, from a multiple of 4, lie in the operand: `walk` (four neighbours too), `stay` (one
 * element for all four) or `scatter`.
 */
export function fourNeighbours(shape: Shape, strides: readonly number[]): 'walk' | 'stay' | 'scatter' {
  const groups = collapse(shape, strides, true);
  const last = groups.at(-1);
  if (!last) return 'stay';
  if (groups.length > 1 && last.extent % 4 !== 0) return 'scatter';
  return last.stride === 0 ? 'stay' : 'walk';
}

/** The sum of `terms`, or zero where there are none. */
export const sumTerms = (terms: readonly string[]): string => terms.join(' + ') || '0u';

/** Merges neighbours that one stride walks, and drops inner extents of 1. */
function collapse(extents: Shape, strides: readonly number[], outer: boolean): Group[] {
  const groups: Group[] = [];
  extents.forEach((extent, axis) => {
    const stride = strides[axis] ?? 0;
    if (extent === 1 && !(outer && axis === 0)) return;
    const last = groups.at(-1);
    if (last && last.stride === stride * extent) {
      groups[groups.length - 1] = { extent: last.extent * extent, stride };
    } else {
      groups.push({ extent, stride });
    }
  });
  return groups;
}
