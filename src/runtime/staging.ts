/**
 * Buffers for reading back, used again and again: many reads may be in flight, each with a buffer of its own, and once as many
 * exist as are ever in flight together, reading creates nothing.
 */

import type { Buffers } from './buffers.js';
import type { Health } from './health.js';
import { BUFFER_USAGE, MAP_READ } from './usage.js';

const SMALLEST = 256;
/** Idle buffers above this sum are destroyed: one large read must not hold memory for ever. */
const KEPT_BYTES = 64 * 2 ** 20;

export class StagingPool {
  readonly #buffers: Buffers;
  readonly #health: Health;
  readonly #label: string;
  /** Idle buffers by size, a power of two. */
  readonly #idle = new Map<number, GPUBuffer[]>();
  #idleBytes = 0;
  #closed = false;

  constructor(buffers: Buffers, health: Health, label: string) {
    this.#buffers = buffers;
    this.#health = health;
    this.#label = label;
  }

  /** A buffer of at least `bytes` to copy into. It must go to `read` or `release` next. */
  take(bytes: number): GPUBuffer {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(bytes)));
    const idle = this.#idle.get(size)?.pop();
    if (idle) {
      this.#idleBytes -= size;
      return idle;
    }
    const usage = BUFFER_USAGE.mapRead | BUFFER_USAGE.copyTarget;
    return this.#buffers.create({ label: `${this.#label} staging`, bytes: size, usage });
  }

  /** What `decode` makes of the first `bytes` once the work submitted so far is done; then the buffer is free again. */
  async read<T>(staging: GPUBuffer, bytes: number, decode: (mapped: ArrayBuffer) => T): Promise<T> {
    try {
      await this.#health.guard(staging.mapAsync(MAP_READ, 0, bytes));
      return decode(staging.getMappedRange(0, bytes));
    } finally {
      // A lost device has unmapped it, and in Firefox and Deno (wgpu) unmapping a buffer of such a device throws.
      if (!this.#health.loss) staging.unmap();
      this.release(staging);
    }
  }

  release(staging: GPUBuffer): void {
    if (this.#closed || this.#health.loss || this.#idleBytes + staging.size > KEPT_BYTES) {
      this.#buffers.destroy(staging);
      return;
    }
    const idle = this.#idle.get(staging.size) ?? [];
    idle.push(staging);
    this.#idle.set(staging.size, idle);
    this.#idleBytes += staging.size;
  }

  /** Frees the idle buffers. */
  trim(): void {
    for (const list of this.#idle.values()) for (const buffer of list) this.#buffers.destroy(buffer);
    this.#idle.clear();
    this.#idleBytes = 0;
  }

  /** Frees the idle buffers now and the others as their reads end. */
  dispose(): void {
    this.#closed = true;
    this.trim();
  }
}
