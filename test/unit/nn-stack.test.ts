/** Sequential models as they are put together: what stands first, and what a layer that does not fit leaves behind. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import { sequential } from '../../src/nn/model.js';
import { failure } from '../kit/failure.js';

beforeAll(() => init({ device: 'cpu' }));

describe('an input at the head of a stack', () => {
  it('takes the place of inputShape, with its name and dtype', () => {
    const net = sequential([
      layers.input({ shape: [4], name: 'features' }),
      layers.dense({ units: 3 }),
      layers.dense({ units: 2 }),
    ]);
    expect(net.inputNames).toEqual(['features']);
    expect(net.outputs[0]?.shape).toEqual([null, 2]);
    expect(net.countParams()).toBe(4 * 3 + 3 + 3 * 2 + 2);
    const whole = sequential([layers.input({ shape: [4], dtype: 'int32' }), layers.flatten()]);
    expect(whole.inputs[0]?.dtype).toBe('int32');
  });

  it('and a layer that names an inputShape must agree', () => {
    const make = (inputShape: number[]) =>
      sequential([layers.input({ shape: [4] }), layers.dense({ units: 3, inputShape })]);
    expect(make([4]).outputs[0]?.shape).toEqual([null, 3]);
    expect(failure(() => make([5])).roles).toEqual(['inputShape', 'input']);
  });

  it('is refused anywhere else, and so is what is no input', () => {
    const x = layers.input({ shape: [4] });
    const dense = () => layers.dense({ units: 3, inputShape: [4] });
    expect(failure(() => sequential([x, x])).message).toContain('an input stands among its layers');
    expect(failure(() => sequential([dense(), x])).roles).toEqual(['layers']);
    expect(failure(() => sequential([dense().apply(x)])).message).toContain('the output of dense');
    expect(failure(() => sequential([x]).weights).fix).toContain('add()');
  });
});

describe('what is no layer', () => {
  it.each([
    ['a factory', layers.flatten, 'call the factory'],
    ['a model', sequential([layers.dense({ units: 1, inputShape: [1] })]), 'inner.apply(x)'],
    ['null', null, 'call the factory'],
    ['a name', 'dense', 'call the factory'],
  ])('%s', (_, value, fix) => {
    const error = failure(() => sequential([value as never]));
    expect(error).toMatchObject({ op: "model 'sequential'", roles: ['layers'] });
    expect(error.fix).toContain(fix);
  });
});

describe('a layer that does not fit', () => {
  it('first: another takes its place, of another shape and the same name', () => {
    const net = sequential();
    const wrong = layers.conv2d({ filters: 2, kernelSize: 3, name: 'first', inputShape: [4] });
    expect(failure(() => net.add(wrong)).op).toContain('conv2d');
    net.add(layers.dense({ units: 3, name: 'first', inputShape: [7] }));
    expect(net.inputs[0]?.shape).toEqual([null, 7]);
    expect(net.layers.map(({ name }) => name)).toEqual(['first']);
  });

  it('later: the stack is as it was', () => {
    const net = sequential([layers.dense({ units: 3, inputShape: [2] })]);
    expect(failure(() => net.add(layers.conv2d({ filters: 2, kernelSize: 3 }))).op).toContain('conv2d');
    net.add(layers.dense({ units: 5 }));
    expect(net.layers.map(({ name }) => name)).toEqual(['dense_1', 'dense_2']);
    expect(net.outputs[0]?.shape).toEqual([null, 5]);
  });
});
