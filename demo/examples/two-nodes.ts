/**
 * What a network computes, without any training: two inputs, two hidden nodes, one output, the weights set by hand. The GPU's numbers
 * must be exactly those of the formulas, since all of them are whole.
 */

import { compile, input, layers, model, type NDArray, type Tensor } from 'heddle';
import type { ExampleContext, ExampleResult } from './example.js';

const INPUTS = [2, 3] as const;
/** One row of weights for each hidden node. */
const HIDDEN = [
  [1, 1],
  [-1, 1],
] as const;
const OUTPUT = [2, -1] as const;

export async function twoNodes(context: ExampleContext): Promise<ExampleResult> {
  const inputs = layers.input({ shape: [2] });
  const hidden = layers.dense({ units: 2, useBias: false }).apply(inputs);
  const output = layers.dense({ units: 1, useBias: false }).apply(hidden);
  const net = model({ inputs, outputs: [hidden, output], seed: context.seed });

  // A dense kernel has a row for each input and a column for each node.
  const [[a, b], [c, d]] = HIDDEN;
  net.setWeights([
    [
      [a, c],
      [b, d],
    ],
    [[OUTPUT[0]], [OUTPUT[1]]],
  ]);

  const x = input([1, 2]);
  const [nodes, result] = net.apply([x], { training: false }) as [Tensor, Tensor];
  const program = await compile({
    name: 'two-nodes',
    inputs: { x },
    outputs: { hidden: nodes, output: result },
    onProgress: context.onCompile,
  });
  const feeds = { x: [INPUTS] };
  context.show({ model: net, program, feeds });
  const found = (await program.run(feeds)) as Record<'hidden' | 'output', NDArray>;

  const [x1, x2] = INPUTS;
  const h1 = x1 * a + x2 * b;
  const h2 = x1 * c + x2 * d;
  const y = h1 * OUTPUT[0] + h2 * OUTPUT[1];
  const device = [...found.hidden.data, ...found.output.data];
  const equal = [h1, h2, y].every((value, index) => value === device[index]);
  return {
    details: [
      `hidden 1 = ${x1} × ${a} + ${x2} × ${b} = ${h1}`,
      `hidden 2 = ${x1} × ${show(c)} + ${x2} × ${d} = ${h2}`,
      `output = ${h1} × ${OUTPUT[0]} + ${h2} × ${show(OUTPUT[1])} = ${y}`,
      `the device says ${device.join(', ')}: ${equal ? 'exactly equal' : 'NOT equal'}`,
    ],
    passed: equal,
  };
}

const show = (weight: number): string => (weight < 0 ? `(−${-weight})` : String(weight));
