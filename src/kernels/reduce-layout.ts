/**
 * Where the elements of a reduction lie. Neighbouring axes of one kind (kept or reduced) merge into groups, outermost first;
 * a group's stride never depends on the outermost extent, so that strides are baked while the batch comes from parameters.
 */

import { type Shape, sizeOf } from '../core/shape.js';

export interface ReduceLayout {
  readonly groups: readonly AxisGroup[];
  /** Elements of the result. */
  readonly outputs: number;
  /** Elements that fold into one. */
  readonly extent: number;
  /** The outermost axis is reduced: the extent is a parameter. Else it is baked. */
  readonly dynamic: boolean;
  /** Neighbouring threads read neighbouring elements when they work on neighbours of the reduced extent, not on neighbouring outputs. */
  readonly reducedInnermost: boolean;
}

export interface AxisGroup {
  readonly reduced: boolean;
  readonly extent: number;
  readonly stride: number;
}

export function reduceLayout(shape: Shape, axes: readonly number[]): ReduceLayout {
  const merged: { reduced: boolean; extent: number }[] = [];
  shape.forEach((extent, axis) => {
    const reduced = axes.includes(axis);
    const last = merged.at(-1);
    if (last?.reduced === reduced) last.extent *= extent;
    else if (axis === 0 || extent !== 1) merged.push({ reduced, extent });
  });
  const groups = merged.map((group, index) => ({
    ...group,
    stride: sizeOf(merged.slice(index + 1).map((inner) => inner.extent)),
  }));
  const extent = sizeOf(groups.filter((group) => group.reduced).map((group) => group.extent));
  return {
    groups,
    outputs: sizeOf(shape) / extent,
    extent,
    dynamic: groups[0]?.reduced ?? false,
    reducedInnermost: groups.at(-1)?.reduced ?? true,
  };
}

/**
 * WGSL of `EXTENT`, `base_of(output)` (the element where an output's elements begin) and `offset_of(r)` (how far its r-th
 * lies from there), and a key for them. Loops bounded by a constant compile better, so EXTENT is one wherever it can be.
 */
export function layoutCode({ groups, extent, dynamic }: ReduceLayout): { key: string; code: string } {
  const base = offsetExpression(groups, false, 'output');
  const offset = offsetExpression(groups, true, 'r');
  const bound = extentCode(dynamic ? null : extent);
  return {
    key: `${dynamic ? 'n' : extent};${base};${offset}`,
    code: [bound, ...offsetFunctions(base, offset)].join('\n'),
  };
}

/** `EXTENT` as a constant, or read from `params.extent` where it is `null`. */
export function extentCode(extent: number | null): string {
  return extent === null
    ? 'var<private> EXTENT: u32;\nfn read_extent() { EXTENT = params.extent; }'
    : `const EXTENT = ${extent}u;\nfn read_extent() {}`;
}

export function offsetFunctions(base: string, offset: string): string[] {
  return [
    `fn base_of(output: u32) -> u32 { return ${base}; }`,
    `fn offset_of(r: u32) -> u32 { return ${offset}; }`,
  ];
}

/** Σ coordinate·stride over the groups of one kind, as a WGSL expression over the linear index `name` among them. */
function offsetExpression(groups: readonly AxisGroup[], reduced: boolean, name: string): string {
  const own = groups.filter((group) => group.reduced === reduced);
  const terms = own.map((group, index) => {
    const inner = sizeOf(own.slice(index + 1).map((one) => one.extent));
    const divided = inner === 1 ? name : `${name} / ${inner}u`;
    const coordinate = index === 0 ? divided : `${divided} % ${group.extent}u`;
    return group.stride === 1 ? `(${coordinate})` : `(${coordinate}) * ${group.stride}u`;
  });
  return terms.length > 0 ? terms.join(' + ') : '0u';
}
