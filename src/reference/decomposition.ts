/** A fused node's meaning in base ops, over placeholders in place of its inputs. Built once per node. */

import { HeddleError } from '../core/errors.js';
import { applyOne, type Node, type Value } from '../ir/graph.js';
import { inputOp } from '../ir/leaves.js';

export interface Decomposition {
  /** Inputs of the node's input types, in order. */
  readonly placeholders: readonly Value[];
  /** One per output of the node. */
  readonly results: readonly Value[];
}

const known = new WeakMap<Node, Decomposition>();

/** The decomposition of `node`; throws where its op has none. */
export function decompositionOf(node: Node): Decomposition {
  const found = known.get(node);
  if (found) return found;
  const { op, attrs, inputs } = node;
  if (!op.decompose) {
    throw new HeddleError({
      op: op.name,
      message: 'the op has neither a reference nor a decomposition, so nothing says what it computes',
      roles: ['reference', 'decompose'],
      fix: 'give its definition one of the two',
    });
  }
  const placeholders = inputs.map(({ shape, dtype }, index) =>
    applyOne(inputOp, [], { name: `${op.name} input ${index}`, shape, dtype }),
  );
  const decomposition = { placeholders, results: op.decompose(placeholders, attrs) };
  known.set(node, decomposition);
  return decomposition;
}
