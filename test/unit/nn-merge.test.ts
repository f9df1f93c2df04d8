/** Merge layers: numbers, shapes, broadcasting, errors; a shared layer between branches; saving. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, type Nested, tensor } from '../../src/engine/index.js';
import type { Layer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import { failure } from '../kit/failure.js';

beforeAll(() => init({ device: 'cpu' }));

const A = [[1, 5, -2]];
const B = [[3, 2, -4]];
const C = [[2, 2, 9]];

async function merged(layer: Layer, ...inputs: Nested[]): Promise<unknown> {
  const symbols = inputs.map(() => layers.input({ shape: [3] }));
  const net = new Network({ inputs: symbols, outputs: layer.apply(symbols) });
  const [result] = net.apply(inputs.map((one) => tensor(one as number[][])));
  return result?.array();
}

describe('merge layers', () => {
  it.each([
    ['add', () => layers.add(), [[6, 9, 3]]],
    ['multiply', () => layers.multiply(), [[6, 20, 72]]],
    ['average', () => layers.average(), [[2, 3, 1]]],
    ['maximum', () => layers.maximum(), [[3, 5, 9]]],
    ['minimum', () => layers.minimum(), [[1, 2, -4]]],
    ['concatenate', () => layers.concatenate(), [[1, 5, -2, 3, 2, -4, 2, 2, 9]]],
  ])('%s three inputs', async (_, make, expected) => {
    const result = (await merged(make(), A, B, C)) as number[][];
    expect(result.flat().map((value) => Math.round(value * 1e6) / 1e6)).toEqual(expected.flat());
  });

  it('subtract takes two', async () => {
    expect(await merged(layers.subtract(), A, B)).toEqual([[-2, 3, 2]]);
    const inputs = [1, 2, 3].map(() => layers.input({ shape: [3] }));
    expect(failure(() => layers.subtract().apply(inputs)).roles).toEqual(['inputs']);
  });

  it('take one input as it is', async () => {
    for (const layer of [layers.add(), layers.average(), layers.concatenate()]) {
      expect(await merged(layer, A)).toEqual(A);
    }
  });

  const image = (...shape: (number | null)[]) => layers.input({ shape });

  it('broadcast, and keep free extents', () => {
    expect(layers.add().apply([image(4, null, 3), image(1, 5, 3)]).shape).toEqual([null, 4, 5, 3]);
    expect(layers.multiply().apply([image(4, 4, 3), image(3)]).shape).toEqual([null, 4, 4, 3]);
    expect(layers.concatenate({ axis: 1 }).apply([image(4, 3), image(null, 3)]).shape).toEqual([
      null,
      null,
      3,
    ]);
    expect(layers.concatenate({ axis: 1 }).apply([image(4, null), image(2, 3)]).shape).toEqual([null, 6, 3]);
  });

  it('keep the dtype of their inputs, and refuse different ones', async () => {
    const whole = [1, 2].map(() => layers.input({ shape: [3], dtype: 'int32' }));
    const sum = layers.add().apply(whole);
    expect(sum.dtype).toBe('int32');
    const net = new Network({ inputs: whole, outputs: sum });
    const ones = tensor([[1, 2, 3]], { dtype: 'int32' });
    const [result] = net.apply([ones, ones]);
    expect([result?.dtype, await result?.array()]).toEqual(['int32', [[2, 4, 6]]]);
    for (const layer of [layers.multiply({ name: 'both' }), layers.concatenate({ name: 'both' })]) {
      const error = failure(() => layer.apply([image(3), ...whole]));
      expect([error.op.endsWith("'both'"), error.roles]).toEqual([true, ['inputs']]);
      expect(error.message).toContain('float32 and int32 and int32');
    }
  });

  it('average takes no integers: it does not round', () => {
    const whole = [1, 2].map(() => layers.input({ shape: [3], dtype: 'int32' }));
    const error = failure(() => layers.average({ name: 'both' }).apply(whole));
    expect(error).toMatchObject({ op: "average 'both'", roles: ['input'] });
    expect(error.message).toContain('int32, not float32');
  });

  it('refuse what does not fit', () => {
    const error = failure(() => layers.add({ name: 'sum' }).apply([image(4, 3), image(4, 2)]));
    expect(error).toMatchObject({ op: "add 'sum'", roles: ['inputs'] });
    expect(error.message).toContain('[any,4,3] and [any,4,2]');
    expect(failure(() => layers.concatenate().apply([image(4, 3), image(5, 3)])).roles).toEqual([
      'inputs',
      'inputs',
    ]);
    expect(failure(() => layers.concatenate().apply([image(4, 3), image(4)])).roles).toEqual([
      'inputs',
      'inputs',
    ]);
    expect(failure(() => layers.concatenate({ axis: 0 }).apply([image(4), image(4)])).roles).toEqual([
      'inputs',
      'axis',
    ]);
    expect(failure(() => layers.concatenate({ axis: 3 }).apply([image(4), image(4)])).roles).toEqual([
      'inputs',
      'axis',
    ]);
  });

  it('come back from a config, with a shared layer between branches', async () => {
    const x = layers.input({ shape: [3] });
    const shared = layers.dense({ units: 3, useBias: false, name: 'shared' });
    const outputs = layers
      .concatenate({ axis: 1 })
      .apply([layers.add().apply([shared.apply(x), x]), shared.apply(x)]);
    const net = new Network({ inputs: x, outputs, seed: 1 });
    const again = networkFromConfig(JSON.parse(JSON.stringify(net.config)));
    expect(again.config).toEqual(net.config);
    again.setWeights(await net.getWeights());
    expect(await again.apply(tensor(A)).array()).toEqual(await net.apply(tensor(A)).array());
  });
});
