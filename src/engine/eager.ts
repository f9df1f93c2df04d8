/**
 * `await t.data()`: compiles what a tensor depends on, runs it, and remembers the program for the next tensor of the same
 * structure, whatever numbers it holds.
 */

import type { HostArray } from '../core/dtype.js';
import {
  applyOne,
  type HostTensor,
  type Node,
  topologicalOrder,
  type Value,
  type VariableRef,
} from '../ir/graph.js';
import {
  type ConstantAttrs,
  inputOp,
  isConstant,
  isInput,
  isVariable,
  type VariableAttrs,
} from '../ir/leaves.js';
import { substitute } from '../ir/rewrite.js';
import type { Backend, DeviceTensor, Executor } from './backend.js';
import { NDArray } from './ndarray.js';
import { residentOf } from './resident.js';
import { currentBackend } from './session.js';
import { storeOf } from './store.js';

/** Programs kept per device; the least recently used goes first. */
const CACHE_SIZE = 64;

const caches = new WeakMap<Backend, Map<string, Promise<Executor>>>();

export async function evaluateTensor(value: Value): Promise<NDArray> {
  const root = value.node.outputs[value.index] as Value;
  const order = topologicalOrder([root]);
  const variables = order
    .filter((node) => isVariable(node.outputs[0] as Value))
    .map((node) => (node.attrs as VariableAttrs).variable);
  const backend = await backendOf(variables);
  for (const variable of variables) storeOf(variable).bind(backend);
  const leaves = order.filter((node) => isFed(node));
  const executor = await cached(backend, signature(order, root), () => build(backend, root, leaves));
  for (const [index, leaf] of leaves.entries()) executor.feed(`leaf_${index}`, leafData(leaf));
  const { data, shape, dtype } = (await executor.run({ times: 1, collect: [] })).get('result') as HostTensor;
  return new NDArray(data, shape, dtype);
}

/** The device of the variables, else the current one. */
async function backendOf(variables: readonly VariableRef[]): Promise<Backend> {
  for (const variable of variables) {
    const { backend } = storeOf(variable);
    if (backend) return backend;
  }
  return currentBackend();
}

/** Leaves whose data vary between runs of one program: resident tensors, and constants that are not scalars. */
function isFed(node: Node): boolean {
  const [output] = node.outputs;
  return output !== undefined && (isInput(output) || (isConstant(output) && output.shape.length > 0));
}

const leafData = (leaf: Node): HostTensor | DeviceTensor =>
  leaf.op.name === inputOp.name ? residentOf(leaf) : (leaf.attrs as ConstantAttrs);

function build(backend: Backend, root: Value, leaves: readonly Node[]): Promise<Executor> {
  const replacements = new Map<Value, Value>();
  const inputs = leaves.map((leaf, index) => {
    const { shape, dtype } = leaf.outputs[0] as Value;
    const value = applyOne(inputOp, [], { name: `leaf_${index}`, shape, dtype });
    replacements.set(leaf.outputs[0] as Value, value);
    return { name: `leaf_${index}`, value };
  });
  const [result = root] = substitute([root], replacements);
  const graph = { inputs, outputs: [{ name: 'result', value: result }], updates: [] };
  return backend.build(graph, { name: root.node.op.name });
}

async function cached(backend: Backend, key: string, make: () => Promise<Executor>): Promise<Executor> {
  const cache = caches.get(backend) ?? new Map<string, Promise<Executor>>();
  caches.set(backend, cache);
  const executor = cache.get(key) ?? make();
  cache.delete(key);
  cache.set(key, executor);
  if (cache.size > CACHE_SIZE) {
    const [[oldest, evicted]] = cache as unknown as [[string, Promise<Executor>]];
    cache.delete(oldest);
    void evicted.then((old) => old.dispose());
  }
  try {
    return await executor;
  } catch (error) {
    cache.delete(key);
    throw error;
  }
}

/** Equal for graphs that one program serves: ops, attributes, wiring and shapes, but not the data of fed leaves. */
function signature(order: readonly Node[], root: Value): string {
  const numbers = new Map(order.map((node, index) => [node, index]));
  const lines = order.map((node) => {
    const inputs = node.inputs.map((input) => `${numbers.get(input.node)}.${input.index}`).join(',');
    const types = node.outputs.map(({ dtype, shape }) => `${dtype}[${shape.join(',')}]`).join(',');
    return `${identity(node.op)}(${inputs})${isFed(node) ? '' : attrsKey(node.attrs)}:${types}`;
  });
  return `${lines.join('\n')}\n→${root.index}`;
}

function attrsKey(attrs: object): string {
  return JSON.stringify(attrs, (_, value: unknown) => {
    if (typeof value === 'function') return identity(value);
    if (ArrayBuffer.isView(value)) return Array.from(value as HostArray);
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    if (typeof value === 'object' && value !== null && 'place' in value) return identity(value);
    return value;
  });
}

const identities = new WeakMap<object, string>();
let nextIdentity = 0;

function identity(thing: object): string {
  const known = identities.get(thing) ?? `#${nextIdentity++}`;
  identities.set(thing, known);
  return known;
}
