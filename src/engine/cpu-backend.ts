/** The CPU device: runs programs by the reference, float32 at node borders, giving way to the page between nodes. */

import { compileGraph } from '../compiler/compile.js';
import { type HostArray, hostArray } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { pauses } from '../core/give-way.js';
import { sizeOf } from '../core/shape.js';
import type { Graph, HostTensor, Node, VariableArena, VariableRef } from '../ir/graph.js';
import type { Plan } from '../ir/plan.js';
import { type Capabilities, DEFAULT_CAPABILITIES } from '../kernels/kernel.js';
import { evaluateAsync } from '../reference/evaluate-async.js';
import type { PlanTimes } from '../runtime/index.js';
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

export class CpuBackend implements Backend {
  readonly kind = 'cpu';
  readonly adapter: AdapterSummary = {
    vendor: 'heddle',
    architecture: 'cpu',
    device: '',
    description: 'CPU reference',
    software: true,
  };
  capabilities: Capabilities = { ...DEFAULT_CAPABILITIES, software: true };
  readonly lost = new Promise<never>(() => {});
  readonly #variables = new Map<VariableRef, HostArray>();
  /** Counts over all runs: short ones, one after the other, would never give way by themselves. */
  readonly pause = pauses();
  /** The end of all work queued so far. It never rejects; a failure is kept for whoever waits next. */
  #end: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #submits = 0;

  adopt(tuning: ReadonlyMap<string, string>): void {
    this.capabilities = { ...this.capabilities, tuning };
  }

  async build(graph: Graph, { name, tuning }: BuildOptions): Promise<Executor> {
    return new CpuExecutor(this, graph, name, tunedCapabilities(this.capabilities, tuning));
  }

  write(variable: VariableRef, value: HostTensor): void {
    const data = value.data instanceof Float64Array ? Float32Array.from(value.data) : value.data.slice();
    this.enqueue(async () => this.update(variable, data));
  }

  read(variable: VariableRef): Promise<HostArray> {
    return this.observe(this.queue(async () => this.variable(variable).slice()));
  }

  variable(ref: VariableRef): HostArray {
    const data = this.#variables.get(ref) ?? hostArray(ref.dtype, sizeOf(ref.shape));
    this.#variables.set(ref, data);
    return data;
  }

  update(ref: VariableRef, data: HostArray): void {
    this.#variables.set(ref, data);
  }

  release(arena: VariableArena): void {
    for (const ref of this.#variables.keys()) {
      if (ref.place().arena === arena) this.#variables.delete(ref);
    }
  }

  /** Runs `work` after everything queued before. A failure drops what comes after it, up to and with the next `observe`. */
  queue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#end.then(() => {
      if (this.#failure) throw this.#failure.error;
      return work();
    });
    this.#end = result.then(
      () => {},
      (error: unknown) => {
        this.#failure ??= { error };
      },
    );
    return result;
  }

  /** `queue` for work that nobody waits for. */
  enqueue(work: () => Promise<void>): void {
    this.queue(work).catch(() => {});
  }

  /** The result of queued work. Its failure is the caller's from here on, and the queue goes on. */
  async observe<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      this.#failure = null;
      throw error;
    }
  }

  settled(): Promise<void> {
    return this.observe(this.queue(async () => {}));
  }

  countSubmit(): void {
    this.#submits++;
  }

  counters(): BackendCounters {
    const bytes = [...this.#variables.values()].reduce((sum, data) => sum + data.byteLength, 0);
    return {
      submits: this.#submits,
      dispatches: 0,
      passes: 0,
      copies: 0,
      writes: 0,
      buffersCreated: 0,
      bindGroupsCreated: 0,
      pipelinesCreated: 0,
      liveBuffers: this.#variables.size,
      liveBytes: bytes,
      liveQuerySets: 0,
    };
  }

  dispose(): void {
    this.#variables.clear();
  }
}

class CpuExecutor implements Executor {
  readonly #backend: CpuBackend;
  readonly #graph: Graph;
  readonly #name: string;
  readonly #capabilities: Capabilities;
  readonly #nodes: ReadonlyMap<string, Node>;
  #feeds = new Map<Node, HostArray>();
  #outputs: ReadonlyMap<string, HostTensor> = new Map();
  #plan: Plan | null = null;
  #disposed = false;

