/**
 * How far a correct float32 device may be from the reference: c(n)·ε·Σ|terms| for each element, and what errors of the inputs
 * do to it. Values are in double precision, so that the budget need not cover the reference's own rounding.
 *
 * A fused node gets its budget through its decomposition, node by node: the base kernel's error enters the epilogue, the
 * prologue's error enters the base kernel. Integers and booleans are exact, except where a decision lies within reach of
 * its operands' errors: then either way is allowed. An infinite budget means that nothing can be said; judges refuse it.
 */

import { ACCUMULATION, EPSILON, SMALLEST_NORMAL } from '../core/budgets.js';
import { type HostArray, isFloat } from '../core/dtype.js';
import { sizeOf } from '../core/shape.js';
import { type HostTensor, type Node, topologicalOrder, type Value } from '../ir/graph.js';
import { type ConstantAttrs, constantOp } from '../ir/leaves.js';
import { evaluateProgram } from '../ops/pointwise/evaluate.js';
import { rowProgram } from '../ops/pointwise/op.js';
import { decompositionOf } from './decomposition.js';
import { type EvaluateOptions, emptyTensor, evaluateNode, evaluateValues, type Feeds } from './evaluate.js';

/** One error per element; `null`: exact. */
export type Errors = Float64Array | null;

export interface Budgeted {
  /** One per output, floats in float64. */
  readonly values: readonly HostTensor[];
  /** One per output, one number per element. */
  readonly budgets: readonly Float64Array[];
}

/** A tensor on its way through a decomposition. */
interface Carried {
  readonly tensor: HostTensor;
  readonly errors: Errors;
}

/**
 * The outputs of `node` on `inputs`, with the budget of each element. `inputErrors` says how far each input may be from what it
 * should be; leave it out for inputs read from the device, which are what they are.
 */
export function referenceWithBudget(
  node: Node,
  inputs: readonly HostTensor[],
  inputErrors: readonly Errors[] = [],
): Budgeted {
  const carried = inputs.map((tensor, index) => ({ tensor, errors: inputErrors[index] ?? null }));
  return budgeted(carry(node, carried));
}

/**
 * What `node` should have made of `inputs`, to judge the device's `actual` outputs by (`null`: not written). Ops that feed their results
 * back into themselves are followed step by step, from what the device had before each.
 */
export function referenceFollowing(
  node: Node,
  inputs: readonly HostTensor[],
  actual: readonly (HostTensor | null)[],
): Budgeted {
  const { op, attrs } = node;
  if (!op.following) return referenceWithBudget(node, inputs);
  const values = node.outputs.map((output) => emptyTensor(output, 'float64'));
  const budgets = op.following(inputs, actual, values, attrs);
  const floor = ((op.terms?.(inputs, attrs) ?? 1) + 1) * SMALLEST_NORMAL;
  return { values, budgets: budgets.map((errors) => errors.map((error) => error + floor)) };
}

/**
 * `roots` from exact inputs and variables, each element with the budget of the whole graph: every node's own budget, carried through
 * all that follow. What a program may be off by that keeps its intermediate results to itself.
 */
export function evaluateWithBudgets(
  roots: readonly Value[],
  feeds: Feeds,
  options: Omit<EvaluateOptions, 'precision'> = {},
): Budgeted {
  const leaves = topologicalOrder(roots).filter(({ op }) => op.leaf);
  const tensors = evaluateValues(
    leaves.map(({ outputs }) => outputs[0] as Value),
    feeds,
    options,
  );
  const exact = leaves.map(
    (leaf, index) => [leaf, [{ tensor: tensors[index] as HostTensor, errors: null }]] as const,
  );
  return budgeted(carryGraph(roots, new Map<Node, readonly Carried[]>(exact)));
}

const budgeted = (carried: readonly Carried[]): Budgeted => ({
  values: carried.map(({ tensor }) => tensor),
  budgets: carried.map(({ tensor, errors }) => errors ?? new Float64Array(tensor.data.length)),
});

/** The outputs of `node` with their errors, in order of preference: by row, by view, by own budget, by decomposition. */
function carry(node: Node, inputs: readonly Carried[]): Carried[] {
  const { op, outputs } = node;
  if (op.name === constantOp.name) return [constantTensor(node)];
  if (op.pointwise) return carryRow(node, inputs);
  if (op.view) {
    return outputs.map(({ shape, dtype }) => {
      const { tensor, errors } = inputs[0] as Carried;
      return { tensor: { shape, dtype, data: tensor.data }, errors };
    });
  }
  const exactInputs = inputs.every(({ errors }) => errors === null);
  const own =
    op.reference !== undefined && (op.magnitude !== undefined || ACCUMULATION[op.name] !== undefined);
  if (op.decompose && !(own && exactInputs) && !op.carry) return carryDecomposition(node, inputs);
  return carryReference(node, inputs);
}

/** A constant reaches the device in float32. */
function constantTensor(node: Node): Carried {
  const { shape, dtype, data } = node.attrs as ConstantAttrs;
  const errors = Float64Array.from(data, (value) =>
    isFloat(dtype) ? Math.abs(value - Math.fround(value)) : 0,
  );
  return { tensor: { shape, dtype, data }, errors: errors.some((error) => error > 0) ? errors : null };
}

