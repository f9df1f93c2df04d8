/**
 * Heddle's side. `free` and `read` are graph programs: data and weights lie in variables on the device, a block without reads is one
 * submit. `fit` is what an application calls.
 */

import {
  compile,
  init,
  layers,
  losses,
  type NDArray,
  ops,
  optimizers,
  type Program,
  sequential,
  type Tensor,
  type Variable,
  variable,
} from 'heddle';
import { version } from '../../package.json';
import { adapterName } from '../../src/core/adapter.js';
import { ADAPTER_OPTIONS } from '../adapter.js';
import type { Identity, Work } from '../case.js';
import { disposingOnThrow, type Own } from '../owned.js';
import {
  ADAM,
  byLayer,
  denseLayers,
  exampleShape,
  isConv,
  isRecurrent,
  type RecurrentLayer,
  stepsPerEpoch,
  type Task,
  weightShapes,
} from '../task.js';

export async function describeHeddle(): Promise<Identity> {
  const { adapter } = await device();
  return { version, adapter: adapterName(adapter) };
}

let ready: ReturnType<typeof init> | null = null;

/** WebGPU or an error: the CPU reference is no contestant. */
const device = (): ReturnType<typeof init> => {
  ready ??= init({ device: 'webgpu', ...ADAPTER_OPTIONS });
  return ready;
};

/** The training step of `task`, its data and weights on the device. */
export interface TrainingStep {
  readonly program: Program;
  /** Frees the program and its variables. */
  dispose(): void;
}

export async function trainingStep(task: Task): Promise<TrainingStep> {
  await device();
  return disposingOnThrow(async (own) => {
    const weights = weightVariables(task, own);
    const data = dataVariables(task, own);
    const loss = lossOf(task, data, weights);
    const optimizer = optimizers.adam({ learningRate: task.learningRate, ...ADAM });
    const program = await compile({
      name: task.name,
      outputs: { loss },
      updates: optimizer.minimize(loss, weights),
    });
    return {
      program,
      dispose() {
        program.dispose();
        for (const one of data) one.dispose();
        weights[0]?.store.dispose();
      },
    };
  });
}

export async function openHeddle(task: Task, drive: 'free' | 'read'): Promise<Work> {
  const { program, dispose } = await trainingStep(task);
  return {
    async results(steps) {
      const result = await program.run({}, { times: steps, collect: ['loss'] });
      return Array.from(result.loss?.data ?? []);
    },
    async run(steps) {
      if (drive === 'free') await program.run({}, { times: steps });
      else for (let step = 0; step < steps; step++) await readLoss(program);
    },
    dispose,
  };
}

async function readLoss(program: Program): Promise<number> {
  const { loss } = await program.run();
  return (loss as NDArray).item();
}

/** Side by side, so that one dispatch updates them all. */
export function weightVariables(task: Task, own: Own): Variable[] {
  const shapes = weightShapes(task);
  const made: Variable[] = [];
  for (const [index, values] of task.weights.entries()) {
    const shape = shapes[index] ?? [];
    const [first] = made;
    const one = variable(values, { shape, group: 'weights', ...(first ? { store: first.store } : {}) });
    if (!first) own(one.store);
    made.push(one);
  }
  return made;
}

function dataVariables(task: Task, own: Own): [Variable, Variable] {
  const { x, y, loss, batch } = task;
  const shape = loss === 'softmaxCrossentropy' ? [batch] : [batch, y.length / batch];
  return [
    own(variable(x, { shape: [batch, ...exampleShape(task)], trainable: false })),
    own(variable(y, { shape, trainable: false })),
  ];
}

const lossOf = (task: Task, [x, y]: readonly [Variable, Variable], weights: readonly Variable[]): Tensor =>
  ops.mean(lossFunction(task)(y, outputOf(task, x, weights)));

/** What the network makes of `x`. */
export function outputOf(task: Task, x: Tensor, weights: readonly Variable[]): Tensor {
  let hidden = x;
  const ofLayers = byLayer(task, weights);
  task.layers.forEach((layer, index) => {
    if (isRecurrent(layer)) {
      hidden = lastState(layer, hidden, ofLayers[index] ?? []);
      return;
    }
    const [kernel, bias] = ofLayers[index] as [Variable, Variable];
    const product = isConv(layer) ? ops.conv2d(hidden, kernel) : ops.matmul(flat(hidden), kernel);
    const sum = ops.add(product, bias);
    hidden = layer.activation === 'relu' ? ops.relu(sum) : sum;
    if (isConv(layer)) hidden = ops.maxPool(hidden, { poolSize: layer.poolSize });
  });
  return hidden;
}

/** What the cell makes of all steps: [batch, units]. */
function lastState({ cell }: RecurrentLayer, x: Tensor, weights: readonly Variable[]): Tensor {
  const [kernel, recurrent, bias] = weights as [Variable, Variable, Variable];
  if (cell === 'gruResetBefore') throw new RangeError('this GRU is measured in TensorFlow.js alone');
  const [, state] =
    cell === 'lstm'
      ? ops.lstm(x, kernel, recurrent, bias, { cellState: false })
      : ops[cell](x, kernel, recurrent, bias);
  return state as Tensor;
}

const flat = (x: Tensor): Tensor => {
  const [rows = 0, ...rest] = x.shape;
  return rest.length === 1
    ? x
    : ops.reshape(x, [rows, rest.reduce((product, extent) => product * extent, 1)]);
};

const lossFunction = ({ loss }: Task): losses.LossFunction =>
  loss === 'meanSquaredError'
    ? losses.meanSquaredError()
    : losses.sparseCategoricalCrossentropy({ fromLogits: true });

export async function openHeddleFit(task: Task): Promise<Work> {
  await device();
  const bytes = task.x instanceof Uint8Array;
  const inputShape = exampleShape(task);
  const net = sequential([
    ...(bytes ? [layers.rescaling({ scale: 1 / 255, inputShape })] : []),
    ...denseLayers(task).map(({ units, activation }, index) =>
      layers.dense({ units, activation, ...(index === 0 && !bytes ? { inputShape } : {}) }),
    ),
  ]);
  const shapes = weightShapes(task);
  net.setWeights(task.weights.map((data, index) => ({ data, shape: shapes[index] ?? [] })));
  net.compile({
    optimizer: optimizers.adam({ learningRate: task.learningRate, ...ADAM }),
    loss: lossFunction(task),
    metrics: task.loss === 'softmaxCrossentropy' ? ['accuracy'] : [],
  });
  const x = { data: task.x, shape: [task.rows, task.features] };
  const fitSteps = (steps: number, onLoss: ((loss: number) => void) | null): PromiseLike<unknown> =>
    net.fit(x, task.y, {
      batchSize: task.batch,
      epochs: Math.ceil(steps / stepsPerEpoch(task)),
      shuffle: onLoss === null,
      ...(onLoss ? { callbacks: [{ onBatchEnd: (_batch, logs) => onLoss(logs.loss ?? Number.NaN) }] } : {}),
    });
  return {
    async results(steps) {
      const found: number[] = [];
      await fitSteps(steps, (loss) => found.push(loss));
      return found.slice(0, steps);
    },
    async run(steps) {
      await fitSteps(steps, null);
    },
    dispose: () => net.dispose(),
  };
}
