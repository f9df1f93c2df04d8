/**
 * Reverse-mode differentiation, graph to graph. Gradients are ordinary nodes, so they can be differentiated again, and the
 * passes see one graph without a line between forward and backward.
 *
 * Only values on a path from `wrt` are visited. Nothing recurses along the graph: an unrolled network is deeper than the stack.
 */

import { isFloat } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { sameShape, showShape } from '../core/shape.js';
import { canonical, type Node, type Value, withScope } from '../ir/graph.js';
import { scalar } from '../ir/leaves.js';
import { add } from '../ops/pointwise/arithmetic.js';
import { broadcastTo } from '../ops/structural.js';

/**
 * Cotangents of `wrt`: Σ over `outputs` of dyᵀ · ∂output/∂w, each of the shape of its `w`.
 *
 * @param dys one per output, of its shape; `null` means ones.
 * @returns one per entry of `wrt`; `null` where no float path leads from it to an output.
 * @throws HeddleError where a path runs through an op that has no gradient.
 */
export function gradients(
  outputs: readonly Value[],
  dys: readonly (Value | null)[],
  wrt: readonly Value[],
): (Value | null)[] {
  const held = wrt.map(canonical);
  const seeds = dys.map((dy) => dy && canonical(dy));
  const cotangents = backward(outputs.map(canonical), seeds, held, new Set());
  return held.map((value) => cotangents.get(value) ?? null);
}

/** Cotangents by value. No path is followed beyond the values of `barrier`. */
function backward(
  outputs: readonly Value[],
  dys: readonly (Value | null)[],
  wrt: readonly Value[],
  barrier: ReadonlySet<Value>,
): ReadonlyMap<Value, Value> {
  const order = orderAbove(outputs, barrier);
  const reached = reachedFrom(wrt, order, barrier);
  const cotangents = new Map<Value, Value>();
  outputs.forEach((output, index) => {
    if (!reached.has(output)) return;
    const dy = dys[index] ?? broadcastTo(scalar(1), output.shape);
    expectLike('gradients', `the cotangent of output ${index}`, dy, output);
    accumulate(cotangents, output, dy);
  });
  for (const node of order.reverse()) {
    const arriving = node.outputs.map((output) =>
      barrier.has(output) ? null : (cotangents.get(output) ?? null),
    );
    const needs = node.inputs.map((input) => reached.has(input));
    if (!needs.includes(true) || arriving.every((dy) => dy === null)) continue;
    const results = withScope(node.scope, () => inputCotangents(node, arriving, needs));
    node.inputs.forEach((input, index) => {
      const dx = results[index];
      if (!dx || !needs[index]) return;
      expectLike(node.op.name, `the cotangent of input ${index}`, dx, input);
      accumulate(cotangents, input, dx);
    });
  }
  return cotangents;
}

function inputCotangents(
  node: Node,
  dys: readonly (Value | null)[],
  needs: readonly boolean[],
): readonly (Value | null)[] {
  const { op, inputs, outputs, attrs } = node;
  const atResidual = op.residuals?.some((index) => dys[index]) ?? false;
  if (op.vjp && !atResidual) return op.vjp({ node, attrs, inputs, outputs, dys, needs });
  if (op.decompose) return throughDecomposition(node, dys, needs);
  const scope = node.scope || 'the graph';
  throw new HeddleError({
    op: op.name,
    message: atResidual
      ? `a gradient arrives at its residual output, and it has no decomposition (in ${scope})`
      : `has no gradient (in ${scope})`,
    roles: ['op', 'scope'],
    values: { op: op.name, scope: node.scope },
    fix: `give the op a vjp or decompose, or wrap its result in stopGradient()`,
  });
}

function throughDecomposition(
  node: Node,
  dys: readonly (Value | null)[],
  needs: readonly boolean[],
): (Value | null)[] {
  const results = node.op.decompose?.(node.inputs, node.attrs) ?? [];
  const wanted = results.flatMap((output, index) => {
    const dy = dys[index];
    return dy ? [{ output: canonical(output), dy }] : [];
  });
  const wrt = node.inputs.filter((_, index) => needs[index]);
  const cotangents = backward(
    wanted.map(({ output }) => output),
    wanted.map(({ dy }) => dy),
    wrt,
    new Set(node.inputs),
  );
  // A value that stands at several inputs gets its whole cotangent once.
  return node.inputs.map((input, index) =>
    needs[index] && node.inputs.indexOf(input) === index ? (cotangents.get(input) ?? null) : null,
  );
}

/** Nodes that `outputs` need, inputs before users; producers of `barrier` values are left out. */
function orderAbove(outputs: readonly Value[], barrier: ReadonlySet<Value>): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { node: Node; next: number }[] = [];
  const push = (value: Value): void => {
    if (barrier.has(value) || seen.has(value.node)) return;
    seen.add(value.node);
    stack.push({ node: value.node, next: 0 });
  };
  for (const output of outputs) {
    push(output);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input) push(input);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** Float values that depend on `wrt` (and `wrt` itself). Integer values end a path. */
function reachedFrom(
  wrt: readonly Value[],
  order: readonly Node[],
  barrier: ReadonlySet<Value>,
): ReadonlySet<Value> {
  const reached = new Set(wrt.filter((value) => isFloat(value.dtype)));
  for (const node of order) {
    if (!node.inputs.some((input) => reached.has(input))) continue;
    for (const output of node.outputs) {
      if (isFloat(output.dtype) && !barrier.has(output)) reached.add(output);
    }
  }
  return reached;
}

function accumulate(cotangents: Map<Value, Value>, value: Value, dy: Value): void {
  const sum = cotangents.get(value);
  cotangents.set(value, sum ? add(sum, dy) : dy);
}

function expectLike(op: string, role: string, dy: Value, value: Value): void {
  if (sameShape(dy.shape, value.shape) && dy.dtype === value.dtype) return;
  throw new HeddleError({
    op,
    message: `${role} is ${dy.dtype} ${showShape(dy.shape)}, its value is ${value.dtype} ${showShape(value.shape)}`,
    roles: ['dy', 'value'],
    values: { dy: dy.shape, value: value.shape, dtypes: [dy.dtype, value.dtype] },
    fix: 'give a cotangent the shape and dtype of its value',
  });
}
