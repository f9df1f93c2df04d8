/** jax-js's side of inference: the network as one `jit` function, fed with a host array, and the values of what it gives. */

import { jit, type numpy as np } from '@jax-js/jax';
import type { Work } from '../case.js';
import type { Task } from '../task.js';
import { describeJax, images, outputOf, startWeights } from './jax.js';

export async function openJaxPredict(task: Task): Promise<Work> {
  await describeJax();
  const weights = startWeights(task);
  const forward = jit((own: np.Array[], x: np.Array): np.Array => outputOf(task, own, x));
  const predict = (): Promise<ArrayLike<number>> => {
    const own = weights.map((weight) => weight.ref);
    return forward(own, images(task)).data();
  };
  return {
    results: predict,
    async run(times) {
      for (let count = 0; count < times; count++) await predict();
    },
    dispose() {
      for (const one of weights) one.dispose();
      forward.dispose();
    },
  };
}
