/** The plans of the example models, on the guaranteed limits: a change that costs dispatches or memory must be meant. */

import { beforeAll, expect, it } from 'vitest';
import { init, type Program } from '../../src/index.js';
import { EXAMPLE_MODELS, type ExampleModel } from '../kit/example-models.js';
import { bunches, classifier } from '../kit/tiny-models.js';

type Make = (rows?: number) => ExampleModel;

beforeAll(() => init({ device: 'cpu' }));

const programs = new Map<Make | undefined, Promise<Program>>();

/** The program of the model's first step, made once. */
function trained(make: Make | undefined): Promise<Program> {
  const program = programs.get(make) ?? train(make);
  programs.set(make, program);
  return program;
}

async function train(make: Make | undefined): Promise<Program> {
  if (!make) throw new Error('no such model');
  const { model, x, y, shape, batchSize } = make(32);
  await model.fit({ data: x, shape }, y, { batchSize, shuffle: false });
  const program = model.trainer('test').lastProgram;
  if (!program) throw new Error('nothing was trained');
  return program;
}

it.each(Object.entries(EXAMPLE_MODELS))('%s', async (_, make) => {
  const program = await trained(make);
  const { dispatches, kernels, copies, arenas, peakBytes, lowerBoundBytes } = program.stats();
  const labels = program.executor.plan.steps.map(({ label }) => label);
  expect({ dispatches, kernels, copies, arenas, peakBytes, lowerBoundBytes, labels }).toMatchSnapshot();
  expect(peakBytes).toBeLessThanOrEqual(1.25 * lowerBoundBytes);
});

it('a convolutional step keeps no mask, and an image before its pooling only until it is pooled', async () => {
  const program = await trained(EXAMPLE_MODELS['fashion-cnn']);
  const { dispatches, peakBytes } = program.stats();
  expect(dispatches).toBeLessThanOrEqual(24);
  expect(peakBytes).toBeLessThanOrEqual(10_000_000);
  const { steps } = program.executor.plan;
  const placed = steps.flatMap(({ outputs }) => outputs.flatMap((output) => output ?? []));
  expect(placed.map(({ type }) => type.dtype)).not.toContain('bool');
  for (const image of ['32,26,26,32', '32,11,11,64']) {
    const made = steps.findIndex(({ outputs }) => outputs[0]?.type.shape.join() === image);
    const value = steps[made]?.node.outputs[0];
    const readers = steps
      .filter(({ node }) => value && node.inputs.includes(value))
      .map(({ label }) => label);
    expect(readers, image).toEqual([expect.stringContaining('maxPool+relu')]);
  }
  const drawn = steps.filter(({ label }) => label.includes('randomUnit'));
  expect(drawn, 'dropout draws its numbers again for the gradient').toHaveLength(2);
});

it('weights per example do not tie the step into a knot', async () => {
  const { x, y } = bunches(16);
  const net = classifier({ dropout: 0 });
  await net.fit(x, y, { batchSize: 16, sampleWeight: new Float32Array(16).fill(1) });
  expect(net.trainer('test').lastProgram?.stats().dispatches).toBeLessThanOrEqual(12);
});
