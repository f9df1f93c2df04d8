/**
 * The losses that a task must give, in float64 and by plain loops, sharing nothing with any engine: a fast kernel that is wrong
 * cannot win. Forward, backward and Adam of convolutions, recurrent and dense layers.
 */

import { type Convolved, convBackward, convForward, type Weights } from './oracle-convolution.js';
import { type Recurred, recurrentBackward, recurrentForward } from './oracle-recurrent.js';
import {
  ADAM,
  byLayer,
  type Image,
  inputShapes,
  isConv,
  isRecurrent,
  stepsPerEpoch,
  type Task,
  type TaskLayer,
} from './task.js';

interface Parameter {
  readonly value: Float64Array;
  readonly gradient: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** The losses of the first `steps` steps; step s takes batch s, and starts over after the last. */
export function expectedLosses(task: Task, steps: number): number[] {
  const parameters = task.weights.map(({ length }, index): Parameter => {
    const empty = () => new Float64Array(length);
    return { value: Float64Array.from(task.weights[index] ?? []), gradient: empty(), m: empty(), v: empty() };
  });
  return Array.from({ length: steps }, (_, step) => {
    for (const { gradient } of parameters) gradient.fill(0);
    let loss = 0;
    for (let row = 0; row < task.batch; row++) {
      loss += exampleLoss(task, (step % stepsPerEpoch(task)) * task.batch + row, parameters);
    }
    for (const parameter of parameters) adamStep(parameter, step + 1, task.learningRate);
    return loss / task.batch;
  });
}

/** What the network gives for example `row`, before any training. */
export function expectedOutput(task: Task, row: number): Float64Array {
  const weights = task.weights.map((values) => Float64Array.from(values));
  return forward(task, row, weights).at(-1)?.output ?? new Float64Array();
}

/** What each layer makes of one example. */
function forward(task: Task, row: number, weights: readonly Float64Array[]): Passed[] {
  const scale = task.x instanceof Uint8Array ? 1 / 255 : 1;
  const from = row * task.features;
  const shapes = inputShapes(task);
  let hidden: Float64Array = Float64Array.from(task.x.subarray(from, from + task.features), (x) => x * scale);
  const ofLayers = byLayer(task, weights);
  return task.layers.map((layer, index): Passed => {
    const values = ofLayers[index] ?? [];
    const input = hidden;
    const convolved = isConv(layer)
      ? convForward(layer, input, shapes[index] as Image, kernelAndBias(values))
      : null;
    const recurred = isRecurrent(layer) ? recurrentForward(layer, input, values) : null;
    hidden = (convolved ?? recurred)?.output ?? denseForward(layer, input, kernelAndBias(values));
    return { input, output: hidden, convolved, recurred };
  });
}

/** The loss of one example; adds its share of the mean's gradient. */
function exampleLoss(task: Task, row: number, parameters: readonly Parameter[]): number {
  const shapes = inputShapes(task);
  const ofLayers = byLayer(task, parameters);
  const weights = parameters.map(({ value }) => value);
  const passed = forward(task, row, weights);
  const { loss, gradient } = judged(task, row, passed.at(-1)?.output ?? new Float64Array());
  let dy: Float64Array = gradient.map((value) => value / task.batch);
  for (let index = task.layers.length - 1; index >= 0; index--) {
    const layer = task.layers[index] as TaskLayer;
    const { input, output, convolved, recurred } = passed[index] as Passed;
    const own = ofLayers[index] ?? [];
    const [values, slopes] = [own.map(({ value }) => value), own.map(({ gradient: slope }) => slope)];
    if (layer.activation === 'relu') dy = dy.map((value, j) => (at(output, j) > 0 ? value : 0));
    if (isConv(layer) && convolved) {
      const [weights, gradients] = [kernelAndBias(values), kernelAndBias(slopes)];
      dy = convBackward(layer, { input, shape: shapes[index] as Image, convolved, dy, weights, gradients });
    } else if (isRecurrent(layer) && recurred) {
      // It comes first: nobody asks for the gradient of its input.
      recurrentBackward(layer, { input, recurred, dy, weights: values, gradients: slopes });
    } else dy = denseBackward(input, dy, kernelAndBias(values), kernelAndBias(slopes));
  }
  return loss;
}

/** What a layer took and gave. */
interface Passed {
  readonly input: Float64Array;
  readonly output: Float64Array;
  readonly convolved: Convolved | null;
  readonly recurred: Recurred | null;
}

function kernelAndBias([kernel, bias]: readonly Float64Array[]): Weights {
  if (!kernel || !bias) throw new RangeError('a layer has a kernel and a bias');
  return { kernel, bias };
}

function denseForward(
  { activation }: TaskLayer,
  input: Float64Array,
  { kernel, bias }: Weights,
): Float64Array {
  const output = Float64Array.from(bias);
  const units = output.length;
  for (let i = 0; i < input.length; i++) {
    const x = at(input, i);
    for (let j = 0; j < units; j++) output[j] = at(output, j) + x * at(kernel, i * units + j);
  }
  return activation === 'relu' ? output.map((value) => Math.max(0, value)) : output;
}

function denseBackward(
  input: Float64Array,
  dy: Float64Array,
  { kernel }: Weights,
  gradients: Weights,
): Float64Array {
  const units = dy.length;
  for (let j = 0; j < units; j++) gradients.bias[j] = at(gradients.bias, j) + at(dy, j);
  return input.map((x, i) => {
    let dx = 0;
    for (let j = 0; j < units; j++) {
      const index = i * units + j;
      gradients.kernel[index] = at(gradients.kernel, index) + x * at(dy, j);
      dx += at(dy, j) * at(kernel, index);
    }
    return dx;
  });
}

/** The loss of one example and its gradient to the outputs. */
function judged(
  { loss, y }: Task,
  row: number,
  output: Float64Array,
): { loss: number; gradient: Float64Array } {
  if (loss === 'meanSquaredError') {
    const errors = output.map((value, j) => value - at(y, row * output.length + j));
    const total = errors.reduce((sum, error) => sum + error * error, 0);
    return { loss: total / output.length, gradient: errors.map((error) => (2 * error) / output.length) };
  }
  const label = at(y, row);
  const most = output.reduce((a, b) => Math.max(a, b));
  const powers = output.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b);
  return {
    loss: Math.log(sum) + most - at(output, label),
    gradient: powers.map((power, j) => power / sum - (j === label ? 1 : 0)),
  };
}

/** Adam in step t, as Keras has it. */
function adamStep({ value, gradient, m, v }: Parameter, t: number, learningRate: number): void {
  const { beta1, beta2, epsilon } = ADAM;
  const rate = (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
  for (let i = 0; i < value.length; i++) {
    const g = at(gradient, i);
    m[i] = beta1 * at(m, i) + (1 - beta1) * g;
    v[i] = beta2 * at(v, i) + (1 - beta2) * g * g;
    value[i] = at(value, i) - (rate * at(m, i)) / (Math.sqrt(at(v, i)) + epsilon);
  }
}

const at = (array: ArrayLike<number>, index: number): number => array[index] as number;
