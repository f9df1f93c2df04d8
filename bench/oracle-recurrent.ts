/** A recurrent layer in float64: all steps of one example forward, and back through time. */

import { addBack, addOuter, addProduct, CELLS, type Matrix, type Step } from './oracle-cells.js';
import { GATES, type RecurrentLayer } from './task.js';

export interface Recurred {
  /** The last state [units]. */
  readonly output: Float64Array;
  readonly steps: readonly Step[];
}

interface Backward {
  readonly input: Float64Array;
  readonly recurred: Recurred;
  /** Of the last state [units], or of the states of all steps [steps, units]. */
  readonly dy: Float64Array;
  /** Kernel, recurrent kernel, bias. */
  readonly weights: readonly Float64Array[];
  readonly gradients: readonly Float64Array[];
}

/** `input` is [steps, features]; the first state is zeros. */
export function recurrentForward(
  layer: RecurrentLayer,
  input: Float64Array,
  weights: readonly Float64Array[],
): Recurred {
  const { cell, units } = layer;
  const { kernel, recurrent, bias, columns, features } = partsOf(layer, weights);
  const steps: Step[] = [];
  let [before, cBefore] = [new Float64Array(units), new Float64Array(units)];
  for (let from = 0; from < input.length; from += features) {
    const px = bias.slice(0, columns);
    addProduct(px, input.subarray(from, from + features), kernel, 0, columns);
    const ph = cell === 'gru' ? bias.slice(columns) : new Float64Array(columns);
    addProduct(ph, before, recurrent, 0, stateColumns(layer));
    const step = CELLS[cell].forward({ units, px, ph, before, cBefore, recurrent });
    steps.push(step);
    before = Float64Array.from(step.h);
    cBefore = Float64Array.from(step.c);
  }
  return { output: before, steps };
}

/** Adds to the gradients of the weights, gives that of the input. */
export function recurrentBackward(layer: RecurrentLayer, pass: Backward): Float64Array {
  const { cell, units } = layer;
  const { input, recurred, dy, weights, gradients } = pass;
  const { kernel, recurrent, columns, features } = partsOf(layer, weights);
  const { kernel: dKernel, recurrent: dRecurrent, bias: dBias } = partsOf(layer, gradients);
  const dx = new Float64Array(input.length);
  const earlier = recurred.steps.length - dy.length / units;
  let [dh, dc] = [new Float64Array(units), new Float64Array(units)];
  for (let t = recurred.steps.length - 1; t >= 0; t--) {
    const step = recurred.steps[t] as Step;
    if (t >= earlier) dh = dh.map((value, j) => value + (dy[(t - earlier) * units + j] as number));
    const dpx = new Float64Array(columns);
    const dph = cell === 'gru' ? new Float64Array(columns) : dpx;
    const [dBefore, dcBefore] = [new Float64Array(units), new Float64Array(units)];
    CELLS[cell].backward({ units, step, dh, dc, dpx, dph, dBefore, dcBefore, recurrent, dRecurrent });
    addBack(dBefore, dph, recurrent, 0, stateColumns(layer));
    addOuter(dRecurrent, step.before, dph, 0, stateColumns(layer));
    addOuter(dKernel, input.subarray(t * features, (t + 1) * features), dpx, 0, columns);
    addBack(dx.subarray(t * features, (t + 1) * features), dpx, kernel, 0, columns);
    const sums = cell === 'gru' ? [...dpx, ...dph] : dpx;
    sums.forEach((value, j) => {
      dBias[j] = (dBias[j] as number) + value;
    });
    [dh, dc] = [dBefore, dcBefore];
  }
  return dx;
}

function partsOf({ cell, units }: RecurrentLayer, [kernel, recurrent, bias]: readonly Float64Array[]) {
  if (!kernel || !recurrent || !bias) throw new RangeError('a recurrent layer has two kernels and a bias');
  const columns = GATES[cell] * units;
  const matrix = (data: Float64Array): Matrix => ({ data, columns });
  return {
    kernel: matrix(kernel),
    recurrent: matrix(recurrent),
    bias,
    columns,
    features: kernel.length / columns,
  };
}

/** Columns that the state itself is multiplied with; the older GRU's last ones take it behind the reset gate. */
const stateColumns = ({ cell, units }: RecurrentLayer): number =>
  (cell === 'gruResetBefore' ? 2 : GATES[cell]) * units;
