/** Expand: ops without a kernel of their own become their decomposition, so that the other passes see what they are made of. */

import { type Graph, type Value, withScope } from '../../ir/graph.js';
import { constantOp } from '../../ir/leaves.js';
import { rewriteGraph, sameRoots } from '../rewrite.js';

export function expand(graph: Graph): Graph {
  // A decomposition may hold such ops again.
  for (let before = graph; ; ) {
    const after = rewriteGraph(before, ({ op, attrs, scope }, inputs) => {
      if (op.candidates || op.view || op.leaf || op.name === constantOp.name || !op.decompose) return null;
      return withScope(scope, () => op.decompose?.(inputs, attrs) as readonly Value[]);
    });
    if (sameRoots(before, after)) return after;
    before = after;
  }
}
