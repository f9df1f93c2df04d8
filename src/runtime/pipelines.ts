/**
 * Pipelines by `kernel.key`, one cache per device. Layouts come from the kernels' declarations instead of the shaders, so that
 * the layout of bind groups is shared by all kernels with the same accesses, and they can be built without asking the driver. The layout
 * around it is each pipeline's own: Firefox and Deno (wgpu until version 29, its issue 7359) hold a pipeline of a shared one to the sizes
 * of the buffers of the pipeline before it.
 */

import { HeddleError } from '../core/errors.js';
import type { Kernel } from '../kernels/kernel.js';
import type { CountedDevice } from './counted.js';
import type { Health } from './health.js';
import { STAGE_COMPUTE } from './usage.js';
import { type CompilationMessage, compilationMessage, wgslError } from './wgsl-message.js';

export type Progress = (done: number, total: number) => void;

interface Entry {
  readonly kernel: Kernel;
  readonly module: GPUShaderModule;
  readonly ready: Promise<void>;
  pipeline: GPUComputePipeline | null;
}

export class Pipelines {
  readonly #ops: CountedDevice;
  readonly #health: Health;
  readonly #entries = new Map<string, Entry>();
  readonly #groupLayouts = new Map<string, GPUBindGroupLayout>();

  constructor(ops: CountedDevice, health: Health) {
    this.#ops = ops;
    this.#health = health;
  }

  async prepare(kernels: Iterable<Kernel>, onProgress?: Progress): Promise<void> {
    this.#health.assertAlive();
    const waits: Promise<void>[] = [];
    const started: Promise<void>[] = [];
    for (const kernel of new Map([...kernels].map((one) => [one.key, one])).values()) {
      const known = this.#entries.get(kernel.key);
      const entry = known ?? this.#start(kernel);
      waits.push(entry.ready);
      if (!entry.pipeline) started.push(entry.ready);
    }
    let done = 0;
    if (started.length > 0) onProgress?.(0, started.length);
    for (const ready of started) {
      ready.then(
        () => onProgress?.(++done, started.length),
        () => {},
      );
    }
    // All are awaited before the first error is thrown: none may fail unheard.
    const results = await Promise.allSettled(waits);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  pipeline(kernel: Kernel): GPUComputePipeline {
    const pipeline = this.#entries.get(kernel.key)?.pipeline;
    if (pipeline) return pipeline;
    throw new HeddleError({ op: kernel.entryPoint, message: 'the pipeline was not prepared' });
  }

  groupLayout(kernel: Kernel): GPUBindGroupLayout {
    const signature = kernel.bindings.map(({ access }) => (access === 'read' ? 'r' : 'w')).join('');
    let layout = this.#groupLayouts.get(signature);
    if (!layout) {
      layout = this.#createGroupLayout(signature);
      this.#groupLayouts.set(signature, layout);
    }
    return layout;
  }

  async messages(kernels?: Iterable<Kernel>): Promise<CompilationMessage[]> {
    const keys = kernels ? [...kernels].map((kernel) => kernel.key) : [...this.#entries.keys()];
    const lists = keys.map((key) => {
      const entry = this.#entries.get(key);
      return entry ? this.#messagesOf(entry.kernel, entry.module) : [];
    });
    return (await Promise.all(lists)).flat();
  }

  async #messagesOf(kernel: Kernel, module: GPUShaderModule): Promise<CompilationMessage[]> {
    const { messages } = await this.#health.guard(module.getCompilationInfo());
    return messages.map((message) => compilationMessage(kernel, message));
  }

  #start(kernel: Kernel): Entry {
    const label = `heddle ${kernel.entryPoint}`;
    const { value, error } = this.#health.scoped(kernel.entryPoint, { kernel: kernel.key }, () => {
      const { device } = this.#ops;
      const module = device.createShaderModule({ label, code: kernel.code });
      const layout = device.createPipelineLayout({ label, bindGroupLayouts: [this.groupLayout(kernel)] });
      const compute = { module, entryPoint: kernel.entryPoint };
      return { module, pipeline: this.#ops.createPipeline({ label, layout, compute }) };
    });
    const finish = async (): Promise<void> => {
      try {
        entry.pipeline = await this.#health.guard(value.pipeline);
      } catch (failure) {
        this.#entries.delete(kernel.key);
        throw await this.#explain(kernel, value.module, failure, await error);
      }
    };
    const entry: Entry = {
      kernel,
      module: value.module,
      pipeline: null,
      ready: Promise.resolve().then(finish),
    };
    this.#entries.set(kernel.key, entry);
    return entry;
  }

  /** The best account of a failed pipeline: the loss, the compiler's, the scope's, or else the driver's own words. */
  async #explain(
    kernel: Kernel,
    module: GPUShaderModule,
    failure: unknown,
    scope: HeddleError | null,
  ): Promise<HeddleError> {
    if (this.#health.loss) return this.#health.loss;
    const errors = (await this.#messagesOf(kernel, module)).filter(({ severity }) => severity === 'error');
    if (errors.length > 0) return wgslError(kernel, errors);
    if (scope) return scope;
    const cause = failure instanceof HeddleError ? failure.cause : failure;
    return new HeddleError({
      op: kernel.entryPoint,
      message: `the pipeline cannot be created: ${cause instanceof Error ? cause.message : String(cause)}`,
      roles: ['kernel'],
      values: {
        kernel: kernel.key,
        bindings: kernel.bindings.map(({ name, access }) => `${name}: ${access}`),
      },
      fix: "compare the shader's entry point, bindings and workgroup size with the kernel's declaration and the device's limits",
      cause,
    });
  }

  #createGroupLayout(signature: string): GPUBindGroupLayout {
    const types: GPUBufferBindingType[] = ['uniform'];
    for (const access of signature) types.push(access === 'r' ? 'read-only-storage' : 'storage');
    const entries = types.map((type, binding) => ({ binding, visibility: STAGE_COMPUTE, buffer: { type } }));
    return this.#ops.device.createBindGroupLayout({ label: `heddle ${signature}`, entries });
  }
}
