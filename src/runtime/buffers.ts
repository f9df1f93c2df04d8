/** Buffers with accounting: what is alive, how much it holds, and that all of it goes when the context goes. */

import { HeddleError } from '../core/errors.js';
import type { CountedDevice } from './counted.js';
import type { Health, Scoped } from './health.js';

export interface BufferSpec {
  /** Starts with `heddle`: an error on a borrowed device is told from the owner's by it. */
  readonly label: string;
  readonly bytes: number;
  readonly usage: GPUBufferUsageFlags;
}

export interface MemoryUse {
  /** Buffers alive. */
  readonly buffers: number;
  /** Bytes that they hold. */
  readonly bytes: number;
}

/** No zero-sized buffers: binding one is an error. 16 bytes are the smallest uniform struct. */
const SMALLEST = 16;

export class Buffers {
  readonly #ops: CountedDevice;
  readonly #health: Health;
  readonly #alive = new Map<GPUBuffer, number>();
  #bytes = 0;

  constructor(ops: CountedDevice, health: Health) {
    this.#ops = ops;
    this.#health = health;
  }

  memory(): MemoryUse {
    return { buffers: this.#alive.size, bytes: this.#bytes };
  }

  /**
   * A zero-filled buffer of at least `spec.bytes`. Throws at once where the device's limits forbid the size; where memory
   * runs out, the next wait on the context throws, with the sizes.
   */
  create(spec: BufferSpec): GPUBuffer {
    const { value, error } = this.createScoped(spec);
    this.#health.reportWhenKnown(error);
    return value;
  }

  /** `create` for a caller that waits for the verdict itself. */
  createScoped(spec: BufferSpec): Scoped<GPUBuffer> {
    const size = Math.max(SMALLEST, Math.ceil(spec.bytes / 4) * 4);
    const limit = this.#ops.device.limits.maxBufferSize;
    if (size > limit) {
      throw new HeddleError({
        op: 'device',
        message: `the buffer '${spec.label}' needs ${size} bytes, this device allows ${limit}`,
        roles: [spec.label],
        values: { bytes: size, maxBufferSize: limit },
        fix: 'use a smaller batch or model, or a device acquired with the limits of its adapter',
      });
    }
    const values = { buffer: spec.label, bytes: size, alive: this.#bytes };
    return this.#health.scoped('device', values, () => {
      const buffer = this.#ops.createBuffer({ label: spec.label, size, usage: spec.usage });
      this.#alive.set(buffer, size);
      this.#bytes += size;
      return buffer;
    });
  }

  /** Work that was submitted with the buffer still runs to its end. Destroying twice is no error. */
  destroy(buffer: GPUBuffer): void {
    this.#bytes -= this.#alive.get(buffer) ?? 0;
    this.#alive.delete(buffer);
    buffer.destroy();
  }

  destroyAll(): void {
    for (const buffer of [...this.#alive.keys()]) this.destroy(buffer);
  }
}
