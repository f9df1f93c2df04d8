/** Heddle's side of recurrent cells: a graph program whose operands lie in variables; one behind it brings the number back. */

import { compile, grad, ops, type Program, type Tensor, type Variable, variable } from 'heddle';
import type { Work } from '../case.js';
import { type CellPart, type CellTask, placesOf, probed } from '../cells.js';
import { disposingOnThrow, type Own } from '../owned.js';
import { weightShapes } from '../task.js';
import { describeHeddle } from './heddle.js';

export async function openHeddleCell(task: CellTask, part: CellPart): Promise<Work> {
  await describeHeddle();
  return disposingOnThrow((own) => opened(task, part, own));
}

async function opened(task: CellTask, part: CellPart, own: Own): Promise<Work> {
  const { layer, batch, steps, features, units } = task;
  const shapes = weightShapes({ features: steps * features, sequence: [steps, features], layers: [layer] });
  const fixed = (data: Float32Array, shape: readonly number[]): Variable =>
    own(variable(data, { shape, trainable: false }));
  const x = fixed(task.x, [batch, steps, features]);
  const weights = task.weights.map((data, index) => fixed(data, shapes[index] ?? []));
  const dy = fixed(task.dy, [batch, steps, units]);
  const counter = fixed(Float32Array.of(1), [1]);
  const states = statesOf(layer.cell, x, weights);
  const program = own(
    await compile({
      name: task.name,
      outputs: part === 'forward' ? { states } : named(grad(states, [x, ...weights], { dy })),
    }),
  );
  const fence = await compile({ name: 'fence', outputs: { number: ops.add(counter, 1) } });
  return {
    async results() {
      const results = await program.run();
      return probed(
        placesOf(task, part),
        Object.values(results).map(({ data }) => data),
      );
    },
    async run(times) {
      program.submit({}, times);
      await fence.run();
    },
    dispose: () => disposeAll([program, fence], [x, dy, counter, ...weights]),
  };
}

function statesOf(cell: CellTask['layer']['cell'], x: Variable, weights: readonly Variable[]): Tensor {
  const [kernel, recurrent, bias] = weights as [Variable, Variable, Variable];
  if (cell === 'gruResetBefore') throw new RangeError('this GRU is measured in TensorFlow.js alone');
  const [states] =
    cell === 'lstm'
      ? ops.lstm(x, kernel, recurrent, bias, { cellState: false })
      : ops[cell](x, kernel, recurrent, bias);
  return states as Tensor;
}

const named = ([x, kernel, recurrent, bias]: readonly Tensor[]): Record<string, Tensor> =>
  ({ x, kernel, recurrent, bias }) as Record<string, Tensor>;

function disposeAll(programs: readonly Program[], variables: readonly Variable[]): void {
  for (const one of [...programs, ...variables]) one.dispose();
}
