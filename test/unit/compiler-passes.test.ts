/** Each pass alone: what it makes of a graph, and that the meaning stays. */

import { describe, expect, it } from 'vitest';
import { biasGradient } from '../../src/compiler/passes/bias-gradient.js';
import { commonSubexpressions } from '../../src/compiler/passes/common-subexpressions.js';
import { expand } from '../../src/compiler/passes/expand.js';
import { fold } from '../../src/compiler/passes/fold.js';
import { fuse } from '../../src/compiler/passes/fuse.js';
import { rematerialise } from '../../src/compiler/passes/rematerialise.js';
import { checkGraph } from '../../src/ir/check.js';
import { applyOne, type Graph, rootsOf, topologicalOrder, type Value } from '../../src/ir/graph.js';
import { constant, scalar } from '../../src/ir/leaves.js';
import type { OpDef } from '../../src/ir/op.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { resolveWindow } from '../../src/ops/convolution/geometry.js';
import { filterGradient } from '../../src/ops/convolution/op.js';
import {
  add,
  argMax,
  broadcastTo,
  cast,
  concat,
  dropout,
  exp,
  gelu,
  greater,
  max,
  mean,
  mul,
  neg,
  relu,
  reshape,
  select,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
} from '../../src/ops/index.js';
import { matmul } from '../../src/ops/matmul.js';
import { evaluate, type Feeds } from '../../src/reference/evaluate.js';
import { inputValue, someNumbers } from '../kit/host-program.js';

const inputs = {
  x: inputValue('x', [4, 3]),
  y: inputValue('y', [4, 3]),
  w: inputValue('w', [3, 5]),
  b: inputValue('b', [5]),
  none: inputValue('none', [0, 3]),
};

const graphOf = (...values: Value[]): Graph => ({
  inputs: Object.entries(inputs).map(([name, value]) => ({ name, value })),
  outputs: values.map((value, index) => ({ name: `y${index}`, value })),
  updates: [],
});

const feeds = new Map(
  Object.values(inputs).map((value, index) => [value.node, someNumbers(value.shape, index + 1)]),
);

/** Runs `pass` and holds the results together; gives back the op names of what is left, leaves aside. */
function opsAfter(pass: (graph: Graph) => Graph, ...values: Value[]): string[] {
  const before = graphOf(...values);
  const after = pass(before);
  expect(checkGraph(after)).toEqual([]);
  const [wanted, got] = [before, after].map((graph) => outputsOf(graph, feeds));
  expect(got).toEqual(wanted);
  return opNames(after);
}

const outputsOf = (graph: Graph, data: Feeds): number[][] =>
  evaluate(graph, data, { precision: 'float64' }).outputs.map((output) => Array.from(output.data));

const opNames = (graph: Graph): string[] =>
  topologicalOrder(rootsOf(graph))
    .map(({ op }) => op.name)
    .filter((name) => !['input', 'constant', 'variable'].includes(name));

const fused = (graph: Graph): Graph => fuse(graph, DEFAULT_CAPABILITIES);
const { x, y, w, b, none } = inputs;

describe('fold', () => {
  it('drops arithmetic that changes nothing', () => {
    expect(opsAfter(fold, add(mul(x, 1), 0), neg(neg(y)), stopGradient(x))).toEqual([]);
    // A result of another shape is something.
    expect(opsAfter(fold, add(b, broadcastTo(scalar(0), [2, 5])))).toEqual(['add']);
  });

  it('turns a uniform tensor into one number', () => {
    const ones = constant(new Float32Array(12).fill(1), [4, 3], 'float32');
    const scaled = mul(broadcastTo(reshape(sum(ones), [1, 1]), [4, 3]), 0.5);
    expect(opsAfter((graph) => fold(fold(graph)), add(x, scaled))).toEqual(['add']);
  });

  it('reads through broadcasts and added axes', () => {
    expect(opsAfter(fold, mul(x, broadcastTo(reshape(sum(y, { axis: 0 }), [1, 3]), [4, 3])))).toEqual([
      'sum',
      'mul',
    ]);
  });

  it('joins reshapes, and sums over all of one', () => {
    expect(opsAfter(fold, reshape(reshape(x, [2, 6]), [4, 3]))).toEqual([]);
    expect(opsAfter(fold, sum(reshape(x, [2, 6])))).toEqual(['sum']);
  });

  it('computes what is known', () => {
    const five = sum(constant(Float32Array.of(2, 3), [2], 'float32'));
    expect(opsAfter(fold, mul(x, five), exp(scalar(1)))).toEqual(['mul']);
  });

  it('lets no empty tensor reach a kernel', () => {
    expect(opsAfter(fold, concat([x, none, y], { axis: 0 }))).toEqual(['concat']);
    expect(opsAfter((graph) => fold(fold(graph)), concat([none, x], { axis: 0 }))).toEqual([]);
    expect(opsAfter(fold, sum(square(none), { axis: 0 }))).toEqual(['broadcastTo']);
  });
});

describe('common subexpressions', () => {
  it('merges equal nodes, and none with other attributes', () => {
    const names = opsAfter(
      commonSubexpressions,
      add(exp(x), exp(x)),
      sum(x, { axis: 0 }),
      sum(x, { axis: 1 }),
    );
    expect(names.sort()).toEqual(['add', 'exp', 'sum', 'sum']);
  });

  it('merges random numbers of one stream only', () => {
    const mask = (stream: number): Value => dropout(x, { rate: 0.5, stream });
    const once = opsAfter(commonSubexpressions, mask(1), mask(1));
    const twice = opsAfter(commonSubexpressions, mask(1), mask(2));
    expect(twice.length).toBeGreaterThan(once.length);
  });
});

