/**
 * A convolution's extents. The convolution, the gradient to its input and the gradient to its filter are sums over the same
 * products; what differs is which of the three tensors is the result, so that one description serves them all.
 *
 *   x [N, H, W, C],  filter [R, S, C / groups, K],  y [N, P, Q, K]
 */

import { HeddleError } from '../../core/errors.js';
import { type Shape, sameShape, showShape, sizeOf } from '../../core/shape.js';
import type { TensorType } from '../../ir/graph.js';
import { outputSize, type Pair, type Window } from './geometry.js';

export interface ConvAttrs extends Window {
  readonly groups: number;
}

export interface InputGradientAttrs extends ConvAttrs {
  /** [H, W], which dy alone does not tell where the stride exceeds 1. */
  readonly size: Pair;
}

export interface FilterGradientAttrs extends ConvAttrs {
  /** [R, S]. */
  readonly kernel: Pair;
}

export interface ConvShape extends ConvAttrs {
  readonly batch: number;
  /** [H, W]. */
  readonly input: Pair;
  readonly channels: number;
  /** [R, S]. */
  readonly kernel: Pair;
  /** [P, Q]. */
  readonly output: Pair;
  readonly filters: number;
}

export const inputShape = ({ batch, input, channels }: ConvShape): Shape => [batch, ...input, channels];
export const outputShape = ({ batch, output, filters }: ConvShape): Shape => [batch, ...output, filters];
export const filterShape = ({ kernel, channels, groups, filters }: ConvShape): Shape => [
  ...kernel,
  channels / groups,
  filters,
];

/** Of the products that all three are sums over, those with padding included. */
export const convFlops = (shape: ConvShape): number =>
  2 * sizeOf(outputShape(shape)) * sizeOf(filterShape(shape).slice(0, 3));

/** Of `conv2d(x, filter)`. */
export function convShape(op: string, [x, filter]: readonly TensorType[], attrs: ConvAttrs): ConvShape {
  const [batch, height, width, channels] = image(op, 'input', x);
  const [r, s, perGroup, filters] = kernels(op, filter);
  const both = `input ${showShape(x?.shape ?? [])} (NHWC), filter ${showShape(filter?.shape ?? [])} (HWIO)`;
  const values = { input: x?.shape, filter: filter?.shape, groups: attrs.groups };
  checkGroups(op, channels, filters, attrs.groups, both, values);
  if (channels !== perGroup * attrs.groups) {
    const expected = attrs.groups === 1 ? perGroup : `${perGroup} × ${attrs.groups} groups`;
    throw new HeddleError({
      op,
      message: `input has ${channels} channels, filter expects ${expected}`,
      roles: ['input', 'filter'],
      values,
      fix: `${both}: make these equal`,
    });
  }
  const input: Pair = [height, width];
  const kernel: Pair = [r, s];
  const output = outputSize(op, input, kernel, attrs);
  return { ...windowOf(attrs), batch, input, channels, kernel, output, filters };
}

/** Of `conv2dInputGradient(dy, filter)`. */
export function inputGradientShape(
  op: string,
  [dy, filter]: readonly TensorType[],
  attrs: InputGradientAttrs,
): ConvShape {
  const [batch, p, q, filters] = image(op, 'input', dy);
  const [r, s, perGroup, expected] = kernels(op, filter);
  const both = `input ${showShape(dy?.shape ?? [])} (NHWC), filter ${showShape(filter?.shape ?? [])} (height, width, out, in)`;
  const values = { input: dy?.shape, filter: filter?.shape, groups: attrs.groups };
  if (filters !== expected) {
    throw new HeddleError({
      op,
      message: `input has ${filters} channels, filter expects ${expected}`,
      roles: ['input', 'filter'],
      values,
      fix: `${both}: make these equal`,
    });
  }
  const channels = perGroup * attrs.groups;
  checkGroups(op, channels, filters, attrs.groups, both, values);
  const kernel: Pair = [r, s];
  const output = outputSize(op, attrs.size, kernel, attrs);
  requireOutput(op, [p, q], output, attrs);
  return { ...windowOf(attrs), batch, input: attrs.size, channels, kernel, output, filters };
}

