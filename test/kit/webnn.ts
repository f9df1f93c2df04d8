/**
 * The W3C's WebNN conformance cases as Heddle graphs: one builder per WebNN operator, by an op where Heddle has it, by a composition
 * where it has the parts. Pure data in, graph and tolerances out, so that the same cases serve the reference and the GPU.
 */

import type { DType } from '../../src/core/dtype.js';
import { hostArray } from '../../src/core/dtype.js';
import { sizeOf } from '../../src/core/shape.js';
import { applyOne, type HostTensor, type Node, type Value } from '../../src/ir/graph.js';
import { constant, inputOp } from '../../src/ir/leaves.js';
import * as ops from '../../src/ops/index.js';
import type { Tolerance } from './tolerance.js';
import { CONVOLUTIONS } from './webnn-convolution.js';
import { NORMALIZATIONS } from './webnn-normalization.js';

/** A case as it stands in the files. Infinity and NaN were lost on the way there: they are `null`. */
export interface WebnnTest {
  readonly name: string;
  readonly graph: {
    readonly inputs: Readonly<Record<string, WebnnTensor>>;
    readonly operators: readonly WebnnOperator[];
    readonly expectedOutputs: Readonly<Record<string, WebnnTensor>>;
  };
}

interface WebnnTensor {
  readonly data: number | readonly (number | null)[];
  readonly descriptor: { readonly shape: readonly number[]; readonly dataType: DType };
  readonly constant?: boolean;
}

interface WebnnOperator {
  readonly name: string;
  readonly arguments: readonly Readonly<Record<string, unknown>>[];
  readonly outputs: string | readonly string[];
}

export interface WebnnGraph {
  /** Data of each input node; constants are in the graph. */
  readonly feeds: ReadonlyMap<Node, HostTensor>;
  readonly outputs: readonly {
    readonly name: string;
    readonly value: Value;
    readonly expected: HostTensor;
    readonly tolerance: Tolerance;
  }[];
}

/** The arguments of an operator: its options and its other arguments alike, by name; tensors resolved. */
export interface Arguments {
  value(name: string): Value;
  values(name: string): Value[];
  number(name: string, fallback: number): number;
  list(name: string): number[] | undefined;
  text(name: string): string;
  flag(name: string): boolean;
  /** Whether the case gives it. */
  has(name: string): boolean;
}

export interface Mapping {
  build(args: Arguments): Value | Value[];
  /** `terms` is the number of input elements per output element. Default: exact. */
  tolerance?(terms: number, input: Value, args: Arguments): Tolerance;
}

const ulps = (ulp: number) => (): Tolerance => ({ ulp });
const unary = (op: (x: Value) => Value, ulp = 0): Mapping => ({
  build: (a) => op(a.value('input')),
  tolerance: ulps(ulp),
});
const binary = (op: (a: Value, b: Value) => Value, ulp = 0): Mapping => ({
  build: (args) => op(args.value('a'), args.value('b')),
  tolerance: ulps(ulp),
});
const reduction = (
  op: (x: Value, options: { axis?: number[]; keepDims: boolean }) => Value,
  ulp: (terms: number) => number,
): Mapping => ({
  build(args) {
    const axis = args.list('axes');
    return op(args.value('input'), { ...(axis && { axis }), keepDims: args.flag('keepDimensions') });
  },
  tolerance: (terms) => ({ ulp: ulp(terms) }),
});