describe('expand', () => {
  it('replaces an op without a kernel by what it is made of', () => {
    const squashOp: OpDef = {
      name: 'squash',
      infer: ([input]) => (input ? [input] : []),
      decompose: ([input]) => (input ? [tanh(input)] : []),
    };
    expect(opsAfter(expand, applyOne(squashOp, [x], {}))).toEqual(['tanh']);
  });
});

describe('rematerialise', () => {
  it('makes a mask again for each pointwise consumer', () => {
    const mask = greater(x, 0);
    const names = opsAfter(rematerialise, select(mask, y, 0), exp(select(mask, x, 1)));
    expect(names.filter((name) => name === 'greater')).toHaveLength(2);
  });

  it('makes it once inside a region', () => {
    const mask = cast(greater(x, 0), 'float32');
    const names = opsAfter((graph) => fused(rematerialise(graph)), mul(mask, add(mask, y)));
    expect(names).toEqual(['greater+cast_float32+add+mul']);
  });
});

describe('bias gradient', () => {
  const dy = inputValue('dy', [4, 5]);
  const data = new Map([...feeds, [dy.node, someNumbers([4, 5], 9)]]);

  it('joins a product and the column sums of its second operand', () => {
    for (const sums of [sum(dy, { axis: 0 }), sum(dy, { axis: 0, keepDims: true })]) {
      const before = graphOf(sums, matmul(x, dy, { transposeA: true }));
      const after = biasGradient(before);
      expect(opNames(after).filter((name) => name !== 'reshape')).toEqual(['matmulWithColumnSum']);
      expect(outputsOf(after, data)).toEqual(outputsOf(before, data));
    }
  });

  it('joins the gradient to a filter and the sums over its dy', () => {
    const image = inputValue('image', [2, 5, 6, 3]);
    const cotangent = inputValue('cotangent', [2, 4, 4, 7]);
    const numbers = new Map([
      [image.node, someNumbers(image.shape, 3)],
      [cotangent.node, someNumbers(cotangent.shape, 4)],
    ]);
    const attrs = { ...resolveWindow('conv2d', [5, 6], [2, 3], {}), groups: 1, kernel: [2, 3] } as const;
    const before = graphOf(sum(cotangent, { axis: [0, 1, 2] }), filterGradient(image, cotangent, attrs));
    const after = biasGradient(before);
    expect(opNames(after).filter((name) => name !== 'reshape')).toEqual([
      'conv2dFilterGradientWithColumnSum',
    ]);
    expect(outputsOf(after, numbers)).toEqual(outputsOf(before, numbers));
    const other = graphOf(sum(cotangent, { axis: [0, 1] }), filterGradient(image, cotangent, attrs));
    expect(opNames(biasGradient(other))).toEqual(opNames(other));
  });

  it('leaves a product that needs the sums', () => {
    const sums = sum(dy, { axis: 0 });
    const before = graphOf(matmul(reshape(add(sums, 1), [5, 1]), reshape(sums, [1, 5])), sums);
    expect(opNames(biasGradient(before))).toEqual(opNames(before));
  });
});

describe('fuse', () => {
  it('puts bias and activation behind a product', () => {
    expect(opsAfter(fused, relu(add(matmul(x, w), b)))).toEqual(['matmul+add+relu']);
  });

  it('writes what is needed elsewhere as a side output', () => {
    const before = add(matmul(x, w), b);
    expect(opsAfter(fused, gelu(before), sum(before))).toEqual(['matmul+add+gelu', 'sum']);
  });

  it('computes what a reduction alone reads in front of it', () => {
    expect(opsAfter(fused, mean(square(sub(x, y))))).toEqual(['sub+square→sum+mul']);
    expect(opsAfter(fused, cast(argMax(x), 'float32'))).toEqual(['argMax+cast_float32']);
  });

  it('gathers a region with several results', () => {
    const shared = exp(x);
    expect(opsAfter(fused, add(shared, y), mul(shared, shared))).toEqual(['exp+add+mul']);
  });

  it('keeps apart what depends on another kernel in between', () => {
    const shared = exp(x);
    const names = opsAfter(fused, mul(shared, broadcastTo(max(shared), [4, 3])));
    expect(names).toEqual(['exp', 'max', 'broadcastTo', 'mul']);
  });

  it('does not let an epilogue read what its own kernel causes', () => {
    const product = matmul(x, w);
    const names = opsAfter(fused, add(product, sum(product, { axis: 0 })));
    expect(names).toEqual(['matmul', 'sum', 'add']);
  });

  it('binds no more tensors than the device allows', () => {
    const many = Array.from({ length: 12 }, (_, index) => inputValue(`m${index}`, [4, 3]));
    const total = many.reduce((left, right) => add(left, right), x);
    const graph = fused({ inputs: [], outputs: [{ name: 'total', value: total }], updates: [] });
    const regions = topologicalOrder(rootsOf(graph)).filter(({ inputs: read }) => read.length > 0);
    expect(regions).toHaveLength(2);
    for (const { inputs: read } of regions) expect(read.length + 1).toBeLessThanOrEqual(8);
  });
});
