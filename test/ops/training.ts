/** Cases of the ops that end a training step: its tail, the optimizers, the ring of outputs. */

import type { Value } from '../../src/ir/graph.js';
import {
  type AdamArguments,
  adamUpdate,
  commit,
  type SgdArguments,
  sgdUpdate,
  TAIL_STATE,
  trainingTail,
} from '../../src/ops/training/index.js';
import { cut, named } from '../../src/ops/training/named.js';
import type { CaseInput, OpCase } from './case.js';

type List = readonly number[];

const word = (value: number): CaseInput => ({ shape: [], dtype: 'uint32', fill: [value] });
const float = (value: number): CaseInput => ({ shape: [], fill: [value] });

interface TailCase {
  readonly name: string;
  readonly batch: number;
  readonly metrics: number;
  /** cursor, halted, step, apply, fault. */
  readonly control: List;
  readonly losses?: List;
}

const TAILS: readonly TailCase[] = [
  { name: 'the first step', batch: 1, metrics: 0, control: [0, 0, 0, 0, 0] },
  { name: 'a batch of 32', batch: 32, metrics: 1, control: [64, 0, 2, 1, 0] },
  { name: 'a batch of 257, ring wraps', batch: 257, metrics: 2, control: [0, 0, 7, 1, 0] },
  { name: 'as many metrics as bindings', batch: 65, metrics: 4, control: [0, 0, 1, 1, 0] },
  { name: 'more metrics than bindings', batch: 65, metrics: 5, control: [0, 0, 1, 1, 0] },
  { name: 'twelve metrics', batch: 31, metrics: 12, control: [0, 0, 1, 1, 0] },
  { name: 'halted before', batch: 3, metrics: 1, control: [96, 4, 3, 0, 0] },
  { name: 'after a fault', batch: 3, metrics: 1, control: [96, 0, 3, 1, 1] },
  { name: 'a loss overflows', batch: 2, metrics: 1, control: [6, 0, 3, 1, 0], losses: [3e38, 3e38] },
  { name: 'a loss is NaN', batch: 3, metrics: 1, control: [6, 0, 3, 1, 0], losses: [1, Number.NaN, 2] },
  { name: 'a loss is infinite', batch: 3, metrics: 5, control: [6, 0, 9, 1, 0], losses: [1, 2, -Infinity] },
  { name: 'integers', batch: 67, metrics: 1, control: [0, 0, 0, 0, 0], losses: new Array(67).fill(3) },
];

const haltsOn = (losses: List, [, halted, , , fault]: List): boolean =>
  halted === 0 && (fault === 1 || !Number.isFinite(Math.fround(losses.reduce((sum, loss) => sum + loss, 0))));

function tailCase({ name, batch, metrics, control, losses }: TailCase): OpCase {
  const columns = 1 + metrics;
  return {
    op: 'trainingTail',
    name,
    inputs: [
      { shape: [batch], ...(losses ? { fill: losses } : {}) },
      ...Array.from({ length: metrics }, (): CaseInput => ({ shape: [batch], fill: 'unit' })),
      { shape: [5, columns] },
      { shape: [columns], fill: 'positive' },
      ...control.map(word),
    ],
    build: (...inputs) => {
      const [vectors = [], state = []] = cut(inputs, [columns, TAIL_STATE.length]);
      const [first, ...rest] = vectors;
      if (!first) return [];
      const after = trainingTail({ losses: first, metrics: rest, ...named(TAIL_STATE, state) });
      // Where a step is refused the ring says so by NaN or infinity, and cases have finite results; kernels are held to all outputs all the same.
      const kept = haltsOn(losses ?? [], control) ? TAIL_STATE.filter((key) => key !== 'ring') : TAIL_STATE;
      return kept.map((key) => after[key]);
    },
    gradients: false,
  };
}

const SHAPES: readonly (readonly List[])[] = [
  [[]],
  [[64]],
  [[3, 5], [5], [65], []],
  [[33, 128], [128], [128, 10], [10]],
];

type AdamOptions = Pick<AdamArguments, 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'begins'>;
type SgdOptions = Pick<SgdArguments, 'momentum' | 'nesterov' | 'begins'>;

const ADAMS: readonly { readonly t: number; readonly applies: number; readonly options: AdamOptions }[] = [
  { t: 1, applies: 1, options: {} },
  { t: 2, applies: 1, options: { weightDecay: 0.1 } },
  { t: 700, applies: 1, options: { beta1: 0.8, beta2: 0.99, epsilon: 1e-3 } },
  { t: 3, applies: 1, options: { beta1: 0 } },
  { t: 2 ** 20, applies: 1, options: {} },
  { t: 5, applies: 0, options: {} },
  { t: 5, applies: 0, options: { begins: true } },
];

const SGDS: readonly { readonly applies: number; readonly options: SgdOptions }[] = [
  { applies: 1, options: {} },
  { applies: 1, options: { momentum: 0.9 } },
  { applies: 1, options: { momentum: 0.9, nesterov: true } },
  { applies: 0, options: { momentum: 0.5 } },
  { applies: 0, options: { begins: true } },
];

