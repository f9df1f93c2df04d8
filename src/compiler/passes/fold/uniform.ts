/** Values that are one number everywhere. */

import type { TensorType, Value } from '../../../ir/graph.js';
import { scalar, scalarConstant } from '../../../ir/leaves.js';
import { broadcastTo } from '../../../ops/structural.js';

/** The number that every element of `value` is, where that is known; else `null`. */
export function uniformOf(value: Value): number | null {
  let at = value;
  for (;;) {
    const number = scalarConstant(at);
    if (number !== null) return number;
    const [input] = at.node.inputs;
    if (!input || !(at.node.op.view || at.node.op.name === 'broadcastTo')) return null;
    at = input;
  }
}

/** `number` as a value of `type`: a scalar constant, broadcast where the type is no scalar. */
export const asUniform = (number: number, { shape, dtype }: TensorType): Value =>
  broadcastTo(scalar(number, dtype), shape);
