/** What a profile makes of times; the times themselves are the runtime's. */

import { beforeAll, describe, expect, it } from 'vitest';
import { checkProfileOptions, profileProgram } from '../../src/engine/profile.js';
import {
  compile,
  grad,
  init,
  input,
  ops,
  type Program,
  type Tensor,
  type Variable,
  variable,
} from '../../src/index.js';
import type { PlanTimes } from '../../src/runtime/index.js';

beforeAll(() => init({ device: 'cpu' }));

const zeros = (...shape: number[]): { data: Float32Array; shape: number[] } => ({
  data: new Float32Array(shape.reduce((size, extent) => size * extent, 1)),
  shape,
});

const profileOf = (program: Program, times: Omit<PlanTimes, 'source'>, repeat = 3) =>
  profileProgram(
    {
      name: program.name,
      adapter: program.backend.adapter,
      executor: {
        plan: program.executor.plan,
        profile: () => Promise.resolve({ source: 'timestamps' as const, ...times }),
      },
    },
    { repeat, milliseconds: 5 },
  );

/** Of each step that has products. */
const flopsOf = (program: Program): number[] =>
  program.executor.plan.steps.flatMap(({ node }) => node.op.flops?.(node.inputs, node.attrs) || []);

/** A product and a sum: [4, 8] · [8, 2] → [4, 2] → its sum. */
async function twoSteps(): Promise<Program> {
  const x = input([4, 8]);
  const w = variable(zeros(8, 2));
  return compile({ name: 'two', inputs: { x }, outputs: { y: ops.sum(ops.matmul(x, w)) } });
}

describe('a profile', () => {
  it('takes medians, spreads and shares, and knows what products cost', async () => {
    const program = await twoSteps();
    const profile = await profileOf(program, {
      whole: [5, 4, 6],
      dispatches: [
        [3, 2, 9],
        [1, 1, 1],
      ],
    });
    expect(profile).toMatchObject({ program: 'two', source: 'timestamps', repeat: 3, whole: 5 });
    const [product, sum] = profile.dispatches;
    expect(product).toMatchObject({
      index: 0,
      step: 'matmul',
      op: 'matmul',
      milliseconds: 3,
      spread: (9 - 2) / 3,
      share: 0.75,
      flops: 2 * 4 * 8 * 2,
      bytes: 4 * (4 * 8 + 8 * 2 + 4 * 2),
    });
    expect(sum).toMatchObject({ index: 1, op: 'sum', milliseconds: 1, spread: 0, share: 0.25 });
    expect(sum).not.toHaveProperty('flops');
    expect(Object.isFrozen(profile) && Object.isFrozen(profile.dispatches) && Object.isFrozen(product)).toBe(
      true,
    );
  });

  it('takes the mean of the two in the middle of an even number of passes', async () => {
    const profile = await profileOf(
      await twoSteps(),
      {
        whole: [1, 2, 8, 4],
        dispatches: [
          [1, 3],
          [2, 2],
        ],
      },
      2,
    );
    expect([profile.whole, ...profile.dispatches.map(({ milliseconds }) => milliseconds)]).toEqual([3, 2, 2]);
  });

  it('prints the slowest first, with its order and the shares so far', async () => {
    const profile = await profileOf(await twoSteps(), { whole: [5], dispatches: [[1], [4]] }, 1);
    const [title, header, ...rows] = profile.print().split('\n');
    expect(title).toBe('two: 5.000 ms a run; its 2 dispatches alone 5.000 ms (by timestamps, median of 1)');
    expect(header?.split(/ {2,}/)).toEqual([
      '#',
      'step',
      'kernel',
      'variant',
      'ms',
      'spread',
      'share',
      'so far',
      'GB/s',
      'GFLOP/s',
    ]);
    expect(
      rows.map((row) => row.split(/ {2,}/).filter((_, column) => [0, 1, 4, 6, 7].includes(column))),
    ).toEqual([
      ['1', 'sum', '4.000', '80.0 %', '80.0 %'],
      ['0', 'matmul', '1.000', '20.0 %', '100.0 %'],
    ]);
  });

  it('says nothing of rates and shares where nothing could be timed', async () => {
    const profile = await profileOf(await twoSteps(), { whole: [0], dispatches: [[0], [0]] }, 1);
    expect(profile.dispatches.map(({ spread, share }) => [spread, share])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(profile.print()).not.toMatch(/NaN|Infinity/);
  });

  it('counts the products of convolutions, and of their gradients inside fused kernels', async () => {
    const [x, filter] = [variable(zeros(2, 6, 6, 3)), variable(zeros(3, 3, 3, 4))];
    const y = ops.relu(ops.conv2d(x, filter, { padding: 'same' }));
    const [dx, df] = grad(ops.sum(ops.square(y)), [x, filter]);
    const program = await compile({ outputs: { y, dx: dx as Tensor, df: df as Tensor } });
    const once = 2 * (2 * 6 * 6 * 4) * (3 * 3 * 3);
    expect(flopsOf(program)).toEqual([once, once, once]);
  });

  it('counts the products of a recurrent layer, forward and back', async () => {
    const [batch, steps, features, units] = [2, 3, 5, 4];
    const x = input([batch, steps, features]);
    const weights = [zeros(features, 4 * units), zeros(units, 4 * units), zeros(4 * units)].map((one) =>
      variable(one),
    );
    const [kernel, recurrent, bias] = weights as [Variable, Variable, Variable];
    const [, state] = ops.lstm(x, kernel, recurrent, bias);
    const gradients = grad(ops.sum(state as Tensor), weights);
    const outputs = Object.fromEntries(gradients.map((one, index) => [`d${index}`, one]));
    const program = await compile({ inputs: { x }, outputs });
    const times = 2 * batch * steps * 4 * units;
    expect(flopsOf(program)).toEqual([
      times * features,
      times * units,
      times * units,
      times * (features + units),
    ]);
  });

  it('has a name for each wrong option', () => {
    expect(() => checkProfileOptions({ repeat: 0 })).toThrow(/repeat is 0; use a whole number from 1 to 100/);
    expect(() => checkProfileOptions({ milliseconds: 60 })).toThrow(
      /milliseconds is 60; use a number from 0.1 to 50/,
    );
    expect(() => checkProfileOptions({ passes: 3 } as object)).toThrow(/unknown option 'passes'/);
    expect(checkProfileOptions({})).toEqual({ repeat: 5, milliseconds: 5 });
  });
});
