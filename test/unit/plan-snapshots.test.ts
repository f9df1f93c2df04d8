/** The plans of the example models, on the guaranteed limits: a change that costs dispatches or memory must be meant. */

import { beforeAll, expect, it } from 'vitest';
import { autoencoder } from '../../demo/examples/denoise.js';
import { digitsNetwork } from '../../demo/examples/digits-cnn.js';
import { residualNetwork } from '../../demo/examples/fashion-resnet.js';
import { init, losses, type Model, optimizers, type Program } from '../../src/index.js';
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

/** The program of a step on 32 pictures, as the example compiles its model; nothing runs. */
async function stepOf(model: Model, classes: boolean): Promise<Program> {
  const optimizer = optimizers.adam();
  const pictures = { data: new (classes ? Uint8Array : Float32Array)(32 * 784), shape: [32, 28, 28, 1] };
  if (classes) {
    const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
    model.compile({ optimizer, loss, metrics: ['accuracy'] });
  } else model.compile({ optimizer, loss: losses.meanSquaredError() });
  const trainer = model.trainer('test');
  const columns = await trainer.columns('test', { x: pictures, y: classes ? new Uint8Array(32) : pictures });
  const dataset = await trainer.dataset('train', columns);
  if (!dataset) throw new Error('the data do not fit');
  return trainer.trainingProgram('train', dataset, 32);
}

it.each([
  ['digits-cnn', 24, () => stepOf(digitsNetwork(42), true)],
  ['fashion-resnet', 88, () => stepOf(residualNetwork(42), true)],
  ['denoise', 32, () => stepOf(autoencoder(42), false)],
] as const)(
  'a step of %s takes no more than %i dispatches, and hardly more memory than it must',
  async (_, most, made) => {
    const program = await made();
    const { dispatches, peakBytes, lowerBoundBytes } = program.stats();
    const labels = program.executor.plan.steps.map(({ label }) => label);
    expect(dispatches, labels.join('\n')).toBeLessThanOrEqual(most);
    expect(peakBytes).toBeLessThanOrEqual(1.25 * lowerBoundBytes);
  },
);

it('weights per example do not tie the step into a knot', async () => {
  const { x, y } = bunches(16);
  const net = classifier({ dropout: 0 });
  await net.fit(x, y, { batchSize: 16, sampleWeight: new Float32Array(16).fill(1) });
  expect(net.trainer('test').lastProgram?.stats().dispatches).toBeLessThanOrEqual(12);
});
