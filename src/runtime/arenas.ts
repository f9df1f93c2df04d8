/** The buffers behind variable stores. A store hands out arenas as plain identities; here each has its buffer on the device. */

import { HeddleError } from '../core/errors.js';
import type { VariableArena } from '../ir/graph.js';
import type { GpuContext } from './context.js';
import { StagingPool } from './staging.js';
import { TENSOR_USAGE } from './usage.js';

/** A long write is cut into pieces of this many bytes: a browser copies each through shared memory of its own. */
export const CHUNK_BYTES = 16 * 2 ** 20;

export class ArenaBuffers {
  readonly #context: GpuContext;
  readonly #buffers = new Map<VariableArena, GPUBuffer>();
  readonly #staging: StagingPool;
  #disposed = false;

  constructor(context: GpuContext) {
    this.#context = context;
    this.#staging = new StagingPool(context.buffers, context.health, 'heddle variables');
  }

  /** The arena's buffer, made on first use, filled with zeros. Bound, so that it can be handed to `Executable.create`. */
  readonly buffer = (arena: VariableArena): GPUBuffer => {
    this.#context.health.assertAlive();
    if (this.#disposed) {
      throw new HeddleError({
        op: 'variables',
        message: `'${arena.label}' has been disposed of`,
        roles: [arena.label],
        fix: 'create the model again, or dispose of it later',
      });
    }
    const bytes = arena.bytes();
    const known = this.#buffers.get(arena);
    if (known && known.size >= bytes) return known;
    if (known) {
      throw new HeddleError({
        op: 'variables',
        message: `'${arena.label}' grew from ${known.size} to ${bytes} bytes after its buffer was made`,
        roles: [arena.label],
        values: { before: known.size, now: bytes },
        fix: 'create all variables before the first program is compiled or written to',
      });
    }
    const buffer = this.#context.buffers.create({
      label: `heddle ${arena.label}`,
      bytes,
      usage: TENSOR_USAGE,
    });
    this.#buffers.set(arena, buffer);
    return buffer;
  };

  /**
   * Writes device bytes (see `toDevice`; a multiple of 4) at byte `offset`, in order with all that is submitted before and
   * after. The data is copied before this returns.
   */
  write(arena: VariableArena, offset: number, data: ArrayBufferView): void {
    const target = this.buffer(arena);
    this.#assertInside('write', arena, offset, data.byteLength);
    for (let from = 0; from < data.byteLength; from += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, data.byteLength - from);
      this.#context.ops.write(target, offset + from, data, from, bytes);
    }
  }

  /** `write` for large data: waits for the device between pieces, so that the page stays alive and memory flat. */
  async upload(
    arena: VariableArena,
    offset: number,
    data: ArrayBufferView,
    onProgress?: (bytes: number, total: number) => void,
  ): Promise<void> {
    const target = this.buffer(arena);
    this.#assertInside('upload', arena, offset, data.byteLength);
    for (let from = 0; from < data.byteLength; from += CHUNK_BYTES) {
      const bytes = Math.min(CHUNK_BYTES, data.byteLength - from);
      this.#context.ops.write(target, offset + from, data, from, bytes);
      await this.#context.idle();
      onProgress?.(from + bytes, data.byteLength);
    }
  }

  /**
   * The bytes of a range as they are after all work submitted so far. Does not hold up later work; any number of reads may
   * be in flight. `offset` and `bytes` are multiples of 4.
   */
  async read(arena: VariableArena, offset: number, bytes: number): Promise<ArrayBuffer> {
    const source = this.buffer(arena);
    this.#assertInside('read', arena, offset, bytes);
    if (bytes === 0) return new ArrayBuffer(0);
    const { ops } = this.#context;
    const staging = this.#staging.take(bytes);
    const encoder = ops.device.createCommandEncoder({ label: `heddle read ${arena.label}` });
    ops.copy(encoder, source, offset, staging, 0, bytes);
    ops.submit(encoder);
    return this.#staging.read(staging, bytes, (mapped) => mapped.slice(0));
  }

  /** A copy of a range in a buffer of its own, which the caller gives to `context.buffers.destroy`. */
  copyOut(arena: VariableArena, offset: number, bytes: number, label: string): GPUBuffer {
    const source = this.buffer(arena);
    this.#assertInside('copyOut', arena, offset, bytes);
    return copyToNew(this.#context, source, offset, bytes, label);
  }

  /** Frees the arena's buffer, if it has one. Programs bound to it must not run again. */
  destroy(arena: VariableArena): void {
    const buffer = this.#buffers.get(arena);
    this.#buffers.delete(arena);
    if (buffer) this.#context.buffers.destroy(buffer);
    // With the last model gone, nothing of it stays.
    if (this.#buffers.size === 0) this.#staging.trim();
  }

  /** Frees all; reads in flight still get their values. Later calls throw. Twice is no error. */
  dispose(): void {
    this.#disposed = true;
    for (const arena of [...this.#buffers.keys()]) this.destroy(arena);
    this.#staging.dispose();
  }

  #assertInside(op: string, arena: VariableArena, offset: number, bytes: number): void {
    const size = arena.bytes();
    if (offset >= 0 && offset + bytes <= size && offset % 4 === 0 && bytes % 4 === 0) return;
    throw new HeddleError({
      op,
      message: `bytes ${offset} to ${offset + bytes} are no range of words in '${arena.label}' of ${size} bytes`,
      roles: [arena.label],
      values: { offset, bytes, size },
      fix: 'use an offset and a length that are multiples of 4 and lie inside',
    });
  }
}

/** `bytes` of `source` from `offset` on, in a new tensor buffer. */
export function copyToNew(
  context: GpuContext,
  source: GPUBuffer,
  offset: number,
  bytes: number,
  label: string,
): GPUBuffer {
  const target = context.buffers.create({ label: `heddle ${label}`, bytes, usage: TENSOR_USAGE });
  if (bytes === 0) return target;
  const encoder = context.ops.device.createCommandEncoder({ label: `heddle copy ${label}` });
  context.ops.copy(encoder, source, offset, target, 0, bytes);
  context.ops.submit(encoder);
  return target;
}
