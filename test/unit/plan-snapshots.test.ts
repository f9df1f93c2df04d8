/** The plans of the example models, on the guaranteed limits: a change that costs dispatches or memory must be meant. */

import { beforeAll, expect, it } from 'vitest';
import { init } from '../../src/index.js';
import { EXAMPLE_MODELS } from '../kit/example-models.js';
import { bunches, classifier } from '../kit/tiny-models.js';

beforeAll(() => init({ device: 'cpu' }));

it.each(Object.entries(EXAMPLE_MODELS))('%s', async (_, make) => {
  const { model, x, y, shape, batchSize } = make(32);
  await model.fit({ data: x, shape }, y, { batchSize, shuffle: false });
  const program = model.trainer('test').lastProgram;
  if (!program) throw new Error('nothing was trained');
  const { dispatches, kernels, copies, arenas, peakBytes, lowerBoundBytes } = program.stats();
  const labels = program.executor.plan.steps.map(({ label }) => label);
  expect({ dispatches, kernels, copies, arenas, peakBytes, lowerBoundBytes, labels }).toMatchSnapshot();
  expect(peakBytes).toBeLessThanOrEqual(1.25 * lowerBoundBytes);
});

it('weights per example do not tie the step into a knot', async () => {
  const { x, y } = bunches(16);
  const net = classifier({ dropout: 0 });
  await net.fit(x, y, { batchSize: 16, sampleWeight: new Float32Array(16).fill(1) });
  expect(net.trainer('test').lastProgram?.stats().dispatches).toBeLessThanOrEqual(12);
});