function carryRow(node: Node, inputs: readonly Carried[]): Carried[] {
  const { op, outputs } = node;
  if (!op.pointwise) return [];
  const tensors = inputs.map(({ tensor }) => tensor);
  const program = rowProgram(op.pointwise, tensors);
  return outputs.map((output) => {
    const [result] = evaluateProgram(program, tensors, output.shape, {
      errors: inputs.map(({ errors }) => errors),
    });
    const tensor = emptyTensor(output, 'float64');
    tensor.data.set(result?.values ?? []);
    return { tensor, errors: result?.errors ?? null };
  });
}

/** An op with a reference of its own: its rounding, and what its inputs' errors add. */
function carryReference(node: Node, inputs: readonly Carried[]): Carried[] {
  const { op, attrs } = node;
  const tensors = inputs.map(({ tensor }) => tensor);
  const values = evaluateNode(node, tensors, 'float64');
  const errors = values.map((value) => new Float64Array(value.data.length));
  const terms = op.terms?.(tensors, attrs) ?? 1;
  // An op of a user's own has no line in the table: one rounding for each term that it speaks of, and none where it is silent.
  const factor = ACCUMULATION[op.name]?.(terms) ?? (op.terms ? terms : 0);
  if (factor > 0) {
    const scales = absolute(node, tensors, values);
    values.forEach(({ dtype }, output) => {
      if (!isFloat(dtype)) return;
      addTo(errors[output], scales[output], factor * EPSILON, (terms + 1) * SMALLEST_NORMAL);
    });
  }
  carryInputErrors(node, inputs, values, errors);
  return values.map((tensor, output) => ({ tensor, errors: errors[output] ?? null }));
}

/**
 * What errors of the inputs add. Ops that choose say it themselves (`carry`); all others are taken for linear in each input:
 * |f(x + e) − f(x)| ≤ Σ_i M(|x_1| + e_1, …, e_i, …, |x_n|) with M the op's sum of absolute terms.
 */
function carryInputErrors(
  node: Node,
  inputs: readonly Carried[],
  values: readonly HostTensor[],
  errors: readonly Float64Array[],
): void {
  if (inputs.every((input) => input.errors === null)) return;
  if (node.op.carry) {
    const full = inputs.map(({ tensor, errors: own }) => own ?? new Float64Array(tensor.data.length));
    const moved = node.op.carry(
      inputs.map(({ tensor }) => tensor),
      full,
      values,
      node.attrs,
    );
    moved.forEach((more, output) => {
      addTo(errors[output], more, 1, 0);
    });
    return;
  }
  inputs.forEach(({ tensor, errors: own }, position) => {
    if (!own?.some((error) => error > 0)) return;
    if (!isFloat(tensor.dtype)) {
      for (const list of errors) list.fill(Number.POSITIVE_INFINITY);
      return;
    }
    const probe = inputs.map((other, index) => {
      const { shape, dtype, data } = other.tensor;
      if (!isFloat(dtype)) return other.tensor;
      const moved = index < position ? other.errors : null;
      const size =
        index === position ? own : Float64Array.from(data, (v, i) => Math.abs(v) + (moved?.[i] ?? 0));
      return { shape, dtype, data: size };
    });
    absolute(node, probe, null).forEach((scale, output) => {
      addTo(errors[output], scale, 1, 0);
    });
  });
}

/** Σ|terms| of each output: the op's `magnitude`, or the size of its outputs. `values` are these outputs, where known. */
function absolute(
  node: Node,
  inputs: readonly HostTensor[],
  values: readonly HostTensor[] | null,
): readonly HostArray[] {
  if (!node.op.magnitude) {
    return (values ?? evaluateNode(node, inputs, 'float64')).map(({ data }) =>
      Float64Array.from(data, Math.abs),
    );
  }
  const scales = node.outputs.map((output) => emptyTensor(output, 'float64'));
  node.op.magnitude(inputs, scales, node.attrs);
  return scales.map(({ data }) => data);
}

function carryDecomposition(node: Node, inputs: readonly Carried[]): Carried[] {
  const { placeholders, results } = decompositionOf(node);
  const known = new Map<Node, readonly Carried[]>();
  placeholders.forEach(({ node: leaf }, index) => {
    known.set(leaf, [inputs[index] as Carried]);
  });
  return carryGraph(results, known);
}

/** `results` with their errors, from the leaves in `known`. */
function carryGraph(results: readonly Value[], known: Map<Node, readonly Carried[]>): Carried[] {
  for (const node of topologicalOrder(results)) {
    if (known.has(node)) continue;
    const inputs = node.inputs.map((input) => resultOf(known, input));
    known.set(node, carry(node, inputs));
  }
  return results.map((result) => resultOf(known, result));
}

function resultOf(known: ReadonlyMap<Node, readonly Carried[]>, value: Value): Carried {
  const carried = known.get(value.node)?.[value.index];
  if (!carried || carried.tensor.data.length !== sizeOf(value.shape)) {
    throw new RangeError(`${value.node.op.name} gave no output ${value.index} of its shape`);
  }
  return carried;
}

/** sum += factor · scale + floor, element by element. */
function addTo(
  sum: Float64Array | undefined,
  scale: ArrayLike<number> | undefined,
  factor: number,
  floor: number,
): void {
  if (!sum || !scale) return;
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + factor * (scale[i] as number) + floor;
}