/** Of `conv2dFilterGradient(x, dy)`. */
export function filterGradientShape(
  op: string,
  [x, dy]: readonly TensorType[],
  attrs: FilterGradientAttrs,
): ConvShape {
  const [batch, height, width, channels] = image(op, 'input', x);
  const [batchOfDy, p, q, filters] = image(op, 'dy', dy);
  const both = `input ${showShape(x?.shape ?? [])}, dy ${showShape(dy?.shape ?? [])} (NHWC)`;
  const values = { input: x?.shape, dy: dy?.shape, groups: attrs.groups };
  checkGroups(op, channels, filters, attrs.groups, both, values);
  if (batch !== batchOfDy) {
    throw new HeddleError({
      op,
      message: `input has ${batch} images, dy has ${batchOfDy}`,
      roles: ['input', 'dy'],
      values,
      fix: `${both}: make these equal`,
    });
  }
  const input: Pair = [height, width];
  const output = outputSize(op, input, attrs.kernel, attrs);
  requireOutput(op, [p, q], output, { ...attrs, size: input });
  return { ...windowOf(attrs), batch, input, channels, kernel: attrs.kernel, output, filters };
}

const windowOf = ({ strides, dilations, padding, groups }: ConvAttrs): ConvAttrs => ({
  strides,
  dilations,
  padding,
  groups,
});

export const IMAGES = 'images are [batch, height, width, channels]';

function image(
  op: string,
  role: string,
  tensor: TensorType | undefined,
): readonly [number, number, number, number] {
  return fourExtents(op, role, tensor, IMAGES);
}

function kernels(op: string, tensor: TensorType | undefined): readonly [number, number, number, number] {
  const layout = 'filters are [height, width, channels per group, filters]';
  const found = fourExtents(op, 'filter', tensor, layout);
  if (found[0] > 0 && found[1] > 0) return found;
  throw new HeddleError({
    op,
    message: `filter ${showShape(found)} covers no cell`,
    roles: ['filter'],
    values: { filter: found },
    fix: `${layout}: make height and width at least 1`,
  });
}

/** The extents of a float32 tensor of rank 4, which `layout` names. Throws for any other. */
export function fourExtents(
  op: string,
  role: string,
  tensor: TensorType | undefined,
  layout: string,
): readonly [number, number, number, number] {
  const [a, b, c, d, ...more] = tensor?.shape ?? [];
  if (a === undefined || b === undefined || c === undefined || d === undefined || more.length > 0) {
    throw new HeddleError({
      op,
      message: `${role} ${showShape(tensor?.shape ?? [])} has rank ${tensor?.shape.length ?? 0}, not 4`,
      roles: [role],
      values: { [role]: tensor?.shape },
      fix: `${layout}; reshape() adds dimensions of 1`,
    });
  }
  if (tensor?.dtype !== 'float32') {
    throw new HeddleError({
      op,
      message: `cannot convolve ${tensor?.dtype}`,
      roles: [role],
      values: { [role]: tensor?.dtype },
      fix: `cast(${role}, 'float32') first`,
    });
  }
  return [a, b, c, d];
}

function checkGroups(
  op: string,
  channels: number,
  filters: number,
  groups: number,
  both: string,
  values: Readonly<Record<string, unknown>>,
): void {
  const whole = Number.isInteger(groups) && groups >= 1;
  if (whole && channels % groups === 0 && filters % groups === 0) return;
  throw new HeddleError({
    op,
    message: whole
      ? `${groups} groups do not divide ${channels % groups ? `${channels} channels` : `${filters} filters`}`
      : `groups is ${groups}`,
    roles: ['groups'],
    values,
    fix: `${both}: use a whole number of groups that divides the channels of both`,
  });
}

/** dy must be as large as the convolution's result. */
function requireOutput(op: string, found: Pair, expected: Pair, attrs: InputGradientAttrs): void {
  if (sameShape(found, expected)) return;
  throw new HeddleError({
    op,
    message: `an image of ${showShape(attrs.size)} gives ${showShape(expected)} places, not ${showShape(found)}`,
    roles: ['input', 'size'],
    values: { found, expected, ...attrs },
    fix: 'make outputPadding smaller than the stride',
  });
}
