/**
 * A store owns variables and the buffers that hold them. A variable gets its final place when the first program that uses it is
 * compiled; later variables go to further buffers, so that nothing ever moves and compiled programs stay valid.
 */

import { deviceBytes, hostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor, VariableArena, VariablePlace, VariableRef } from '../ir/graph.js';
import type { Backend } from './backend.js';

const ALIGNMENT = 256;

/** A buffer that still takes variables until the first of them is asked for its place. */
class Arena implements VariableArena {
  static #nextId = 0;
  readonly id = Arena.#nextId++;
  sealed = false;
  #bytes = 0;

  constructor(readonly label: string) {}

  bytes = (): number => {
    this.sealed = true;
    return this.#bytes;
  };

  /** The offset of `bytes` more. */
  extend(bytes: number): number {
    const offset = this.#bytes;
    this.#bytes += Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    return offset;
  }
}

interface Entry {
  readonly ref: VariableRef;
  readonly arena: Arena;
  /** Host values that the device has not got yet; `null` once it has. */
  pending: HostTensor | null;
}

export interface VariableSpec {
  readonly name: string;
  readonly trainable: boolean;
  /**
   * Variables of one group lie side by side in the order of creation, so that one dispatch can update them all. Without a group
   * a variable has a buffer of its own.
   */
  readonly group?: string;
}

export class VariableStore {
  readonly name: string;
  readonly #entries = new Map<VariableRef, Entry>();
  readonly #open = new Map<string, Arena>();
  #backend: Backend | null = null;
  #disposed = false;
  static #nextVariable = 0;

  constructor(name: string) {
    this.name = name;
  }

  get backend(): Backend | null {
    return this.#backend;
  }

  create(initial: HostTensor, spec: VariableSpec): VariableRef {
    if (this.#disposed) throw gone('variable', this.name);
    const arena = this.#arenaFor(spec);
    const offset = arena.extend(deviceBytes(initial.shape, initial.dtype));
    const place = (): VariablePlace => {
      arena.sealed = true;
      return { arena, offset };
    };
    const { shape, dtype } = initial;
    const { name, trainable } = spec;
    const ref: VariableRef = Object.freeze({
      id: VariableStore.#nextVariable++,
      name,
      trainable,
      shape,
      dtype,
      place,
    });
    const entry: Entry = { ref, arena, pending: initial };
    this.#entries.set(ref, entry);
    owners.set(ref, this);
    return ref;
  }

  #arenaFor({ name, group }: VariableSpec): Arena {
    if (group === undefined) return new Arena(`${this.name}/${name}`);
    const open = this.#open.get(group);
    if (open && !open.sealed) return open;
    const arena = new Arena(`${this.name}/${group}`);
    this.#open.set(group, arena);
    return arena;
  }

  /** Ties the store to `backend` for good, and gives it all values that it has not got yet. */
  bind(backend: Backend): void {
    if (this.#disposed) throw gone('compile', this.name);
    if (this.#backend && this.#backend !== backend) {
      throw new HeddleError({
        op: 'compile',
        message: `the variables of '${this.name}' live on another device (${this.#backend.kind})`,
        roles: ['device'],
        values: { has: this.#backend.kind, wanted: backend.kind },
        fix: 'programs that share variables must share a device: call init() once, before the first model',
      });
    }
    this.#backend = backend;
    for (const entry of this.#entries.values()) {
      if (!entry.pending) continue;
      backend.write(entry.ref, entry.pending);
      entry.pending = null;
    }
  }

  /** Overwrites a variable, after all work queued so far. */
  write(ref: VariableRef, value: HostTensor): void {
    const entry = this.#entry(ref);
    if (this.#backend && !entry.pending) this.#backend.write(ref, value);
    else entry.pending = value;
  }

  /** A variable's values after all work queued so far. */
  async read(ref: VariableRef): Promise<HostTensor> {
    const { pending } = this.#entry(ref);
    if (pending) return { ...pending, data: pending.data.slice() };
    const data = await (this.#backend as Backend).read(ref);
    return { shape: ref.shape, dtype: ref.dtype, data };
  }

  /** Whether `ref` is one of its variables and was not removed. */
  holds(ref: VariableRef): boolean {
    return this.#entries.has(ref);
  }

  assertHolds(op: string, ref: VariableRef): void {
    if (!this.holds(ref)) throw gone(op, this.#disposed ? this.name : ref.name);
  }

  /** Forgets a variable; its buffer goes when it holds no other. */
  remove(ref: VariableRef): void {
    const { arena } = this.#entry(ref);
    this.#entries.delete(ref);
    arena.sealed = true;
    const shared = [...this.#entries.values()].some((entry) => entry.arena === arena);
    if (!shared) this.#backend?.release(arena);
  }

  /** Frees all buffers. Nothing can be made or compiled with the store afterwards. */
  dispose(): void {
    this.#disposed = true;
    const arenas = new Set([...this.#entries.values()].map((entry) => entry.arena));
    this.#entries.clear();
    for (const arena of arenas) this.#backend?.release(arena);
  }

  #entry(ref: VariableRef): Entry {
    const entry = this.#entries.get(ref);
    if (entry) return entry;
    throw gone('variable', ref.name);
  }
}

const gone = (op: string, name: string): HeddleError =>
  new HeddleError({
    op,
    message: `'${name}' was disposed`,
    roles: ['variable'],
    values: { name },
    fix: 'create the variable (or its model) again',
  });

const owners = new WeakMap<VariableRef, VariableStore>();

/** The store that made `ref`. */
export function storeOf(ref: VariableRef): VariableStore {
  const store = owners.get(ref);
  if (store) return store;
  throw new HeddleError({ op: 'variable', message: `'${ref.name}' belongs to no store` });
}

/** Throws for the first of `variables` that was disposed: a CPU device would compute with zeros in its place. */
export function assertAlive(op: string, variables: readonly VariableRef[]): void {
  for (const ref of variables) storeOf(ref).assertHolds(op, ref);
}

/** A zeroed host tensor. */
export function zeros(shape: readonly number[], dtype: HostTensor['dtype'] = 'float32'): HostTensor {
  return { shape, dtype, data: hostArray(dtype, sizeOf(shape)) };
}
