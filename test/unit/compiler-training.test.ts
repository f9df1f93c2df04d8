/** The training steps of the examples as plans: how many dispatches, how much memory, and the reference's numbers. */

import { describe, expect, it } from 'vitest';
import { compileGraph } from '../../src/compiler/compile.js';
import { stats } from '../../src/compiler/stats.js';
import { checkGraph, checkPlan } from '../../src/ir/check.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { runOnHost } from '../kit/host-program.js';
import { classifierStep, regressionStep, type TrainingStep } from '../kit/training-steps.js';

const labelsOf = ({ graph }: TrainingStep, software: boolean): string[] => {
  const plan = compileGraph(graph, { name: 'step', capabilities: { ...DEFAULT_CAPABILITIES, software } });
  expect(checkPlan(plan)).toEqual([]);
  return plan.steps.flatMap(({ label, dispatches }) => dispatches.map(() => label));
};

describe('a training step', () => {
  it.each([false, true])('of the classifier takes ten dispatches (software adapter: %s)', (software) => {
    expect(labelsOf(classifierStep(), software)).toEqual([
      'nextBatch',
      'matmul+add+relu',
      'matmul+add',
      'sparseSoftmaxCrossentropy+mul',
      'matmul+greater+select',
      'matmulWithColumnSum',
      'matmulWithColumnSum',
      'argMax+equal+cast_float32',
      'trainingTail',
      'adam',
    ]);
  });

  it.each([false, true])('of the regression takes five dispatches (software adapter: %s)', (software) => {
    expect(labelsOf(regressionStep(), software)).toEqual([
      'nextBatch',
      // y − ŷ, its square for the tail and its multiple for the gradient never leave the product's kernel.
      'matmul+add+sub+mul+2 more',
      'matmulWithColumnSum',
      'trainingTail',
      'adam',
    ]);
  });

  it('of the classifier keeps little memory', () => {
    const { graph } = classifierStep();
    const plan = compileGraph(graph, { name: 'step', capabilities: DEFAULT_CAPABILITIES });
    const { arenas, peakBytes, lowerBoundBytes } = stats(plan);
    expect(arenas).toBeLessThanOrEqual(4);
    expect(peakBytes).toBeLessThan(2 ** 20);
    expect(peakBytes).toBeLessThanOrEqual(1.25 * lowerBoundBytes);
  });

  it.each([
    ['classifier', () => classifierStep(12, 8, 4)],
    ['regression', regressionStep],
  ] as const)('gives the numbers of the reference, several times over: %s', (_, make) => {
    const { graph, variables } = make();
    expect(checkGraph(graph)).toEqual([]);
    const { got, want } = runOnHost(graph, {}, variables, { times: 3 });
    got.forEach((values, index) => {
      values.forEach((value, at) => {
        const wanted = want[index]?.[at] ?? Number.NaN;
        // A fused region rounds once where the reference rounds between nodes.
        expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(wanted)));
      });
    });
    const changed = variables.filter(({ data }, index) => data.some((old, at) => old !== want[index]?.[at]));
    expect(changed.map(({ name }) => name)).toContain('w0');
  });
});
