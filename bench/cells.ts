/** What a recurrent cell is measured on, as plain data: a layer over whole sequences, forward, or forward and backward. */

import type { Cost, Expected } from './case.js';
import { recurrentBackward, recurrentForward } from './oracle-recurrent.js';
import type { RecurrentLayer, Task } from './task.js';
import { numbers, type Sequences, sequenceTask } from './tasks.js';

export type CellPart = 'forward' | 'backward';

export interface CellTask extends Sequences {
  readonly name: string;
  readonly layer: RecurrentLayer;
  /** [batch, steps, features]. */
  readonly x: Float32Array;
  /** Kernel, recurrent kernel, bias. */
  readonly weights: readonly Float32Array[];
  /** The gradient of the states [batch, steps, units]. */
  readonly dy: Float32Array;
}

/** An element of a result; see `resultsOf`. */
export interface Place {
  readonly result: number;
  readonly index: number;
}

/** What an engine must give, in order: the states [batch, steps, units], or the gradients of x and of the weights. */
const RESULTS: Readonly<Record<CellPart, readonly string[]>> = {
  forward: ['the states'],
  backward: ['the gradient of x', 'of the kernel', 'of the recurrent kernel', 'of the bias'],
};

const PROBES = 48;
/** Of a value and of the root mean square of its result, each. Errors of float32 stay a tenth of it at a hundred steps. */
const TOLERANCE = 1e-4;

export function cellTask(name: string, cell: RecurrentLayer['cell'], extents: Sequences): CellTask {
  const { layers, x, weights }: Task = sequenceTask(name, cell, extents);
  const { batch, steps, units } = extents;
  const next = numbers(23);
  return {
    name,
    layer: layers[0] as RecurrentLayer,
    ...extents,
    x: x as Float32Array,
    weights: weights.slice(0, 3),
    dy: Float32Array.from({ length: batch * steps * units }, () => 2 * next() - 1),
  };
}

/** Lengths of what `RESULTS` names. */
const lengthsOf = (task: CellTask, part: CellPart): number[] =>
  part === 'forward' ? [task.dy.length] : [task.x.length, ...task.weights.map(({ length }) => length)];

/** The same for every engine. */
export function placesOf(task: CellTask, part: CellPart): Place[] {
  const next = numbers(29);
  return lengthsOf(task, part).flatMap((length, result) =>
    Array.from({ length: Math.min(PROBES, length) }, () => ({ result, index: Math.floor(next() * length) })),
  );
}

/** Values of results at the places. */
export const probed = (places: readonly Place[], results: readonly ArrayLike<number>[]): number[] =>
  places.map(({ result, index }) => results[result]?.[index] ?? Number.NaN);

export function expectedOfCell(task: CellTask, part: CellPart): Expected {
  const places = placesOf(task, part);
  const results = resultsOf(task, part);
  const sizes = results.map((values) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length),
  );
  const values = probed(places, results);
  return {
    values,
    tolerance: (probe) =>
      TOLERANCE * (Math.abs(values[probe] ?? 0) + (sizes[places[probe]?.result ?? 0] ?? 0)),
    name(probe) {
      const { result = 0, index = 0 } = places[probe] ?? {};
      return `element ${index} of ${RESULTS[part][result]}`;
    },
  };
}

/** In float64, example by example. */
function resultsOf({ layer, batch, x, dy, weights: given }: CellTask, part: CellPart): Float64Array[] {
  const weights = given.map((values) => Float64Array.from(values));
  const gradients = given.map(({ length }) => new Float64Array(length));
  const [states, dx] = [new Float64Array(dy.length), new Float64Array(x.length)];
  const [inputs, outputs] = [x.length / batch, dy.length / batch];
  for (let row = 0; row < batch; row++) {
    const input = Float64Array.from(x.subarray(row * inputs, (row + 1) * inputs));
    const recurred = recurrentForward(layer, input, weights);
    for (const [step, { h }] of recurred.steps.entries()) states.set(h, row * outputs + step * layer.units);
    if (part === 'forward') continue;
    const own = Float64Array.from(dy.subarray(row * outputs, (row + 1) * outputs));
    dx.set(recurrentBackward(layer, { input, recurred, dy: own, weights, gradients }), row * inputs);
  }
  return part === 'forward' ? [states] : [dx, ...gradients];
}

/** The products: of the input and of the state with their kernels; backward, as many for each of both operands again. */
export function costOfCell(task: CellTask, part: CellPart): Cost {
  const { x, dy, weights, batch, steps } = task;
  const elements = (weights[0]?.length ?? 0) + (weights[1]?.length ?? 0);
  const forward = 2 * batch * steps * elements;
  const read = [x, ...weights].reduce((sum, { length }) => sum + length, 0);
  return part === 'forward'
    ? { flops: forward, bytes: 4 * (read + dy.length) }
    : { flops: 3 * forward, bytes: 4 * (2 * read + dy.length) };
}