/** WebNN operators by name. ULPs are those of the conformance suite. */
const MAPPINGS: Readonly<Record<string, Mapping>> = {
  ...CONVOLUTIONS,
  ...NORMALIZATIONS,
  abs: unary(ops.abs),
  neg: unary(ops.neg),
  exp: unary(ops.exp, 32),
  log: { build: (a) => ops.log(a.value('input')), tolerance: () => ({ absolute: 1 / 1024 }) },
  sqrt: unary(ops.sqrt, 1),
  relu: unary(ops.relu),
  sigmoid: unary(ops.sigmoid, 34),
  tanh: { build: (a) => ops.tanh(a.value('input')), tolerance: () => ({ absolute: 1 / 1024 }) },
  add: binary(ops.add, 1),
  sub: binary(ops.sub, 1),
  mul: binary(ops.mul, 1),
  div: binary(ops.div, 2),
  max: binary(ops.maximum),
  min: binary(ops.minimum),
  pow: binary(ops.pow, 32),
  equal: binary(ops.equal),
  greater: binary(ops.greater),
  greaterOrEqual: binary(ops.greaterEqual),
  lesser: binary(ops.less),
  lesserOrEqual: binary(ops.lessEqual),
  floor: unary(ops.floor),
  ceil: unary((x) => ops.neg(ops.floor(ops.neg(x)))),
  cast: { build: (a) => ops.cast(a.value('input'), a.text('type') as DType) },
  clamp: {
    build: (a) => clamp(a.value('input'), a.number('minValue', -Infinity), a.number('maxValue', Infinity)),
  },
  elu: {
    build(a) {
      const x = a.value('input');
      const below = ops.mul(ops.sub(ops.exp(ops.minimum(x, 0)), 1), a.number('alpha', 1));
      return ops.select(ops.greater(x, 0), x, below);
    },
    tolerance: ulps(18),
  },
  leakyRelu: {
    build(a) {
      const x = a.value('input');
      return ops.select(ops.less(x, 0), ops.mul(x, a.number('alpha', 0.01)), x);
    },
    tolerance: ulps(1),
  },
  linear: {
    build: (a) => linear(a.value('input'), a.number('alpha', 1), a.number('beta', 0)),
    tolerance: ulps(2),
  },
  hardSigmoid: {
    build: (a) => clamp(linear(a.value('input'), a.number('alpha', 0.2), a.number('beta', 0.5)), 0, 1),
    tolerance: ulps(2),
  },
  hardSwish: {
    build(a) {
      const x = a.value('input');
      return ops.div(ops.mul(x, clamp(ops.add(x, 3), 0, 6)), 6);
    },
    tolerance: ulps(4),
  },
  matmul: {
    build: (a) => ops.matmul(a.value('a'), a.value('b')),
    tolerance: (_, a) => ({ ulp: 2 * (a.shape.at(-1) ?? 1) }),
  },
  softmax: {
    build: (a) => ops.softmax(a.value('input'), { axis: a.number('axis', -1) }),
    tolerance: (_, x) => ({ ulp: 3 * (x.shape[1] ?? 1) + 3 }),
  },
  reduceSum: reduction(ops.sum, (n) => n),
  reduceMean: reduction(ops.mean, (n) => n + 2),
  reduceMax: reduction(ops.max, () => 0),
  reduceMin: reduction(ops.min, () => 0),
  reduceProduct: reduction(product, (n) => n),
  reduceL1: reduction(
    (x, options) => ops.sum(ops.abs(x), options),
    (n) => n,
  ),
  reduceL2: reduction(
    (x, options) => ops.sqrt(ops.sum(ops.square(x), options)),
    (n) => 2 * n + 2,
  ),
  reduceSumSquare: reduction(
    (x, options) => ops.sum(ops.square(x), options),
    (n) => 2 * n,
  ),
  reduceLogSum: reduction(
    (x, options) => ops.log(ops.sum(x, options)),
    (n) => n + 18,
  ),
  reduceLogSumExp: reduction(
    (x, options) => ops.log(ops.sum(ops.exp(x), options)),
    (n) => 2 * n + 18,
  ),
  reshape: { build: (a) => ops.reshape(a.value('input'), a.list('newShape') ?? []) },
  expand: { build: (a) => ops.broadcastTo(a.value('input'), a.list('newShape') ?? []) },
  transpose: {
    build(a) {
      const perm = a.list('permutation');
      return ops.transpose(a.value('input'), { ...(perm && { perm }) });
    },
  },
  concat: { build: (a) => ops.concat(a.values('inputs'), { axis: a.number('axis', 0) }) },
  gather: { build: (a) => ops.gather(a.value('input'), a.value('indices'), { axis: a.number('axis', 0) }) },
  slice: {
    build: (a) => slice(a.value('input'), a.list('starts') ?? [], a.list('sizes') ?? [], a.list('strides')),
  },
  split: {
    build: (a) =>
      ops.split(a.value('input'), {
        sizes: a.list('splits') ?? a.number('splits', 1),
        axis: a.number('axis', 0),
      }),
  },
};

/** Whether Heddle can express `operator`. */
export const mapsOperator = (operator: string): boolean => MAPPINGS[operator] !== undefined;

