/** Images and filters as jax-js has them: channels, and filters, first. */

import { type Op, type OperandData, type OpTask, type Shape, sizeOf } from '../ops/task.js';

/** Which axis of ours stands where. */
export type Layout = readonly [number, number, number, number];

/** NHWC → NCHW. */
export const CHANNELS_FIRST: Layout = [0, 3, 1, 2];
/** HWIO → OIHW. */
export const FILTERS_FIRST: Layout = [3, 2, 0, 1];

export const operandLayouts = ({ op, operands }: OpTask): (Layout | null)[] =>
  operands.map(({ shape }, index) =>
    layoutOf(op, shape, op.kind === 'convolution' && op.part !== 'filter-gradient' && index === 1),
  );

export const resultLayouts = ({ op, results }: OpTask): (Layout | null)[] =>
  results.map((shape) => layoutOf(op, shape, op.kind === 'convolution' && op.part === 'filter-gradient'));

function layoutOf({ kind }: Op, { length }: Shape, isFilter: boolean): Layout | null {
  const hasImages = kind === 'convolution' || kind === 'pool' || kind === 'normalisation';
  if (!hasImages || length !== 4) return null;
  return isFilter ? FILTERS_FIRST : CHANNELS_FIRST;
}

export const turnedShape = (shape: Shape, layout: Layout | null): number[] =>
  layout ? layout.map((axis) => shape[axis] ?? 1) : [...shape];

/** Where element `place` of `shape` lies in the turned one. */
export function turnedPlaces(shape: Shape, layout: Layout | null): (place: number) => number {
  if (!layout) return (place) => place;
  const ours = stridesOf(shape);
  const theirs = stridesOf(turnedShape(shape, layout));
  return (place) =>
    layout.reduce((sum, axis, at) => {
      const coordinate = Math.floor(place / (ours[axis] ?? 1)) % (shape[axis] ?? 1);
      return sum + coordinate * (theirs[at] ?? 1);
    }, 0);
}

export function turnedData(data: OperandData, shape: Shape, layout: Layout | null): OperandData {
  if (!layout) return data;
  const turned = data.slice();
  const to = turnedPlaces(shape, layout);
  for (const [place, value] of data.entries()) turned[to(place)] = value;
  return turned;
}

const stridesOf = (shape: Shape): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
