/** The fused nodes of a recurrent layer and its gradients, with what goes into them, and what a float32 machine makes of them. */

import { gradients } from '../../src/compiler/autodiff.js';
import { expand } from '../../src/compiler/passes/expand.js';
import { type HostTensor, type Node, rootsOf, topologicalOrder } from '../../src/ir/graph.js';
import type { Budgeted } from '../../src/reference/budget.js';
import { decompositionOf } from '../../src/reference/decomposition.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { buildCase } from './op-cases.js';
import { type LayerCase, layerCase } from './recurrent-cases.js';
import { weightedSum } from './weighted-sum.js';

/** The sequence, its gradient and its weights' gradient. */
export function fusedNodes(one: LayerCase): [Node, HostTensor[]][] {
  const { inputs, outputs, feeds } = buildCase(layerCase(one));
  const slopes = gradients([weightedSum(outputs)], [null], inputs).filter((slope) => slope !== null);
  const roots = [...outputs, ...slopes].map((value, index) => ({ name: `${index}`, value }));
  const apart = expand({ inputs: [], outputs: roots, updates: [] });
  return topologicalOrder(rootsOf(apart))
    .filter(({ op }) => /Sequence|WeightGradient/.test(op.name))
    .map((node) => [node, evaluateValues(node.inputs, feeds)]);
}

/** `node`'s decomposition on `inputs`, every base op rounded to float32. */
export function stepByStep(node: Node, inputs: readonly HostTensor[]): HostTensor[] {
  const { placeholders, results } = decompositionOf(node);
  const feeds = placeholders.map(({ node: leaf }, i) => [leaf, (inputs[i] as HostTensor).data] as const);
  return evaluateValues(results, new Map(feeds));
}

/** The largest error of `actual` over the budget, per output. */
export function ratios({ values, budgets }: Budgeted, actual: readonly HostTensor[]): number[] {
  return values.map(({ data }, output) =>
    Math.max(
      ...Array.from(data, (value, i) => {
        const error = Math.abs(value - (actual[output]?.data[i] as number));
        return error === 0 ? 0 : error / (budgets[output]?.[i] as number);
      }),
    ),
  );
}
