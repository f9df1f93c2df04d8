/** The graph-to-graph passes in their order. */

import type { Graph } from '../../ir/graph.js';
import type { Capabilities } from '../../kernels/kernel.js';
import { canonicalGraph } from '../rewrite.js';
import { commonSubexpressions } from './common-subexpressions.js';
import { expand } from './expand.js';

export function simplify(graph: Graph, _capabilities: Capabilities): Graph {
  return commonSubexpressions(expand(canonicalGraph(graph)));
}