const floats = (shapes: readonly List[], fill: 'normal' | 'unit' = 'normal'): CaseInput[] =>
  shapes.map((shape) => ({ shape, fill }));

function buildAdam(inputs: readonly Value[], count: number, options: AdamOptions): Value[] {
  const [params = [], grads = [], m = [], v = [], rest = []] = cut(inputs, [count, count, count, count, 4]);
  const scalars = named(['learningRate', 'step', 'apply', 'fault'], rest);
  const results = adamUpdate({ params, grads, m, v, ...scalars, ...options });
  return [...results.params, ...results.m, ...results.v, results.step, results.apply, results.fault];
}

function buildSgd(inputs: readonly Value[], count: number, options: SgdOptions): Value[] {
  const slots = options.momentum ? count : 0;
  const [params = [], grads = [], velocities = [], rest = []] = cut(inputs, [count, count, slots, 4]);
  const scalars = named(['learningRate', 'step', 'apply', 'fault'], rest);
  const results = sgdUpdate({ params, grads, velocities, ...scalars, ...options });
  return [...results.params, ...results.velocities, results.step, results.apply, results.fault];
}

const adamCases = SHAPES.flatMap((shapes, index) =>
  ADAMS.map(
    ({ t, applies, options }): OpCase => ({
      op: 'adam',
      name: `${shapes.map((shape) => `[${shape.join(',')}]`).join(' ')}, t ${t}, apply ${applies} ${JSON.stringify(options)}`,
      full: index === 1,
      inputs: [
        ...floats(shapes),
        ...floats(shapes),
        ...floats(shapes),
        ...floats(shapes, 'unit'),
        float(0.01),
        word(t),
        word(applies),
        word(options.begins ? 1 : 0),
      ],
      build: (...inputs) => buildAdam(inputs, shapes.length, options),
      gradients: false,
    }),
  ),
);

const sgdCases = SHAPES.flatMap((shapes, index) =>
  SGDS.map(
    ({ applies, options }): OpCase => ({
      op: 'sgd',
      name: `${shapes.map((shape) => `[${shape.join(',')}]`).join(' ')}, apply ${applies} ${JSON.stringify(options)}`,
      full: index === 1,
      inputs: [
        ...floats(shapes),
        ...floats(shapes),
        ...(options.momentum ? floats(shapes) : []),
        float(0.1),
        word(3),
        word(applies),
        word(options.begins ? 1 : 0),
      ],
      build: (...inputs) => buildSgd(inputs, shapes.length, options),
      gradients: false,
    }),
  ),
);

/** Gradients of 1 that no element survives: not a number, infinite, too large to square, too large to add. */
const FAULTS: readonly { readonly name: string; readonly gradient: number }[] = [
  { name: 'NaN', gradient: Number.NaN },
  { name: 'infinite', gradient: -Infinity },
  { name: 'huge', gradient: 3.4e38 },
];

/** Two variables, the second with the gradient at fault in its middle. */
const faulty = (gradient: number): CaseInput[] => [
  { shape: [5] },
  { shape: [3] },
  { shape: [5] },
  { shape: [3], fill: [0.5, gradient, -0.5] },
];

const faultCases = FAULTS.flatMap(({ name, gradient }): OpCase[] => [
  {
    op: 'adam',
    name: `a gradient is ${name}`,
    inputs: [
      ...faulty(gradient),
      ...floats([[5], [3]]),
      ...floats([[5], [3]], 'unit'),
      float(0.1),
      word(1),
      word(1),
      word(0),
    ],
    build: (...inputs) => buildAdam(inputs, 2, {}),
    gradients: false,
  },
  {
    op: 'sgd',
    name: `a gradient is ${name}`,
    inputs: [...faulty(gradient), ...floats([[5], [3]]), float(10), word(1), word(1), word(0)],
    build: (...inputs) => buildSgd(inputs, 2, { momentum: 0.9 }),
    gradients: false,
  },
  {
    op: 'sgd',
    name: `a gradient is ${name} in a step that begins here`,
    inputs: [...faulty(gradient), float(10), word(0), word(0), word(0)],
    build: (...inputs) => buildSgd(inputs, 2, { begins: true }),
    gradients: false,
  },
]);

export const cases: OpCase[] = [
  ...TAILS.map(tailCase),
  ...adamCases,
  ...sgdCases,
  ...faultCases,
  ...[1, 0].map(
    (applied): OpCase => ({
      op: 'commit',
      name: applied === 1 ? 'puts values in their places' : 'leaves everything where the step is refused',
      inputs: [...floats([[5], [65], []]), ...floats([[5], [65], []], 'unit'), word(applied)],
      build: (...inputs) => {
        const [kept = [], values = [], [apply] = []] = cut(inputs, [3, 3, 1]);
        return apply ? commit({ kept, values, apply }) : [];
      },
      exact: true,
      gradients: false,
    }),
  ),
];
