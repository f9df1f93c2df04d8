/** The plans of recurrent layers, on the guaranteed limits: a few dispatches forward and backward, however many steps there are. */

import { beforeAll, describe, expect, test } from 'vitest';
import { compile, grad, init, input, ops, type Tensor } from '../../src/engine/index.js';
import { GATES } from '../../src/ops/recurrent/shape.js';
import { CELL_NAMES, RECURRENT_OPS } from '../kit/recurrent-cases.js';

beforeAll(() => init({ device: 'cpu' }));

/** What a layer gives on: the whole sequence, or the last state alone. */
type Gives = 'sequence' | 'last';

/** Of a layer's forward pass, or of all its gradients too. */
async function plan(cell: (typeof CELL_NAMES)[number], steps: number, gives: Gives, training: boolean) {
  const [name] = RECURRENT_OPS[cell];
  const [batch, features, units] = [32, 64, 128];
  const columns = GATES[cell] * units;
  const inputs = {
    x: input([batch, steps, features]),
    kernel: input([features, columns]),
    recurrentKernel: input([units, columns]),
    bias: input(cell === 'gru' ? [2, columns] : [columns]),
  };
  const { x, kernel, recurrentKernel, bias } = inputs;
  const lean = cell === 'lstm' ? { cellState: false } : {};
  const [sequence, last] = ops[name](x, kernel, recurrentKernel, bias, lean);
  const output = (gives === 'sequence' ? sequence : last) as Tensor;
  const dy = input([...output.shape]);
  const slopes = training ? grad(output, Object.values(inputs), { dy }) : [];
  const program = await compile({
    inputs: training ? { ...inputs, dy } : inputs,
    outputs: { output, ...Object.fromEntries(slopes.map((slope, index) => [`slope ${index}`, slope])) },
  });
  const { dispatches, peakBytes, lowerBoundBytes } = program.stats();
  const labels = program.executor.plan.steps.map(({ label }) => label);
  return { dispatches, peakBytes, lowerBoundBytes, labels };
}

describe.each(CELL_NAMES)('%s', (cell) => {
  test.each(['sequence', 'last'] as const)('that gives its %s', async (gives) => {
    const forward = await plan(cell, 100, gives, false);
    const step = await plan(cell, 100, gives, true);
    expect({ forward, step }).toMatchSnapshot();
    expect(forward.dispatches).toBeLessThanOrEqual(3);
    expect(step.dispatches - forward.dispatches).toBeLessThanOrEqual(6);
    expect(step.peakBytes).toBeLessThanOrEqual(1.25 * step.lowerBoundBytes);
    const short = await plan(cell, 2, gives, true);
    expect(short.labels).toEqual(step.labels);
    expect(short.dispatches).toBe(step.dispatches);
  });
});
