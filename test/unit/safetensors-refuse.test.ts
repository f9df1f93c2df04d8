/** Bad safetensors files of every kind, each named by what is wrong with it. */

import { describe, expect, it } from 'vitest';
import { parse, serialize } from '../../src/formats/safetensors.js';
import { findDuplicateKey } from '../../src/formats/safetensors-keys.js';
import { failure } from '../kit/failure.js';
import { fileOf } from '../kit/safetensors-file.js';

const entry = (dtype: unknown, shape: unknown, offsets: unknown): string =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });
const F1 = entry('F32', [1], [0, 4]);

describe('parse refuses, naming what is wrong', () => {
  const refused = (bytes: Uint8Array): ReturnType<typeof failure> => {
    const error = failure(() => parse(bytes, 'm.safetensors'));
    expect(error.op).toBe('load');
    expect(error.message.startsWith('load: m.safetensors: ')).toBe(true);
    expect(error.values).toMatchObject({ file: 'm.safetensors' });
    expect(error.fix).not.toBe('');
    return error;
  };

  it('a file cut short at any byte', () => {
    const whole = serialize(
      new Map([['w', { data: Float32Array.of(1, 2, 3), shape: [3], dtype: 'float32' }]]),
      { k: 'v' },
    );
    for (let length = 0; length < whole.length; length++) {
      const error = refused(whole.subarray(0, length));
      expect(error.fix, `at ${length}`).toContain('cut short');
    }
    expect(refused(whole.subarray(0, 7))).toMatchObject({ roles: ['file'], values: { fileBytes: 7 } });
  });

  it.each([
    ['beyond the file', 3n, 'the header claims 3 bytes, 2 are left in the file'],
    ['over the limit', 100_000_001n, 'more than the allowed 100000000'],
    ['of all ones', 2n ** 64n - 1n, 'more than the allowed 100000000'],
  ])('a header length %s', (_, length, message) => {
    const error = refused(fileOf('{}', 0, length));
    expect(error).toMatchObject({
      roles: ['header length'],
      values: { headerBytes: Number(length), fileBytes: 10 },
    });
    expect(error.message).toContain(message);
  });

  it('a web page in place of a file', () => {
    const error = refused(new TextEncoder().encode('<!doctype html><title>Not found</title>'));
    expect(error.message).toContain('like a web page');
    expect(error.fix).toContain('check the address');
  });

  it('a header that is not UTF-8', () => {
    expect(refused(fileOf(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)))).toMatchObject({ roles: ['header'] });
  });

  it.each([
    ['nothing', '', 'not JSON'],
    ['half an object', '{"w":', 'not JSON'],
    ['a list', '[]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['a string', '"x"', 'not a JSON object'],
    ['a space before the object', ' {}', 'not a JSON object'],
    ['a byte order mark', '\ufeff{}', 'not JSON'],
    ['deep nesting', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'not a JSON object'],
  ])('a header that is %s', (_, header, message) => {
    const error = refused(fileOf(header));
    expect(error).toMatchObject({ roles: ['header'] });
    expect(error.message).toContain(message);
  });

  it.each([
    ['at the top', `{"w":${F1},"w":${F1}}`, 'w', []],
    ['written with an escape', `{"w":${F1},"\\u0077":${F1}}`, 'w', []],
    [
      'inside an entry',
      '{"w":{"dtype":"F32","shape":[1],"dtype":"I32","data_offsets":[0,4]}}',
      'dtype',
      ['w'],
    ],
    ['inside the metadata', `{"__metadata__":{"a":"1","a":"2"},"w":${F1}}`, 'a', ['__metadata__']],
  ])('a key that stands twice %s', (_, header, key, path) => {
    const error = refused(fileOf(header, 4));
    expect(error).toMatchObject({ roles: ['header', 'key'], values: { key, path } });
    expect(error.message).toContain(`the key '${key}' twice`);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('%s as a name, and pollutes nothing', (name) => {
    expect(refused(fileOf(`{"${name}":${F1}}`, 4))).toMatchObject({
      roles: ['tensor'],
      values: { tensor: name },
    });
    expect(refused(fileOf(`{"__metadata__":{"${name}":"x"}}`))).toMatchObject({ roles: ['metadata key'] });
    const inside = `{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"${name}":{"polluted":true}}}`;
    expect(refused(fileOf(inside, 4))).toMatchObject({
      roles: ['tensor', 'field'],
      values: { tensor: 'w', field: name },
    });
    expect('polluted' in {}).toBe(false);
  });

  it('metadata that is not strings', () => {
    expect(refused(fileOf('{"__metadata__":[]}'))).toMatchObject({ roles: ['__metadata__'] });
    expect(refused(fileOf('{"__metadata__":{"step":3}}'))).toMatchObject({
      values: { key: 'step', value: '3' },
    });
  });

  it.each([
    ['a number', '1', 'is 1, not an object'],
    ['a list', '[]', 'is a list, not an object'],
    ['without a dtype', '{"shape":[1],"data_offsets":[0,4]}', "lacks the field 'dtype'"],
    ['without a shape', '{"dtype":"F32","data_offsets":[0,4]}', "lacks the field 'shape'"],
    ['without offsets', '{"dtype":"F32","shape":[1]}', "lacks the field 'data_offsets'"],
    ['with one field more', '{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}', "unknown field 'x'"],
  ])('an entry that is %s', (_, text, message) => {
    const error = refused(fileOf(`{"w":${text}}`, 4));
    expect(error.message).toContain(message);
    expect(error.values).toMatchObject({ tensor: 'w' });
  });

  it.each([
    ['F16', 'F32'],
    ['BF16', 'F32'],
    ['F64', 'F32'],
    ['F8_E4M3', 'F32'],
    ['I8', 'I32'],
    ['I16', 'I32'],
    ['I64', 'I32'],
    ['U16', 'U32'],
    ['U64', 'U32'],
  ])('the dtype %s, naming %s instead', (dtype, instead) => {
    const error = refused(fileOf(`{"w":${entry(dtype, [1], [0, 4])}}`, 4));
    expect(error).toMatchObject({
      roles: ['tensor', 'dtype'],
      values: { tensor: 'w', dtype },
      fix: `convert to ${instead}`,
    });
    expect(error.message).toContain(`${dtype} is not supported here; convert to ${instead}`);
  });

  it('a dtype that does not exist, with the nearest one', () => {
    const error = refused(fileOf(`{"w":${entry('f32', [1], [0, 4])}}`, 4));
    expect(error.fix).toBe("did you mean 'F32'? Valid: F32, I32, U32, U8, BOOL");
    expect(refused(fileOf(`{"w":${entry(7, [1], [0, 4])}}`, 4)).message).toContain("unknown dtype '7'");
  });

  it.each([
    ['not a list', 'x', "shape is 'x', not a list"],
    ['negative', [-1], 'shape has -1 at axis 0'],
    ['a fraction', [2, 0.5], 'shape has 0.5 at axis 1'],
    ['a string', ['1'], "shape has '1' at axis 0"],
    ['beyond exact integers', [2 ** 53], 'at axis 0'],
    ['overflowing in its product', [2 ** 31, 2 ** 31], 'more elements than can be counted'],
    ['overflowing behind a zero', [0, 2 ** 31, 2 ** 31], 'more elements than can be counted'],
    ['wrapping round to 0 in 64 bits', [2 ** 32, 2 ** 32, 1], 'more elements than can be counted'],
  ])('a shape that is %s', (_, shape, message) => {
    const error = refused(fileOf(`{"w":${entry('F32', shape, [0, 4])}}`, 4));
    expect(error).toMatchObject({ roles: ['tensor', 'shape'], values: { tensor: 'w', shape } });
    expect(error.message).toContain(message);
  });

  it.each([
    ['not a list', 4, 'data_offsets is 4'],
    ['three numbers', [0, 2, 4], 'data_offsets is a list of 3'],
    ['fractions', [0, 3.5], 'not whole numbers'],
    ['negative', [-4, 0], 'not whole numbers'],
    ['strings', ['0', '4'], 'not whole numbers'],
    ['turned round', [4, 0], 'begin after their end'],
    ['out of range', [4, 8], 'outside the 4 bytes of data'],
    ['huge', [0, 2 ** 53], 'not whole numbers'],
  ])('offsets that are %s', (_, offsets, message) => {
    const error = refused(fileOf(`{"w":${entry('F32', [1], offsets)}}`, 4));
    expect(error).toMatchObject({
      roles: ['tensor', 'data_offsets'],
      values: { tensor: 'w', data_offsets: offsets },
    });
    expect(error.message).toContain(message);
  });

  it('a shape that does not fit its bytes', () => {
    const error = refused(fileOf(`{"w":${entry('F32', [2, 3], [0, 20])}}`, 20));
    expect(error).toMatchObject({
      roles: ['tensor', 'shape', 'data_offsets'],
      values: { tensor: 'w', shape: [2, 3], dtype: 'float32', needed: 24, data_offsets: [0, 20] },
    });
    expect(error.message).toContain(
      'shape [2,3] and dtype float32 needs 24 bytes, its data_offsets [0,20] hold 20',
    );
  });

  it('overlapping tensors, one inside the other or both on the same bytes', () => {
    const two = (a: string, b: string, bytes: number) => refused(fileOf(`{"a":${a},"b":${b}}`, bytes));
    const overlap = { roles: ['tensor', 'data_offsets'], values: { tensors: ['a', 'b'] } };
    expect(two(entry('F32', [2], [0, 8]), entry('F32', [2], [4, 12]), 12)).toMatchObject(overlap);
    expect(two(F1, F1, 4)).toMatchObject(overlap);
    expect(two(entry('F32', [2], [0, 8]), entry('F32', [0], [4, 4]), 8)).toMatchObject(overlap);
  });

  it('holes before, between and after the tensors', () => {
    expect(refused(fileOf(`{"a":${entry('F32', [1], [4, 8])}}`, 8))).toMatchObject({
      values: { tensor: 'a', hole: [0, 4] },
    });
    const gap = `{"a":${F1},"b":${entry('F32', [1], [8, 12])}}`;
    expect(refused(fileOf(gap, 12))).toMatchObject({ values: { tensor: 'b', hole: [4, 8] } });
    expect(refused(fileOf(`{"a":${F1}}`, 5))).toMatchObject({
      roles: ['data'],
      values: { end: 4, dataBytes: 5 },
    });
    expect(refused(fileOf('{}', 1))).toMatchObject({ roles: ['data'], values: { end: 0, dataBytes: 1 } });
  });

  it('a misaligned tensor', () => {
    const error = refused(fileOf(`{"m":${entry('U8', [1], [0, 1])},"w":${entry('F32', [1], [1, 5])}}`, 5));
    expect(error).toMatchObject({ values: { tensor: 'w', begin: 1, multiple: 4 } });
  });

  it('a bool that is neither 0 nor 1', () => {
    const error = refused(fileOf(`{"m":${entry('BOOL', [2], [0, 2])}}`, Uint8Array.of(1, 7)));
    expect(error).toMatchObject({ roles: ['tensor', 'data'], values: { tensor: 'm', index: 1, value: 7 } });
  });

  it('with a message of readable length, whatever the file says', () => {
    const long = 'x'.repeat(100_000);
    expect(refused(fileOf(`{"${long}":1}`)).message.length).toBeLessThan(300);
    expect(refused(fileOf(`{"w":${entry(long, [1], [0, 4])}}`, 4)).message.length).toBeLessThan(500);
    const ranks = entry('F32', new Array(100_000).fill(1), [0, 0]);
    expect(refused(fileOf(`{"w":${ranks}}`)).message.length).toBeLessThan(300);
  });
});

describe('findDuplicateKey', () => {
  it.each([
    '{}',
    '{"a":"b","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"\\"a\\":{","b":["a","a"]}',
    '{"a" : "}" , "b" : "\\\\"}',
    '"a"',
  ])('finds none in %s', (json) => {
    expect(JSON.parse(json)).toBeDefined();
    expect(findDuplicateKey(json)).toBeNull();
  });

  it.each<[string, string, string[]]>([
    ['{"a":1 , "a" :2}', 'a', []],
    ['{"x":[{"y":{"a":1,"b":2,"\\u0061":3}}]}', 'a', ['x', 'y']],
    ['{"":1,"":2}', '', []],
    ['{"__proto__":1,"__proto__":2}', '__proto__', []],
    ['{"a\\\\":1,"a\\\\":2}', 'a\\', []],
  ])('finds the one in %s', (json, key, path) => {
    expect(JSON.parse(json)).toBeDefined();
    expect(findDuplicateKey(json)).toEqual({ key, path });
  });
});
