/** Numbers as the device stores them, and back: tensors by dtype, kernel parameters by type. */

import { type DType, deviceBytes, type HostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import type { Kernel } from '../kernels/kernel.js';

/**
 * `data` as it lies on the device, a whole number of words: bool as u32 0 or 1 (anything but 0 is 1), uint8 packed four to a
 * word and padded with 0. Returns a view of the caller's memory where nothing has to change.
 */
export function toDevice(data: HostArray, dtype: DType): ArrayBufferView {
  switch (dtype) {
    case 'float32':
      return data instanceof Float32Array ? data : Float32Array.from(data);
    case 'int32':
      return data instanceof Int32Array ? data : Int32Array.from(data);
    case 'uint32':
      return data instanceof Uint32Array ? data : Uint32Array.from(data);
    case 'bool':
      return Uint32Array.from(data, (value) => (value === 0 ? 0 : 1));
    case 'uint8': {
      if (data instanceof Uint8Array && data.length % 4 === 0) return data;
      const packed = new Uint8Array(deviceBytes([data.length], 'uint8'));
      packed.set(data);
      return packed;
    }
  }
}

/** `size` elements from the device's bytes, which start at byte `offset` (a multiple of 4) of `bytes`. Always a copy. */
export function fromDevice(bytes: ArrayBuffer, dtype: DType, size: number, offset = 0): HostArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes, offset, size).slice();
    case 'int32':
      return new Int32Array(bytes, offset, size).slice();
    case 'uint32':
      return new Uint32Array(bytes, offset, size).slice();
    case 'bool':
      return Uint8Array.from(new Uint32Array(bytes, offset, size), (value) => (value === 0 ? 0 : 1));
    case 'uint8':
      return new Uint8Array(bytes, offset, size).slice();
  }
}

/** The kernel's `Params` struct: one little-endian word per parameter, padded to the 16 bytes of a uniform. */
export function encodeParams(kernel: Kernel, params: readonly number[]): Uint8Array {
  if (params.length !== kernel.params.length) {
    throw new HeddleError({
      op: kernel.entryPoint,
      message: `${params.length} parameters for a kernel that declares ${kernel.params.length}`,
      roles: ['params'],
      values: { params, declared: kernel.params },
      fix: 'give one number for each declared parameter',
    });
  }
  const bytes = new Uint8Array(Math.max(16, Math.ceil(params.length / 4) * 16));
  const view = new DataView(bytes.buffer);
  kernel.params.forEach(({ type }, index) => {
    const value = params[index] ?? 0;
    if (type === 'f32') view.setFloat32(index * 4, value, true);
    else if (type === 'i32') view.setInt32(index * 4, value, true);
    else view.setUint32(index * 4, value, true);
  });
  return bytes;
}
