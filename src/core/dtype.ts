/** Element types, and how each is stored on the host and on the device. */

import type { Shape } from './shape.js';
import { sizeOf } from './shape.js';

/**
 * - `float32`, `int32`, `uint32`: four bytes.
 * - `bool`: one `u32` of 0 or 1 on the device, a byte of 0 or 1 on the host.
 * - `uint8`: data only, packed four to a word on the device; `cast` and `nextBatch` turn it into numbers.
 */
export type DType = 'float32' | 'int32' | 'uint32' | 'bool' | 'uint8';

export const DTYPES: readonly DType[] = ['float32', 'int32', 'uint32', 'bool', 'uint8'];

/** Host storage. `Float64Array` holds `float32` tensors while the reference works in double precision. */
export type HostArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The WGSL scalar that stores one element (`uint8` is read a word at a time). */
export const WGSL_TYPE: Readonly<Record<DType, 'f32' | 'i32' | 'u32'>> = {
  float32: 'f32',
  int32: 'i32',
  uint32: 'u32',
  bool: 'u32',
  uint8: 'u32',
};

export const isFloat = (dtype: DType): boolean => dtype === 'float32';

/** Bytes of a tensor on the device, a whole number of words. */
export function deviceBytes(shape: Shape, dtype: DType): number {
  const size = sizeOf(shape);
  return dtype === 'uint8' ? Math.ceil(size / 4) * 4 : size * 4;
}

/** A zeroed host array for `size` elements; `double` asks for the reference's float64 storage. */
export function hostArray(dtype: DType, size: number, double = false): HostArray {
  switch (dtype) {
    case 'float32':
      return double ? new Float64Array(size) : new Float32Array(size);
    case 'int32':
      return new Int32Array(size);
    case 'uint32':
      return new Uint32Array(size);
    case 'bool':
    case 'uint8':
      return new Uint8Array(size);
  }
}
