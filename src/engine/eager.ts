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
import { assertAlive, storeOf } from './store.js';

/** Programs kept per device, besides those in use; the least recently used goes first. */
const CACHE_SIZE = 64;

interface Entry {
  readonly executor: Promise<Executor>;
  /** Calls that have yet to feed it or to read what it gave. */
  users: number;
}

const caches = new WeakMap<Backend, Map<string, Entry>>();

export async function evaluateTensor(value: Value): Promise<NDArray> {
  const root = value.node.outputs[value.index] as Value;
  const order = topologicalOrder([root]);
  const variables = order
    .filter((node) => isVariable(node.outputs[0] as Value))
    .map((node) => (node.attrs as VariableAttrs).variable);
  assertAlive('data', variables);
  const backend = await backendOf(variables);
  for (const variable of variables) storeOf(variable).bind(backend);
  const leaves = order.filter((node) => isFed(node));
  const make = () => build(backend, root, leaves);
  return withCached(backend, signature(order, root), make, async (executor) => {
    for (const [index, leaf] of leaves.entries()) executor.feed(`leaf_${index}`, leafData(leaf));
    const results = await executor.run({ times: 1, collect: [] });
    const { data, shape, dtype } = results.get('result') as HostTensor;
    return new NDArray(data, shape, dtype);
  });
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

/** `work` with the program for `key`, which is not disposed before `work` is done. */
async function withCached<T>(
  backend: Backend,
  key: string,
  make: () => Promise<Executor>,
  work: (executor: Executor) => Promise<T>,
): Promise<T> {
  const cache = caches.get(backend) ?? new Map<string, Entry>();
  caches.set(backend, cache);
  const entry = cache.get(key) ?? { executor: make(), users: 0 };
  cache.delete(key);
  cache.set(key, entry);
  entry.users++;
  try {
    const executor = await entry.executor.catch((error: unknown) => {
      if (cache.get(key) === entry) cache.delete(key);
      throw error;
    });
    return await work(executor);
  } finally {
    entry.users--;
    evict(cache);
  }
}

/** Disposes programs that nobody uses, the least recently used first, until the cache has its size again. */
function evict(cache: Map<string, Entry>): void {
  for (const [key, { executor, users }] of cache) {
    if (cache.size <= CACHE_SIZE) return;
    if (users > 0) continue;
    cache.delete(key);
    // Whoever asked for the program was told why it could not be built.
    executor.then((old) => old.dispose()).catch(() => {});
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
    // JSON has no word for these: it writes null for the first, 0 for −0.
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    if (Object.is(value, -0)) return '-0';
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
