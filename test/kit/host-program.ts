/** Compiles a graph and runs the plan on the host, beside the reference's answer for the same graph. */

import { compileGraph } from '../../src/compiler/compile.js';
import { type DType, deviceBytes, type HostArray } from '../../src/core/dtype.js';
import { randomStream } from '../../src/core/random.js';
import { type Shape, sizeOf } from '../../src/core/shape.js';
import {
  applyOne,
  type Graph,
  type Value,
  type VariableArena,
  type VariableRef,
} from '../../src/ir/graph.js';
import { inputOp, variableOp } from '../../src/ir/leaves.js';
import type { Plan } from '../../src/ir/plan.js';
import { type Capabilities, DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { evaluate } from '../../src/reference/evaluate.js';
import { hostMemory, interpret, readTensor, writeTensor } from './plan-interpreter.js';

export interface HostVariable extends VariableRef {
  readonly data: HostArray;
  /** Its old value in a graph. */
  readonly value: Value;
}

let nextVariable = 0;
let nextArena = 0;

/** A store's buffer that grows with the variables placed in it, each at the next multiple of 256 bytes. */
export class HostArena implements VariableArena {
  readonly id = nextArena++;
  #size = 0;
  constructor(readonly label = 'variables') {}

  bytes(): number {
    return this.#size;
  }

  variable(name: string, shape: Shape, data: HostArray, dtype: DType = 'float32'): HostVariable {
    const offset = this.#size;
    this.#size += Math.ceil(deviceBytes(shape, dtype) / 256) * 256;
    const place = { arena: this, offset };
    const ref = { id: nextVariable++, name, shape, dtype, trainable: true, place: () => place };
    return Object.freeze({ ...ref, data, value: applyOne(variableOp, [], { variable: ref }) });
  }
}

export const inputValue = (name: string, shape: Shape, dtype: DType = 'float32'): Value =>
  applyOne(inputOp, [], { name, shape, dtype });

/** Small integers and halves: sums of them are exact in any order. */
export function someNumbers(shape: Shape, seed: number): Float32Array {
  const random = randomStream(seed, 1);
  return Float32Array.from({ length: sizeOf(shape) }, () => random.below(17) / 2 - 4);
}

export interface HostRun {
  readonly plan: Plan;
  /** Outputs, then updates in the order of the graph. */
  readonly got: readonly number[][];
  readonly want: readonly number[][];
}

/** Runs the plan of `graph` `times` times over one memory, and the reference as often. */
export function runOnHost(
  graph: Graph,
  feeds: Readonly<Record<string, HostArray>>,
  variables: readonly HostVariable[] = [],
  { times = 1, capabilities = DEFAULT_CAPABILITIES }: { times?: number; capabilities?: Capabilities } = {},
): HostRun {
  const plan = compileGraph(graph, { name: 'test', capabilities });
  const memory = hostMemory(plan, new Map(variables.map((one) => [one.place().arena, zeroed(one)])));
  const placed = variables.map((variable) => ({
    variable,
    tensor: {
      type: variable,
      location: {
        buffer: { kind: 'variables' as const, arena: variable.place().arena },
        offset: variable.place().offset,
        bytes: deviceBytes(variable.shape, variable.dtype),
      },
    },
  }));
  for (const { variable, tensor } of placed) writeTensor(memory, tensor, variable.data);
  for (const input of plan.inputs) {
    const data = feeds[input.name];
    if (data) writeTensor(memory, input, data);
  }
  for (let run = 0; run < times; run++) interpret(plan, memory);

  const state = new Map(variables.map((variable) => [variable.id, variable.data]));
  const byNode = new Map(graph.inputs.map(({ name, value }) => [value.node, feeds[name] as HostArray]));
  let outputs: readonly { data: HostArray }[] = [];
  for (let run = 0; run < times; run++) {
    const result = evaluate(graph, byNode, { variables: ({ id }) => state.get(id) as HostArray });
    graph.updates.forEach(({ variable }, index) => {
      state.set(variable.id, (result.updates[index] as { data: HostArray }).data);
    });
    outputs = result.outputs;
  }
  return {
    plan,
    got: [
      ...plan.outputs.map((output) => Array.from(readTensor(memory, output).data)),
      ...placed.map(({ tensor }) => Array.from(readTensor(memory, tensor).data)),
    ],
    want: [
      ...outputs.map(({ data }) => Array.from(data)),
      ...variables.map(({ id }) => Array.from(state.get(id) as HostArray)),
    ],
  };
}

const zeroed = (variable: VariableRef): ArrayBuffer => new ArrayBuffer(variable.place().arena.bytes());
