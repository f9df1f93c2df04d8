/** The engine on the CPU device: what needs no GPU to be shown. */

import { beforeAll, describe, expect, it } from 'vitest';
import { compile, grad, init, input, ops, tensor, variable } from '../../src/engine/index.js';

beforeAll(() => init({ device: 'cpu' }));

describe('tensors', () => {
  it('compute when they are awaited', async () => {
    const a = tensor([
      [1, 2],
      [3, 4],
    ]);
    const b = ops.matmul(a, ops.transpose(a));
    expect(await b.array()).toEqual([
      [5, 11],
      [11, 25],
    ]);
  });

  it('read the present value of a variable', async () => {
    const v = variable([1, 2, 3]);
    const doubled = ops.mul(v, 2);
    expect(await doubled.array()).toEqual([2, 4, 6]);
    v.assign([4, 5, 6]);
    expect(await ops.mul(v, 2).array()).toEqual([8, 10, 12]);
  });

  it('have gradients, and these have gradients', async () => {
    const x = tensor([1, 2, 3]);
    const y = ops.sum(ops.mul(ops.square(x), x));
    const dx = grad(y, x);
    expect(await dx.array()).toEqual([3, 12, 27]);
    expect(await grad(ops.sum(dx), x).array()).toEqual([6, 12, 18]);
  });
});

describe('programs', () => {
  it('read all old values, then write', async () => {
    const a = variable([1, 2]);
    const b = variable([3, 4]);
    const swap = await compile({
      updates: [
        { variable: a, value: b },
        { variable: b, value: a },
      ],
    });
    await swap.run();
    expect(await a.array()).toEqual([3, 4]);
    expect(await b.array()).toEqual([1, 2]);
  });

  it('run many times and collect', async () => {
    const counter = variable(0);
    const next = ops.add(counter, 1);
    const program = await compile({
      outputs: { next, last: next },
      updates: [{ variable: counter, value: next }],
    });
    const { next: all, last } = await program.run({}, { times: 4, collect: ['next'] });
    expect(all?.array()).toEqual([1, 2, 3, 4]);
    expect(last?.item()).toBe(4);
  });

  it('say what is wrong with what they are fed', async () => {
    const x = input([2, 2]);
    const program = await compile({ inputs: { x }, outputs: { y: ops.relu(x) }, name: 'p' });
    await expect(program.run({})).rejects.toMatchObject({ op: "run 'p'", roles: ['x'] });
    await expect(program.run({ x: [[1, 2, 3]] })).rejects.toMatchObject({
      values: { expected: [2, 2], actual: [1, 3] },
    });
    await expect(program.run({ z: [1] })).rejects.toMatchObject({ fix: expect.stringContaining("'x'") });
    const { y } = await program.run({
      x: [
        [-1, 2],
        [3, -4],
      ],
    });
    expect(y?.array()).toEqual([
      [0, 2],
      [3, 0],
    ]);
  });
});
