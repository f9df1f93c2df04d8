/** The graph-to-graph passes in their order. Each keeps the meaning of the graph; dead code goes with every one of them. */

import type { Graph } from '../../ir/graph.js';
import type { Capabilities } from '../../kernels/kernel.js';
import { canonicalGraph, sameRoots } from '../rewrite.js';
import { biasGradient } from './bias-gradient.js';
import { commonSubexpressions } from './common-subexpressions.js';
import { expand } from './expand.js';
import { fold } from './fold.js';
import { fuse } from './fuse.js';
import { rematerialise } from './rematerialise.js';

export function simplify(graph: Graph, capabilities: Capabilities): Graph {
  const folded = foldAll(expand(canonicalGraph(graph)));
  const paired = biasGradient(folded);
  return fuse(rematerialise(paired), capabilities);
}

/** One fold may open the way to another, and equal nodes appear when others have gone. */
const MOST_ROUNDS = 8;

function foldAll(graph: Graph): Graph {
  let before = graph;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const after = commonSubexpressions(fold(before));
    if (sameRoots(before, after)) return after;
    before = after;
  }
  return before;
}
