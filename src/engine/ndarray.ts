/** A tensor on the host, as the public API hands it out and takes it in. */

import { type DType, type HostArray, hostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { type Shape, showShape, sizeOf } from '../core/shape.js';
import type { HostTensor } from '../ir/graph.js';

/** Numbers nested as deep as the tensor's rank; a plain number for a scalar. */
export type Nested = number | readonly Nested[];

/** A typed array, nested arrays, or a typed array that carries its shape. */
export type ArrayLike = HostArray | Nested | readonly boolean[] | ShapedArray;

/** A typed array with its shape; `dtype` defaults to the array's own. */
export interface ShapedArray {
  readonly data: HostArray;
  readonly shape: Shape;
  readonly dtype?: DType;
}

/** A host array with its shape: what `data()`, `predict` and `run` resolve to. */
export class NDArray implements HostTensor {
  constructor(
    readonly data: HostArray,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {}

  /** The only element. Throws unless there is exactly one. */
  item(): number {
    const [value] = this.data;
    if (this.data.length === 1 && value !== undefined) return value;
    throw new HeddleError({
      op: 'item',
      message: `the array has ${this.data.length} elements, shape ${showShape(this.shape)}`,
      roles: ['shape'],
      values: { shape: this.shape },
      fix: 'item() is for arrays of one element; use .data or .array()',
    });
  }

  /** Nested arrays, one level for each dimension; a number for a scalar. */
  array(): Nested {
    let level: Nested[] = Array.from(this.data);
    for (let axis = this.shape.length - 1; axis > 0; axis--) {
      const extent = this.shape[axis] ?? 1;
      const rows = sizeOf(this.shape.slice(0, axis));
      level = Array.from({ length: rows }, (_, row) => level.slice(row * extent, (row + 1) * extent));
    }
    return this.shape.length === 0 ? (level[0] ?? 0) : level;
  }
}

/**
 * Any accepted form as a host tensor.
 * - A typed array gives its own dtype: Float32Array and Float64Array `float32`, Int32Array `int32`, Uint32Array `uint32`, Uint8Array `uint8`; its shape
 *   is `[length]` unless `shape` says otherwise.
 * - Nested arrays of numbers give `float32`, of booleans `bool`, unless `dtype` says otherwise.
 *
 * @throws HeddleError where rows differ in length, or the shape does not hold the data.
 */
export function toHostTensor(
  source: ArrayLike,
  options: { op: string; role: string; shape?: Shape; dtype?: DType },
): HostTensor {
  const { op, role } = options;
  const given = fromAnyForm(source, op, role);
  const shape = options.shape ?? given.shape;
  if (sizeOf(shape) !== given.data.length) {
    throw new HeddleError({
      op,
      message: `${role} has ${given.data.length} elements, shape ${showShape(shape)} holds ${sizeOf(shape)}`,
      roles: [role, 'shape'],
      values: { length: given.data.length, shape },
      fix: 'make the product of the shape equal to the number of elements',
    });
  }
  return { ...convert(given, options.dtype ?? given.dtype, op, role), shape: Object.freeze([...shape]) };
}

function fromAnyForm(source: ArrayLike, op: string, role: string): HostTensor {
  if (isShaped(source)) {
    const { data, shape, dtype = dtypeOfArray(data, op, role) } = source;
    return { data, shape, dtype };
  }
  if (ArrayBuffer.isView(source))
    return { data: source, shape: [source.length], dtype: dtypeOfArray(source, op, role) };
  const shape: number[] = [];
  for (let level: unknown = source; Array.isArray(level); level = level[0]) shape.push(level.length);
  const numbers: number[] = [];
  const booleans = flatten(source as Nested | readonly boolean[], shape, 0, numbers, [], op, role);
  const dtype = booleans ? 'bool' : 'float32';
  return { data: hostArrayFrom(dtype, numbers), shape, dtype };
}

const isShaped = (source: ArrayLike): source is ShapedArray =>
  typeof source === 'object' && 'data' in source && 'shape' in source;

function dtypeOfArray(data: HostArray, op: string, role: string): DType {
  if (data instanceof Float32Array || data instanceof Float64Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint32Array) return 'uint32';
  if (data instanceof Uint8Array || (data as unknown) instanceof Uint8ClampedArray) return 'uint8';
  throw new HeddleError({
    op,
    message: `${role} is a ${(data as object).constructor.name}`,
    roles: [role],
    values: { type: (data as object).constructor.name },
    fix: 'pass a Float32Array, Float64Array, Int32Array, Uint32Array or Uint8Array',
  });
}

/** Appends all numbers below `level`; true where they were booleans. */
function flatten(
  level: unknown,
  shape: Shape,
  depth: number,
  into: number[],
  path: readonly number[],
  op: string,
  role: string,
): boolean {
  const extent = shape[depth];
  if (extent === undefined) {
    if (typeof level === 'number') into.push(level);
    else if (typeof level === 'boolean') into.push(level ? 1 : 0);
    else throw notANumber(level, path, op, role);
    return typeof level === 'boolean';
  }
  if (!Array.isArray(level) || level.length !== extent) throw ragged(level, extent, path, op, role);
  let booleans = false;
  for (let index = 0; index < extent; index++) {
    booleans = flatten(level[index], shape, depth + 1, into, [...path, index], op, role) || booleans;
  }
  return booleans;
}

function ragged(
  level: unknown,
  extent: number,
  path: readonly number[],
  op: string,
  role: string,
): HeddleError {
  const found = Array.isArray(level) ? level.length : typeof level;
  return new HeddleError({
    op,
    message: `${role} is ragged: ${role}[${path.join('][')}] has ${found} entries where its first sibling has ${extent}`,
    roles: [role],
    values: { index: path, expected: extent, actual: found },
    fix: 'give every row the same length (pad the short ones)',
  });
}

function notANumber(value: unknown, path: readonly number[], op: string, role: string): HeddleError {
  const at = path.length > 0 ? `${role}[${path.join('][')}]` : role;
  return new HeddleError({
    op,
    message: `${at} is ${value === null ? 'null' : typeof value === 'string' ? `'${value}'` : typeof value}, not a number`,
    roles: [role],
    values: { index: path, value },
    fix: 'pass numbers, typed arrays, nested arrays of numbers, or { data, shape, dtype }',
  });
}

function hostArrayFrom(dtype: DType, numbers: readonly number[]): HostArray {
  const data = hostArray(dtype, numbers.length);
  data.set(numbers as readonly number[]);
  return data;
}

/** `tensor` as `dtype` on the host: integers must stay integers. */
function convert(tensor: HostTensor, dtype: DType, op: string, role: string): HostTensor {
  const doubles = tensor.data instanceof Float64Array;
  if (tensor.dtype === dtype && !doubles) return tensor;
  const data = hostArrayFrom(dtype, tensor.data as unknown as readonly number[]);
  if (dtype !== 'float32') {
    const at = data.findIndex((value, index) => value !== tensor.data[index]);
    if (at >= 0) {
      throw new HeddleError({
        op,
        message: `${role} has ${tensor.data[at]} at element ${at}, which ${dtype} cannot hold`,
        roles: [role],
        values: { index: at, value: tensor.data[at], dtype },
        fix: `pass whole numbers in the range of ${dtype}, or another dtype`,
      });
    }
  }
  return { data, shape: tensor.shape, dtype };
}
