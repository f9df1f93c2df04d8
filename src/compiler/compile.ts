/** Graph → Plan. Each line is one stage, a pure function in a file of its own. */

import type { Graph } from '../ir/graph.js';
import type { Plan } from '../ir/plan.js';
import type { Capabilities } from '../kernels/kernel.js';
import { assemble } from './assemble.js';
import { lower } from './lower.js';
import { planMemory } from './memory.js';
import { simplify } from './passes/simplify.js';
import { schedule } from './schedule.js';

export interface CompileGraphOptions {
  /** Of the program, for labels and errors. */
  readonly name: string;
  readonly capabilities: Capabilities;
}

/**
 * Compiles `graph` for a device with `capabilities`. Throws a `HeddleError` for an op without a kernel, and where a tensor is
 * larger than the device can bind.
 */
export function compileGraph(graph: Graph, { name, capabilities }: CompileGraphOptions): Plan {
  const simple = simplify(graph, capabilities);
  const lowered = lower(simple, name, capabilities);
  const scheduled = schedule(lowered, capabilities);
  const memory = planMemory(scheduled, capabilities);
  return assemble(scheduled, memory);
}
