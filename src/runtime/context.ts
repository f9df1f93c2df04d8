/** A device with all that Heddle keeps beside it: pipelines, buffers, counters, and one place where its faults come out. */

import { HeddleError } from '../core/errors.js';
import type { Capabilities, Kernel } from '../kernels/kernel.js';
import { Buffers, type MemoryUse } from './buffers.js';
import { CountedDevice, type Counters } from './counted.js';
import { Health } from './health.js';
import { Pipelines, type Progress } from './pipelines.js';
import type { CompilationMessage } from './wgsl-message.js';

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** A CPU pretending to be a GPU. */
  readonly software: boolean;
}

export interface ContextOptions {
  readonly device: GPUDevice;
  /** The caller's device: its errors are not ours, and it is never destroyed. */
  readonly borrowed: boolean;
  readonly adapter: AdapterInfo;
  readonly capabilities: Capabilities;
}

/** Made by `acquireDevice`. */
export class GpuContext {
  readonly device: GPUDevice;
  readonly borrowed: boolean;
  readonly adapter: AdapterInfo;
  readonly capabilities: Capabilities;
  /** The device can write timestamps. */
  readonly timestamps: boolean;
  /** Device calls so far, never reset. */
  readonly counters: Readonly<Counters>;
  /** Settles with the error that every pending and later call throws, once the device is lost or released. Never rejects. */
  readonly lost: Promise<HeddleError>;
  readonly ops: CountedDevice;
  readonly buffers: Buffers;
  readonly health: Health;
  readonly #pipelines: Pipelines;

  constructor({ device, borrowed, adapter, capabilities }: ContextOptions) {
    this.device = device;
    this.borrowed = borrowed;
    this.adapter = adapter;
    this.capabilities = capabilities;
    this.timestamps = device.features.has('timestamp-query');
    this.ops = new CountedDevice(device);
    this.counters = this.ops.counters;
    this.health = new Health(device, borrowed);
    this.lost = this.health.lost;
    this.buffers = new Buffers(this.ops, this.health);
    this.#pipelines = new Pipelines(this.ops, this.health);
  }

  /** The device is neither lost nor released. */
  get alive(): boolean {
    return this.health.loss === null;
  }

  /**
   * Creates the pipelines that are missing, all at once. `onProgress(done, total)` counts those alone, first with `done` 0;
   * it is not called where none is missing. Throws a `HeddleError` with `op` = the kernel's entry point and, where WGSL is at
   * fault, `values: { line, column, source }`; a later call may try again.
   */
  prepare(kernels: Iterable<Kernel>, onProgress?: Progress): Promise<void> {
    return this.#pipelines.prepare(kernels, onProgress);
  }

  /** The pipeline of a kernel that `prepare` has made ready. */
  pipeline(kernel: Kernel): GPUComputePipeline {
    return this.#pipelines.pipeline(kernel);
  }

  bindGroupLayout(kernel: Kernel): GPUBindGroupLayout {
    return this.#pipelines.groupLayout(kernel);
  }

  /** What the WGSL compiler had to say, warnings included, about every prepared kernel, or about `kernels` alone. */
  compilationMessages(kernels?: Iterable<Kernel>): Promise<CompilationMessage[]> {
    return this.#pipelines.messages(kernels);
  }

  memory(): MemoryUse {
    return this.buffers.memory();
  }

  /** Waits until all submitted work is done. Rejects on loss and on errors since the last wait. */
  idle(): Promise<void> {
    return this.health.guard(this.device.queue.onSubmittedWorkDone().then(() => {}));
  }

  /** Releases all that Heddle made on the device, and the device too unless it was borrowed. Twice is no error. */
  destroy(): void {
    this.health.end(
      new HeddleError({
        op: 'device',
        message: 'the GPU device was released by destroy()',
        values: { reason: 'destroyed' },
        fix: 'acquire a new device, or destroy this one later',
      }),
    );
    this.buffers.destroyAll();
    if (!this.borrowed) this.device.destroy();
  }
}