/** The graph of a case. Its data must be complete (`isComplete`). */
export function buildWebnn({ graph }: WebnnTest): WebnnGraph {
  const feeds = new Map<Node, HostTensor>();
  const known = new Map<string, Value>();
  for (const [name, tensor] of Object.entries(graph.inputs)) {
    const host = hostTensor(tensor);
    const { shape, dtype, data } = host;
    const value = tensor.constant
      ? constant(data, shape, dtype)
      : applyOne(inputOp, [], { name, shape, dtype });
    if (!tensor.constant) feeds.set(value.node, host);
    known.set(name, value);
  }
  const tolerances = new Map<string, Tolerance>();
  for (const operator of graph.operators) {
    const mapping = MAPPINGS[operator.name];
    if (!mapping) throw new Error(`WebNN's ${operator.name} has no counterpart`);
    const args = readArguments(operator, known);
    const built = mapping.build(args);
    const values = Array.isArray(built) ? built : [built];
    const names = typeof operator.outputs === 'string' ? [operator.outputs] : operator.outputs;
    const source = [...known.values()][0] as Value;
    names.forEach((name, index) => {
      const value = values[index];
      if (!value || values.length !== names.length)
        throw new Error(`${operator.name} gave ${values.length} outputs`);
      known.set(name, value);
      const terms = Math.max(1, sizeOf(source.shape) / Math.max(1, sizeOf(value.shape)));
      tolerances.set(name, mapping.tolerance?.(terms, source, args) ?? { ulp: 0 });
    });
  }
  const outputs = Object.entries(graph.expectedOutputs).map(([name, tensor]) => {
    const value = known.get(name);
    if (!value) throw new Error(`no operator makes ${name}`);
    return { name, value, expected: hostTensor(tensor), tolerance: tolerances.get(name) ?? { ulp: 0 } };
  });
  return { feeds, outputs };
}

/** Whether every number of a case survived the conversion to JSON, and its data fill its shapes. */
export function isComplete({ graph }: WebnnTest): boolean {
  const tensors = [...Object.values(graph.inputs), ...Object.values(graph.expectedOutputs)];
  const options = graph.operators.flatMap((operator) =>
    operator.arguments.flatMap((one) => Object.values(one)),
  );
  return (
    tensors.every(({ data, descriptor }) => {
      const list = typeof data === 'number' ? [data] : data;
      return list.length === sizeOf(descriptor.shape) && list.every((value) => value !== null);
    }) && !options.some((option) => typeof option === 'object' && Object.values(option ?? {}).includes(null))
  );
}

function hostTensor({ data, descriptor: { shape, dataType } }: WebnnTensor): HostTensor {
  const host = hostArray(dataType, sizeOf(shape));
  (typeof data === 'number' ? [data] : data).forEach((value, index) => {
    host[index] = value ?? Number.NaN;
  });
  return { shape, dtype: dataType, data: host };
}

function readArguments(operator: WebnnOperator, known: ReadonlyMap<string, Value>): Arguments {
  const all: Record<string, unknown> = {};
  for (const argument of operator.arguments) Object.assign(all, argument, argument.options);
  const tensor = (name: unknown): Value => {
    const value = typeof name === 'string' ? known.get(name) : undefined;
    if (!value) throw new Error(`${operator.name} has no tensor '${String(name)}'`);
    return value;
  };
  return {
    value: (name) => tensor(all[name]),
    values: (name) => (all[name] as unknown[]).map(tensor),
    number: (name, fallback) => (typeof all[name] === 'number' ? all[name] : fallback),
    list: (name) => (Array.isArray(all[name]) ? (all[name] as number[]) : undefined),
    text: (name) => String(all[name]),
    flag: (name) => all[name] === true,
    has: (name) => all[name] !== undefined,
  };
}

const linear = (x: Value, alpha: number, beta: number): Value => ops.add(ops.mul(x, alpha), beta);

function clamp(x: Value, low: number, high: number): Value {
  const raised = low === -Infinity ? x : ops.maximum(x, low);
  return high === Infinity ? raised : ops.minimum(raised, high);
}

/** Products have no op of their own: slices along each axis, multiplied. */
function product(x: Value, { axis, keepDims }: { axis?: number[]; keepDims: boolean }): Value {
  const axes = axis ?? x.shape.map((_, index) => index);
  let result = x;
  for (const along of axes) {
    const [first, ...rest] = ops.split(result, { sizes: result.shape[along] ?? 1, axis: along });
    result = rest.reduce((total, one) => ops.mul(total, one), first as Value);
  }
  const kept = x.shape.filter((_, index) => !axes.includes(index));
  return keepDims ? result : ops.reshape(result, kept);
}

/** A slice; strides by gathering every n-th index. */
function slice(x: Value, begin: number[], size: number[], strides: number[] = []): Value {
  let result = ops.slice(x, { begin, size });
  strides.forEach((stride, axis) => {
    if (stride === 1) return;
    const count = Math.ceil((result.shape[axis] ?? 1) / stride);
    const indices = Int32Array.from({ length: count }, (_, index) => index * stride);
    result = ops.gather(result, constant(indices, [count], 'int32'), { axis });
  });
  return result;
}
