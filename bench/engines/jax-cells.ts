/** Recurrent cells of jax-js, unrolled inside `jit`, called in a loop; one number of the last call is read. */

import { grad, jit, numpy as np } from '@jax-js/jax';
import type { Work } from '../case.js';
import { type CellPart, type CellTask, placesOf, probed } from '../cells.js';
import { weightShapes } from '../task.js';
import { computeAll, describeJax } from './jax.js';
import { statesOf } from './jax-recurrent.js';

export async function openJaxCell(task: CellTask, part: CellPart): Promise<Work> {
  await describeJax();
  const { layer, batch, steps, features, units } = task;
  const shapes = weightShapes({ features: steps * features, sequence: [steps, features], layers: [layer] });
  const operands = [
    np.array(task.x, { shape: [batch, steps, features] }),
    ...task.weights.map((data, index) => np.array(data, { shape: [...(shapes[index] ?? [])] })),
  ];
  const dy = np.array(task.dy, { shape: [batch, steps, units] });
  const states = ([x, ...weights]: np.Array[]): np.Array[] => statesOf(layer, x as np.Array, weights);
  const weighed = (own: np.Array[], dy: np.Array): np.Array => {
    const slopes = np.split(dy, steps, 1);
    const sums = states(own).map((h, step) => h.mul((slopes[step] as np.Array).reshape([batch, units])));
    return np.sum(sums.reduce((sum, one) => sum.add(one)));
  };
  const pass =
    part === 'forward'
      ? jit(states)
      : jit((own: np.Array[], dy: np.Array): np.Array[] => grad(weighed)(own, dy));
  const call = (): np.Array[] => {
    const own = operands.map((operand) => operand.ref);
    return part === 'forward' ? pass(own, dy.ref) : pass(own, dy.ref);
  };
  return {
    async results() {
      const results = call();
      // The states come step by step.
      const whole = part === 'forward' ? [np.stack(results, 1)] : results;
      const data: ArrayLike<number>[] = [];
      for (const one of whole) data.push(await one.data());
      return probed(placesOf(task, part), data);
    },
    async run(times) {
      for (let count = 1; count < times; count++) computeAll(call());
      const [first, ...others] = call() as [np.Array, ...np.Array[]];
      computeAll(others);
      await first.reshape([-1]).slice([0, 1]).data();
    },
    dispose() {
      for (const one of [dy, ...operands]) one.dispose();
      pass.dispose();
    },
  };
}
