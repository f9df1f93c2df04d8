/** The engine's lifetimes on the CPU device: cached programs, disposed variables and programs, devices that replace each other. */

import { beforeEach, describe, expect, it } from 'vitest';
import { compile, init, ops, type Tensor, tensor, variable } from '../../src/engine/index.js';
import { currentBackend } from '../../src/engine/session.js';
import { failure } from '../kit/failure.js';
import { rejection } from '../kit/rejection.js';

beforeEach(() => init({ device: 'cpu' }));

describe('programs of tensors that are awaited', () => {
  it('are told apart by the sign of zero', async () => {
    const one = tensor([1]);
    expect(await ops.div(one, 0).array()).toEqual([Number.POSITIVE_INFINITY]);
    expect(await ops.div(one, -0).array()).toEqual([Number.NEGATIVE_INFINITY]);
  });

  it('outlive the cache while they are in use', async () => {
    const x = tensor([1, 2]);
    const sums = Array.from({ length: 70 }, (_, index) => ops.add(x, index));
    const results = await Promise.all(sums.map((sum: Tensor) => sum.array()));
    expect(results).toEqual(sums.map((_, index) => [1 + index, 2 + index]));
    expect(await Promise.all(sums.map((sum) => sum.array()))).toEqual(results);
  });

  it('of a disposed variable are refused, and the others run', async () => {
    const gone = variable([1]);
    const wrong = ops.add(gone, 1);
    gone.dispose();
    const [refused, fine] = await Promise.allSettled([wrong.data(), ops.add(tensor([1]), 1).array()]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { op: 'data', roles: ['variable'] } });
    expect(fine).toEqual({ status: 'fulfilled', value: [2] });
  });
});

describe('what was disposed', () => {
  it('a variable: its programs refuse to run, and none is compiled', async () => {
    const v = variable([1, 2], { name: 'v' });
    const spec = { outputs: { doubled: ops.mul(v, 2) }, name: 'double' };
    const program = await compile(spec);
    v.dispose();
    for (const error of [await rejection(() => program.run()), failure(() => program.submit())]) {
      expect(error).toMatchObject({ op: "run 'double'", roles: ['variable'], values: { name: 'v' } });
      expect(error.message).toContain("'v' was disposed");
    }
    expect((await rejection(() => compile(spec))).op).toBe("compile 'double'");
    program.dispose();
  });

  it('a program: it runs no more, what it gave stays', async () => {
    const program = await compile({ outputs: { two: ops.add(tensor(1), 1) }, name: 'two' });
    await program.run();
    const kept = program.keep('two');
    program.dispose();
    program.dispose();
    for (const error of [
      await rejection(() => program.run()),
      failure(() => program.submit()),
      failure(() => program.keep('two')),
    ]) {
      expect(error.message).toContain('the program has been disposed of');
    }
    expect(await kept.array()).toBe(2);
    kept.dispose();
  });
});

describe('init', () => {
  it('stands, though an earlier one fails later', async () => {
    const earlier = init({ device: 'webgpu' });
    const later = init({ device: 'cpu' });
    const chosen = currentBackend();
    await expect(earlier).rejects.toMatchObject({ name: 'HeddleError' });
    await later;
    expect(currentBackend()).toBe(chosen);
    expect((await chosen).kind).toBe('cpu');
  });
});