  constructor(backend: CpuBackend, graph: Graph, name: string, capabilities: Capabilities) {
    this.#backend = backend;
    this.#graph = graph;
    this.#name = name;
    this.#capabilities = capabilities;
    this.#nodes = new Map(graph.inputs.map((input) => [input.name, input.value.node]));
  }

  /** The plan that a GPU with default limits would run: for printing and counting. */
  get plan(): Plan {
    this.#plan ??= compileGraph(this.#graph, { name: this.#name, capabilities: this.#capabilities });
    return this.#plan;
  }

  feed(name: string, value: HostTensor | DeviceTensor): void {
    this.#assertUsable();
    const node = this.#nodes.get(name) as Node;
    const data = 'data' in value ? value.data.slice() : (value as CpuResident).values;
    this.#feeds = new Map(this.#feeds).set(node, data);
  }

  submit(times: number): void {
    this.#assertUsable();
    const feeds = this.#feeds;
    this.#backend.countSubmit();
    for (let run = 0; run < times; run++) this.#backend.enqueue(() => this.#runOnce(feeds));
  }

  async #runOnce(feeds: ReadonlyMap<Node, HostArray>): Promise<void> {
    await this.#backend.pause();
    const variables = (ref: VariableRef): HostArray => this.#backend.variable(ref);
    const { outputs, updates } = await evaluateAsync(this.#graph, feeds, { variables });
    this.#graph.updates.forEach(({ variable }, index) => {
      const value = updates[index];
      if (value) this.#backend.update(variable, value.data);
    });
    this.#outputs = new Map(
      this.#graph.outputs.map(({ name }, index) => [name, outputs[index] as HostTensor]),
    );
  }

  async run({ times, collect }: ExecutorRun): Promise<ReadonlyMap<string, HostTensor>> {
    this.#assertUsable();
    const results = new Map<string, HostTensor>();
    const feeds = this.#feeds;
    this.#backend.countSubmit();
    return this.#backend.observe(
      this.#backend.queue(async () => {
        for (let run = 0; run < times; run++) {
          await this.#runOnce(feeds);
          for (const [name, value] of this.#outputs) {
            results.set(name, collect.includes(name) ? stacked(results.get(name), value, run, times) : value);
          }
        }
        return results;
      }),
    );
  }

  keep(name: string): DeviceTensor {
    this.#assertUsable();
    const type = this.#graph.outputs.find((output) => output.name === name)?.value;
    if (!type) throw new HeddleError({ op: 'run', message: `the program has no output '${name}'` });
    const resident = new CpuResident(type.shape, type.dtype);
    this.#backend.enqueue(async () => {
      resident.values.set((this.#outputs.get(name) as HostTensor).data);
    });
    return resident;
  }

  stepwise(_visit: (record: StepRecord) => void): Promise<void> {
    throw new HeddleError({
      op: 'verify',
      message: 'the CPU device runs the reference itself: there is no other result to compare it with',
      roles: ['device'],
      values: { device: 'cpu' },
      fix: "verify on a WebGPU device: init({ device: 'webgpu' })",
    });
  }

  profile(): Promise<PlanTimes> {
    this.#assertUsable();
    throw new HeddleError({
      op: 'profile',
      message: 'the CPU device runs no dispatches: there is nothing to time',
      roles: ['device'],
      values: { device: 'cpu' },
      fix: "profile on a WebGPU device: init({ device: 'webgpu' })",
    });
  }

  dispose(): void {
    this.#disposed = true;
    this.#feeds = new Map();
    // Results that were kept before are still to be copied.
    this.#backend.enqueue(async () => {
      this.#outputs = new Map();
    });
  }

  #assertUsable(): void {
    if (!this.#disposed) return;
    throw new HeddleError({
      op: this.#name,
      message: 'the program has been disposed of',
      fix: 'compile it again, or dispose of it later',
    });
  }
}

/** Row `run` of `times` rows set to `value`. */
function stacked(rows: HostTensor | undefined, value: HostTensor, run: number, times: number): HostTensor {
  const shape = [times, ...value.shape];
  const into = rows ?? { shape, dtype: value.dtype, data: hostArray(value.dtype, sizeOf(shape)) };
  into.data.set(value.data, run * value.data.length);
  return into;
}

/** A kept result on the CPU device. */
class CpuResident implements DeviceTensor {
  readonly buffer = null;
  readonly values: HostArray;

  constructor(
    readonly shape: readonly number[],
    readonly dtype: HostTensor['dtype'],
  ) {
    this.values = hostArray(dtype, sizeOf(shape));
  }

  dispose(): void {}
}
