/** The safetensors container: what goes in comes out bit for bit, and the layout is the format's. */

import { describe, expect, it } from 'vitest';
import { parse, serialize } from '../../src/formats/safetensors.js';
import type { HostTensor } from '../../src/ir/graph.js';
import { failure } from '../kit/failure.js';
import { fileOf } from '../kit/safetensors-file.js';

const float = (...values: number[]): HostTensor => ({
  data: Float32Array.from(values),
  shape: [values.length],
  dtype: 'float32',
});

const bits = (tensor: HostTensor | undefined): number[] => {
  if (!tensor) throw new Error('the tensor is missing');
  const { buffer, byteOffset, byteLength } = tensor.data;
  return [...new Uint8Array(buffer, byteOffset, byteLength)];
};

describe('serialize and parse', () => {
  it('round trip every dtype, rank and size', () => {
    const tensors = new Map<string, HostTensor>([
      ['dense/kernel', { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3], dtype: 'float32' }],
      ['scalar', { data: Float32Array.of(0.1), shape: [], dtype: 'float32' }],
      ['empty', { data: new Float32Array(0), shape: [3, 0], dtype: 'float32' }],
      ['i', { data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1), shape: [2, 1], dtype: 'int32' }],
      ['u', { data: Uint32Array.of(2 ** 32 - 1), shape: [1], dtype: 'uint32' }],
      ['u8', { data: Uint8Array.of(0, 128, 255), shape: [3], dtype: 'uint8' }],
      ['mask', { data: Uint8Array.of(1, 0, 1, 1, 0), shape: [5], dtype: 'bool' }],
      ['Größe "quoted" \\ \n 0', float(7)],
      ['0', float(8)],
    ]);
    const metadata = { heddle: '{"layers":[]}', leer: '', ключ: '値' };
    const read = parse(serialize(tensors, metadata));
    expect(new Set(read.tensors.keys())).toEqual(new Set(tensors.keys()));
    for (const [name, tensor] of tensors) {
      expect(read.tensors.get(name), name).toEqual({ ...tensor });
    }
    expect({ ...read.metadata }).toEqual(metadata);
  });

  it('keep NaN payloads, infinities, −0 and subnormals bit for bit', () => {
    const words = Uint32Array.of(0x7fc00001, 0xffc12345, 0x7f800001, 0x7f800000, 0x80000000, 1);
    const tensor: HostTensor = { data: new Float32Array(words.buffer), shape: [6], dtype: 'float32' };
    const read = parse(serialize(new Map([['w', tensor]])));
    expect(bits(read.tensors.get('w'))).toEqual([...new Uint8Array(words.buffer)]);
  });

  it('write the bytes of the format', () => {
    const tensors = new Map<string, HostTensor>([
      ['m', { data: Uint8Array.of(1), shape: [1], dtype: 'bool' }],
      ['w', float(1)],
    ]);
    const bytes = serialize(tensors, { k: 'v' });
    const header =
      '{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"m":{"dtype":"BOOL","shape":[1],"data_offsets":[4,5]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect([...bytes]).toEqual([
      padded.length,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      ...new TextEncoder().encode(padded),
      0,
      0,
      0x80,
      0x3f,
      1,
    ]);
  });

  it('give equal bytes for equal content in any order, the data at a multiple of 8', () => {
    const entries: [string, HostTensor][] = [
      ['b', float(1, 2)],
      ['flags', { data: Uint8Array.of(1, 0, 1), shape: [3], dtype: 'bool' }],
      ['a', float(3)],
    ];
    const one = serialize(new Map(entries), { x: '1', y: '2' });
    const two = serialize(new Map(entries.reverse()), { y: '2', x: '1' });
    expect(two).toEqual(one);
    expect(Number(new DataView(one.buffer).getBigUint64(0, true)) % 8).toBe(0);
    expect([...parse(one).tensors.keys()]).toEqual(['a', 'b', 'flags']);
  });

  it('hold nothing at all', () => {
    const read = parse(serialize(new Map()));
    expect(read.tensors.size).toBe(0);
    expect(Object.keys(read.metadata)).toEqual([]);
  });

  it('read from a view into a larger buffer, also a Node Buffer, without holding on to it', () => {
    const bytes = serialize(new Map([['w', float(1, 2)]]));
    const shifted = Buffer.alloc(bytes.length + 9).subarray(3, 3 + bytes.length);
    shifted.set(bytes);
    const { tensors } = parse(shifted);
    shifted.fill(255);
    expect(tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
  });

  it('read an unpadded header, as some writers leave it', () => {
    const data = Uint8Array.of(0, 0, 0x80, 0x3f);
    const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    expect(header.length % 4).not.toBe(0);
    expect(parse(fileOf(header, data)).tensors.get('w')?.data).toEqual(Float32Array.of(1));
  });

  it("store the reference's float64 arrays as float32", () => {
    const tensor: HostTensor = { data: Float64Array.of(0.1, -0), shape: [2], dtype: 'float32' };
    const read = parse(serialize(new Map([['w', tensor]]))).tensors.get('w');
    expect(read?.data).toEqual(Float32Array.of(0.1, -0));
  });
});

describe('serialize refuses', () => {
  const refused = (name: string, tensor: HostTensor, metadata?: Record<string, string>) =>
    failure(() => serialize(new Map([[name, tensor]]), metadata));

  it.each(['__metadata__', '__proto__', 'constructor', 'prototype'])('the name %s', (name) => {
    expect(refused(name, float(1))).toMatchObject({
      op: 'save',
      roles: ['tensor'],
      values: { tensor: name },
      fix: 'rename it',
    });
  });

  it('data that does not fit its shape or dtype', () => {
    expect(refused('w', { data: new Float32Array(3), shape: [2, 2], dtype: 'float32' })).toMatchObject({
      op: 'save',
      values: { tensor: 'w', shape: [2, 2], dtype: 'float32', length: 3 },
      fix: 'give it a Float32Array of 4',
    });
    expect(refused('w', { data: new Float32Array(2), shape: [2], dtype: 'int32' }).fix).toBe(
      'give it a Int32Array of 2',
    );
    expect(refused('m', { data: Uint8Array.of(0, 2), shape: [2], dtype: 'bool' })).toMatchObject({
      values: { tensor: 'm', index: 1, value: 2 },
      fix: 'store 0 or 1',
    });
  });

  it('metadata that is no string, or has a forbidden key', () => {
    expect(refused('w', float(1), { step: 3 as unknown as string })).toMatchObject({
      op: 'save',
      values: { key: 'step', value: 3 },
    });
    expect(refused('w', float(1), { constructor: 'x' as never })).toMatchObject({
      op: 'save',
      values: { key: 'constructor' },
    });
  });
});
