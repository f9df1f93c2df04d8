import { describe, expect, it } from 'vitest';
import { DTYPES, type DType, deviceBytes, hostArray } from '../../src/core/dtype.js';
import { HeddleError } from '../../src/core/errors.js';
import { encodeParams, fromDevice, toDevice } from '../../src/runtime/encoding.js';
import { layOutParams } from '../../src/runtime/program.js';
import { arenaRef, dispatch, mapKernel, placed } from '../kit/runtime-plans.js';

const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

const kernel = mapKernel('k', [['v', 'inout', 'f32']], 'v[i] = params.a;', [
  { name: 'b', type: 'i32' },
  { name: 'a', type: 'f32' },
]);

describe('tensors on their way to the device and back', () => {
  it.each(DTYPES)('%s survives, at every length around a word', (dtype: DType) => {
    for (const size of [0, 1, 3, 4, 5]) {
      const data = hostArray(dtype, size).map((_, index) => (dtype === 'bool' ? index % 2 : index + 1));
      const bytes = bytesOf(toDevice(data, dtype));
      expect(bytes.length).toBe(deviceBytes([size], dtype));
      expect(fromDevice(bytes.buffer as ArrayBuffer, dtype, size)).toEqual(data);
    }
  });

  it('stores bool as words of 0 and 1, whatever the byte', () => {
    expect(toDevice(Uint8Array.of(0, 1, 255), 'bool')).toEqual(Uint32Array.of(0, 1, 1));
    expect(fromDevice(Uint32Array.of(0, 7).buffer, 'bool', 2)).toEqual(Uint8Array.of(0, 1));
  });

  it('packs uint8 four to a word, padded with 0', () => {
    expect(bytesOf(toDevice(Uint8Array.of(1, 2, 3, 4, 5), 'uint8'))).toEqual(
      Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0),
    );
  });

  it('sends a view as its own range, without a copy where nothing changes', () => {
    const part = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(toDevice(part, 'float32')).toBe(part);
    expect(toDevice(Float64Array.of(0.1), 'float32')).toEqual(Float32Array.of(0.1));
  });

  it('reads at an offset', () => {
    expect(fromDevice(Int32Array.of(9, -1, 2).buffer, 'int32', 2, 4)).toEqual(Int32Array.of(-1, 2));
  });
});

describe('kernel parameters', () => {
  it('are little-endian words by type, padded to a uniform of 16 bytes', () => {
    const view = new DataView(encodeParams(kernel, [4_000_000_000, -2, 0.5]).buffer);
    expect(view.byteLength).toBe(16);
    expect([view.getUint32(0, true), view.getInt32(4, true), view.getFloat32(8, true)]).toEqual([
      4_000_000_000, -2, 0.5,
    ]);
  });

  it('must match the declaration in number', () => {
    expect(() => encodeParams(kernel, [1])).toThrowError(HeddleError);
    expect(() => encodeParams(kernel, [1])).toThrowError('k: 1 parameters for a kernel that declares 3');
  });

  it('share a slot where equal, and stand at multiples of 256 where not', () => {
    const v = placed([4], 'float32', arenaRef(0));
    const uses = [
      [1, 2],
      [3, 4],
      [1, 2],
    ].map((params) => dispatch(kernel, 4, [v], params));
    const { offsets, block } = layOutParams(uses);
    expect(offsets).toEqual([0, 256, 0]);
    expect(block.length).toBe(272);
    expect(new DataView(block.buffer).getInt32(260, true)).toBe(3);
  });
});
