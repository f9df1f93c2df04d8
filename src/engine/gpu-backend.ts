/** The WebGPU device: graphs become plans, plans become executables. */

import { compileGraph } from '../compiler/compile.js';
import { deviceBytes, type HostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { Graph, HostTensor, VariableArena, VariableRef } from '../ir/graph.js';
import type { Plan } from '../ir/plan.js';
import type { Capabilities } from '../kernels/kernel.js';
import {
  ArenaBuffers,
  acquireDevice,
  type DeviceBuffer,
  type DeviceOptions,
  Executable,
  fromDevice,
  type GpuContext,
  type PlanTimes,
  type TimeOptions,
  toDevice,
} from '../runtime/index.js';
import type {
  AdapterSummary,
  Backend,
  BackendCounters,
  BuildOptions,
  DeviceTensor,
  Executor,
  ExecutorRun,
  StepRecord,
} from './backend.js';
import { tunedCapabilities } from './tuning-table.js';

export type { DeviceOptions };

export class GpuBackend implements Backend {
  readonly kind = 'webgpu';
  readonly adapter: AdapterSummary;
  capabilities: Capabilities;
  readonly lost: Promise<never>;
  readonly #context: GpuContext;
  readonly #arenas: ArenaBuffers;

  private constructor(context: GpuContext) {
    this.#context = context;
    this.#arenas = new ArenaBuffers(context);
    this.adapter = context.adapter;
    this.capabilities = context.capabilities;
    this.lost = context.lost.then((error) => {
      throw error;
    });
    this.lost.catch(() => {});
  }

  static async acquire(options: DeviceOptions): Promise<GpuBackend> {
    return new GpuBackend(await acquireDevice(options));
  }

  adopt(tuning: ReadonlyMap<string, string>): void {
    this.capabilities = { ...this.capabilities, tuning };
  }

  async build(graph: Graph, { name, onProgress, tuning }: BuildOptions): Promise<Executor> {
    const plan = compileGraph(graph, { name, capabilities: tunedCapabilities(this.capabilities, tuning) });
    const options = { variables: this.#arenas.buffer, ...(onProgress ? { onProgress } : {}) };
    const executable = await Executable.create(this.#context, plan, options);
    return new GpuExecutor(this.#context, executable);
  }

  write(variable: VariableRef, value: HostTensor): void {
    const { arena, offset } = variable.place();
    if (value.data.length > 0) this.#arenas.write(arena, offset, toDevice(value.data, variable.dtype));
  }

  async read(variable: VariableRef): Promise<HostArray> {
    const { arena, offset } = variable.place();
    const bytes = await this.#arenas.read(arena, offset, deviceBytes(variable.shape, variable.dtype));
    return fromDevice(bytes, variable.dtype, sizeOf(variable.shape));
  }

  release(arena: VariableArena): void {
    this.#arenas.destroy(arena);
  }

  settled(): Promise<void> {
    return this.#context.idle();
  }

  counters(): BackendCounters {
    const { buffers, bytes } = this.#context.memory();
    return { ...this.#context.counters, liveBuffers: buffers, liveBytes: bytes };
  }

  dispose(): void {
    this.#arenas.dispose();
    this.#context.destroy();
  }
}

class GpuExecutor implements Executor {
  readonly plan: Plan;
  readonly #context: GpuContext;
  readonly #executable: Executable;

  constructor(context: GpuContext, executable: Executable) {
    this.#context = context;
    this.#executable = executable;
    this.plan = executable.plan;
  }

  feed(name: string, value: HostTensor | DeviceTensor): void {
    if ('data' in value) this.#executable.feed(name, value.data);
    else this.#executable.feedBuffer(name, value.buffer as DeviceBuffer);
  }

  submit(times: number): void {
    this.#executable.submit(times);
  }

  run({ times, collect }: ExecutorRun): Promise<ReadonlyMap<string, HostTensor>> {
    const outputs = this.plan.outputs.map(({ name }) => name).filter((name) => !collect.includes(name));
    return this.#executable.run({ times, collect, outputs });
  }

  keep(name: string): DeviceTensor {
    const { shape, dtype } = (
      this.plan.outputs.find((output) => output.name === name) as Plan['outputs'][number]
    ).type;
    const buffer = this.#executable.copyOut(name);
    return { shape, dtype, buffer, dispose: () => this.#context.buffers.destroy(buffer) };
  }

  async stepwise(visit: (record: StepRecord) => void | Promise<void>): Promise<void> {
    await this.#executable.runStepwise(async (index, io) => {
      const step = this.plan.steps[index];
      if (!step) throw new HeddleError({ op: 'verify', message: `the plan has no step ${index}` });
      const inputs = (await io.readInputs()).map((data, at) => ({ ...typeOf(step.inputs[at]), data }));
      const outputs = (await io.readOutputs()).map(
        (data, at) => data && { ...typeOf(step.outputs[at]), data },
      );
      await visit({ step, inputs, outputs });
    });
  }

  profile(options: TimeOptions): Promise<PlanTimes> {
    return this.#executable.profile(options);
  }

  dispose(): void {
    this.#executable.dispose();
  }
}

function typeOf(
  placed: Plan['inputs'][number] | Plan['steps'][number]['inputs'][number] | null | undefined,
): Omit<HostTensor, 'data'> {
  if (!placed) throw new HeddleError({ op: 'verify', message: 'the plan and its readback disagree' });
  return { shape: placed.type.shape, dtype: placed.type.dtype };
}
