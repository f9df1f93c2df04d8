/** `compile`: inputs, outputs and state updates become one program. */

import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { sameShape, showShape } from '../core/shape.js';
import {
  canonical,
  type Graph,
  type GraphInput,
  rootsOf,
  topologicalOrder,
  type Value,
  type VariableRef,
} from '../ir/graph.js';
import { isInput, isVariable, type VariableAttrs } from '../ir/leaves.js';
import type { Backend } from './backend.js';
import { Program } from './program.js';
import { isResident } from './resident.js';
import { currentBackend } from './session.js';
import { assertAlive, storeOf } from './store.js';
import { entriesFor, type TuningTable } from './tuning-table.js';
import type { Update } from './variable.js';

export interface ProgramSpec {
  /** What `run` is fed, by name: values made by `input()`. */
  readonly inputs?: Readonly<Record<string, Value>>;
  /** What `run` resolves to, by name. */
  readonly outputs?: Readonly<Record<string, Value>>;
  /** New values of variables. All read the old values, then all write. */
  readonly updates?: readonly Update[];
  /** For printing and errors. Default `program`. */
  readonly name?: string;
  /** Called as kernels are compiled: `(4, 9)` reads "4 of 9 are ready". */
  readonly onProgress?: (done: number, total: number) => void;
  /** A table of `tune()`, whose entries go before those of `init`'s. Default `null`: none of its own. */
  readonly tuning?: TuningTable | null;
}

const OPTIONS = ['inputs', 'outputs', 'updates', 'name', 'onProgress', 'tuning'] as const;

/**
 * Compiles one program: forward, backward and updates become one list of dispatches, one compute pass, with all memory planned. Running it
 * allocates nothing.
 *
 * @throws HeddleError for an unknown option, an input that is not declared, an update of another shape or dtype than its variable, two updates of one
 * variable, disposed variables, variables on different devices, a tuning table of another adapter, and for WGSL mistakes of own kernels
 * (with their line).
 */
export async function compile(spec: ProgramSpec): Promise<Program> {
  rejectUnknownOptions('compile', spec, OPTIONS);
  const { name = 'program', onProgress, tuning = null } = spec;
  const { graph, residents } = graphOf(name, spec);
  const variables = variablesOf(graph);
  assertAlive(`compile '${name}'`, variables);
  const backend = await sharedBackend(variables);
  const entries = tuning && entriesFor(`compile '${name}'`, tuning, backend);
  for (const store of new Set(variables.map(storeOf))) store.bind(backend);
  const executor = await backend.build(graph, {
    name,
    ...(onProgress ? { onProgress } : {}),
    ...(entries ? { tuning: entries } : {}),
  });
  return new Program({ name, graph, variables, backend, executor, residents });
}

/** The graph that `spec` describes, and which of its inputs are tensors on the device. Throws what `compile` throws for it. */
export function graphOf(name: string, spec: ProgramSpec): { graph: Graph; residents: Set<string> } {
  const inputs: GraphInput[] = Object.entries(spec.inputs ?? {}).map(([key, value]) => ({
    name: key,
    value: canonical(value),
  }));
  const notInput = inputs.find(({ value }) => !isInput(value));
  if (notInput) {
    throw new HeddleError({
      op: `compile '${name}'`,
      message: `'${notInput.name}' is the result of ${notInput.value.node.op.name}, not an input`,
      roles: ['inputs'],
      values: { name: notInput.name },
      fix: 'make it with input(shape, dtype)',
    });
  }
  const outputs = Object.entries(spec.outputs ?? {}).map(([key, value]) => ({
    name: key,
    value: canonical(value),
  }));
  const updates = (spec.updates ?? []).map(({ variable, value }) => ({
    variable: variable.ref,
    value: canonical(value),
  }));
  checkUpdates(name, updates);
  const graph = { inputs, outputs, updates };
  const undeclared = undeclaredInputs(graph);
  const residents = new Set<string>();
  undeclared.forEach((value, index) => {
    if (!isResident(value.node)) throw undeclaredInput(name, value, inputs);
    inputs.push({ name: `resident_${index}`, value });
    residents.add(`resident_${index}`);
  });
  return { graph, residents };
}

function checkUpdates(name: string, updates: Graph['updates']): void {
  const seen = new Set<VariableRef>();
  for (const { variable, value } of updates) {
    const wrong = !sameShape(variable.shape, value.shape) || variable.dtype !== value.dtype;
    if (!wrong && !seen.has(variable)) {
      seen.add(variable);
      continue;
    }
    throw new HeddleError({
      op: `compile '${name}'`,
      message: wrong
        ? `the update of '${variable.name}' is ${value.dtype}${showShape(value.shape)}, the variable ${variable.dtype}${showShape(variable.shape)}`
        : `variable '${variable.name}' has two updates`,
      roles: ['updates', variable.name],
      values: { variable: variable.shape, value: value.shape },
      fix: wrong ? 'reshape or cast the new value' : 'combine them into one new value',
    });
  }
}

function undeclaredInputs(graph: Graph): Value[] {
  const declared = new Set(graph.inputs.map((one) => one.value.node));
  return topologicalOrder(rootsOf(graph))
    .filter((node) => node.op.leaf && isInput(node.outputs[0] as Value) && !declared.has(node))
    .map((node) => node.outputs[0] as Value);
}

function undeclaredInput(name: string, value: Value, inputs: readonly GraphInput[]): HeddleError {
  return new HeddleError({
    op: `compile '${name}'`,
    message: `an output depends on an input of shape ${showShape(value.shape)} that is not among the program's inputs (${inputs.map((one) => one.name).join(', ') || 'none'})`,
    roles: ['inputs'],
    values: { shape: value.shape, dtype: value.dtype },
    fix: 'add it to compile({ inputs })',
  });
}

/** Every variable that a graph reads or updates. */
export function variablesOf(graph: Graph): VariableRef[] {
  const read = topologicalOrder(rootsOf(graph))
    .filter((node) => node.op.leaf && isVariable(node.outputs[0] as Value))
    .map((node) => (node.attrs as VariableAttrs).variable);
  return [...new Set([...read, ...graph.updates.map((update) => update.variable)])];
}

/** The device that the variables live on already, else the current one. */
export async function sharedBackend(variables: readonly VariableRef[]): Promise<Backend> {
  for (const variable of variables) {
    const { backend } = storeOf(variable);
    if (backend) return backend;
  }
  return currentBackend();
}
