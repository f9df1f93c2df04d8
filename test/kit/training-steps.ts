/** Whole training steps as graphs, built from ops and variables alone: what `fit` compiles for the examples. */

import { gradients } from '../../src/compiler/autodiff.js';
import type { HostArray } from '../../src/core/dtype.js';
import { permutation, randomStream } from '../../src/core/random.js';
import { type Shape, sizeOf } from '../../src/core/shape.js';
import type { Graph, Value } from '../../src/ir/graph.js';
import {
  add,
  argMax,
  cast,
  equal,
  mean,
  relu,
  sparseSoftmaxCrossentropy,
  square,
  sub,
} from '../../src/ops/index.js';
import { matmul } from '../../src/ops/matmul.js';
import {
  adamUpdate,
  CONTROL_ORDER,
  nextBatch,
  type TAIL_STATE,
  trainingTail,
} from '../../src/ops/training/index.js';
import { HostArena, type HostVariable } from './host-program.js';

export interface TrainingStep {
  readonly graph: Graph;
  readonly variables: readonly HostVariable[];
}

interface Task {
  /** Of one example. */
  readonly features: number;
  readonly rows: number;
  readonly batch: number;
  readonly x: (rows: number) => HostArray;
  readonly y: { readonly shape: Shape; readonly data: HostArray; readonly dtype: 'uint8' | 'float32' };
  readonly widths: readonly number[];
  /** Loss per example, and metrics. */
  readonly judge: (y: Value, prediction: Value) => { losses: Value; metrics: readonly Value[] };
  readonly metrics: number;
}

/** dense(128, relu) → dense(10), sparse softmax cross-entropy on logits, accuracy, Adam, batch 32. */
export function classifierStep(features = 784, hidden = 128, batch = 32): TrainingStep {
  const rows = batch * 3;
  const random = randomStream(3, 1);
  return trainingStep({
    features,
    rows,
    batch,
    x: (count) => Uint8Array.from({ length: count * features }, () => random.below(256)),
    y: { shape: [rows], dtype: 'uint8', data: Uint8Array.from({ length: rows }, () => random.below(10)) },
    widths: [hidden, 10],
    metrics: 1,
    judge: (labels, logits) => ({
      losses: sparseSoftmaxCrossentropy(logits, labels),
      metrics: [cast(equal(argMax(logits), labels), 'float32')],
    }),
  });
}

/** dense(1) → mean squared error on seven pairs, Adam. */
export function regressionStep(): TrainingStep {
  const celsius = Float32Array.of(-40, -10, 0, 8, 15, 22, 38);
  return trainingStep({
    features: 1,
    rows: 7,
    batch: 7,
    x: () => celsius,
    y: { shape: [7, 1], dtype: 'float32', data: celsius.map((degrees) => degrees * 1.8 + 32) },
    widths: [1],
    metrics: 0,
    judge: (y, prediction) => ({ losses: mean(square(sub(prediction, y)), { axis: -1 }), metrics: [] }),
  });
}

function trainingStep(task: Task): TrainingStep {
  const random = randomStream(7, 0);
  const [parameters, first, second, state, data, settings] = [
    'parameters',
    'first moments',
    'second moments',
    'state',
    'data',
    'settings',
  ].map((label) => new HostArena(label)) as [
    HostArena,
    HostArena,
    HostArena,
    HostArena,
    HostArena,
    HostArena,
  ];

  const extents = [task.features, ...task.widths];
  const shapes = task.widths.flatMap((units, layer): Shape[] => [[extents[layer] as number, units], [units]]);
  const filled = (shape: Shape): Float32Array =>
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal() / Math.sqrt(shape[0] ?? 1));
  const weights = shapes.map((shape, index) => parameters.variable(`w${index}`, shape, filled(shape)));
  const zeros = (arena: HostArena): HostVariable[] =>
    shapes.map((shape, index) => arena.variable(`m${index}`, shape, new Float32Array(sizeOf(shape))));
  const [m, v] = [zeros(first), zeros(second)];
  const scalars = CONTROL_ORDER.map((name) => state.variable(name, [], Uint32Array.of(0), 'uint32'));
  const columns = 1 + task.metrics;
  const ring = state.variable('ring', [16, columns], new Float32Array(16 * columns));
  const totals = state.variable('totals', [columns], new Float32Array(columns));
  const order = data.variable('order', [task.rows], permutation(task.rows, random), 'int32');
  const images = task.x(task.rows);
  const dtype = images instanceof Uint8Array ? 'uint8' : 'float32';
  const x = data.variable('x', [task.rows, task.features], images, dtype);
  const y = data.variable('y', task.y.shape, task.y.data, task.y.dtype);
  const rate = settings.variable('learning rate', [], Float32Array.of(1e-3));

  const control = new Map(scalars.map((one) => [one.name, one.value]));
  const [cursor] = scalars as [HostVariable];
  const [batchX, batchY] = nextBatch({
    cursor: cursor.value,
    order: order.value,
    batchSize: task.batch,
    columns: [
      { shards: [x.value] },
      { shards: [y.value], dtype: task.y.dtype === 'uint8' ? 'int32' : 'float32' },
    ],
  }) as [Value, Value];
  let hidden = batchX;
  task.widths.forEach((_, layer) => {
    const sum = add(
      matmul(hidden, weights[2 * layer]?.value as Value),
      weights[2 * layer + 1]?.value as Value,
    );
    hidden = layer === task.widths.length - 1 ? sum : relu(sum);
  });
  const { losses, metrics } = task.judge(batchY, hidden);
  const values = (list: readonly HostVariable[]): Value[] => list.map(({ value }) => value);
  const grads = gradients([mean(losses)], [null], values(weights)) as Value[];
  const before = { ring: ring.value, totals: totals.value, ...Object.fromEntries(control) };
  const tail = trainingTail({ losses, metrics, ...(before as Record<(typeof TAIL_STATE)[number], Value>) });
  const { step, apply, fault } = tail;
  const adam = adamUpdate({
    params: values(weights),
    grads,
    m: values(m),
    v: values(v),
    learningRate: rate.value,
    step,
    apply,
    fault,
  });
  const after: Record<string, Value> = { ...tail, step: adam.step, apply: adam.apply, fault: adam.fault };
  const pair = (list: readonly HostVariable[], next: readonly Value[]) =>
    list.map((variable, index) => ({ variable, value: next[index] as Value }));
  return {
    graph: {
      inputs: [],
      outputs: [],
      updates: [
        ...pair(weights, adam.params),
        ...pair(m, adam.m),
        ...pair(v, adam.v),
        ...[...scalars, ring, totals].map((variable) => ({ variable, value: after[variable.name] as Value })),
      ],
    },
    variables: [...weights, ...m, ...v, ...scalars, ring, totals, order, x, y, rate],
  };
}
