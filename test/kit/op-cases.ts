/** All op cases, gathered from the files of `test/ops`: adding a file there is enough. */

import type { HostTensor, Node, Value } from '../../src/ir/graph.js';
import { applyOne } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { OpCase } from '../ops/case.js';
import { fillCase } from './fill.js';

const files = import.meta.glob<{ readonly cases?: readonly OpCase[] }>('../ops/**/*.ts', { eager: true });

/** Every case, in the order of files and lists. */
export const opCases: readonly OpCase[] = Object.entries(files).flatMap(([file, { cases }]) => {
  if (!cases && !file.endsWith('/case.ts') && !file.includes('/kit/'))
    throw new Error(`${file} exports no cases`);
  return cases ?? [];
});

/** The case's name among all. */
export const caseName = (one: OpCase): string => `${one.op}: ${one.name}`;

/** A case as a graph with its data. */
export interface BuiltCase {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly tensors: readonly HostTensor[];
  readonly feeds: ReadonlyMap<Node, HostTensor['data']>;
}

/** Builds `one` on input nodes; `double` keeps its float data in float64. */
export function buildCase(one: OpCase, double = false): BuiltCase {
  const tensors = fillCase(one, double);
  const inputs = tensors.map(({ shape, dtype }, index) =>
    applyOne(inputOp, [], { name: `input ${index}`, shape, dtype }),
  );
  const built = one.build(...inputs);
  const outputs = Array.isArray(built) ? (built as readonly Value[]) : [built as Value];
  return {
    inputs,
    outputs,
    tensors,
    feeds: new Map(inputs.map((value, i) => [value.node, (tensors[i] as HostTensor).data])),
  };
}
