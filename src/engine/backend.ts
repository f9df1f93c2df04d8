/**
 * What the engine asks of a device. Two stand behind it: WebGPU (plans, encoded once and replayed) and the CPU (the reference, run
 * on the same graphs). Nothing above this file knows which.
 */

import type { HostArray } from '../core/dtype.js';
import type { Graph, HostTensor, TensorType, VariableArena, VariableRef } from '../ir/graph.js';
import type { Plan, PlanStep } from '../ir/plan.js';
import type { Capabilities } from '../kernels/kernel.js';
import type { DeviceBuffer, PlanTimes, TimeOptions } from '../runtime/index.js';

export interface AdapterSummary {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** A CPU that plays a GPU. */
  readonly software: boolean;
}

/** A tensor in memory of the device that its owner must give back. */
export interface DeviceTensor extends TensorType {
  readonly buffer: DeviceBuffer | null;
  dispose(): void;
}

export interface BuildOptions {
  readonly name: string;
  /** Told as pipelines become ready: "compiling 4 of 9 pipelines". */
  readonly onProgress?: (done: number, total: number) => void;
  /** Entries on top of `capabilities.tuning`. */
  readonly tuning?: ReadonlyMap<string, string>;
}

export interface Backend {
  readonly kind: 'webgpu' | 'cpu';
  readonly adapter: AdapterSummary;
  readonly capabilities: Capabilities;
  /** Rejects (never resolves) when the device is gone. */
  readonly lost: Promise<never>;
  /** Takes `tuning` as `capabilities.tuning` for all that is built from now on. */
  adopt(tuning: ReadonlyMap<string, string>): void;
  build(graph: Graph, options: BuildOptions): Promise<Executor>;
  /** Overwrites a variable, after all work queued so far. */
  write(variable: VariableRef, value: HostTensor): void;
  /** A variable as it is after all work queued so far. */
  read(variable: VariableRef): Promise<HostArray>;
  /** Gives back the memory of an arena of variables. */
  release(arena: VariableArena): void;
  /** Resolves when all work queued so far has run. */
  settled(): Promise<void>;
  /** Counts what was done and made so far; bytes and buffers alive now. */
  counters(): BackendCounters;
  dispose(): void;
}

export interface BackendCounters {
  readonly submits: number;
  readonly dispatches: number;
  readonly passes: number;
  readonly copies: number;
  readonly writes: number;
  readonly buffersCreated: number;
  readonly bindGroupsCreated: number;
  readonly pipelinesCreated: number;
  readonly liveBuffers: number;
  readonly liveBytes: number;
  readonly liveQuerySets: number;
}

export interface ExecutorRun {
  readonly times: number;
  readonly collect: readonly string[];
}

/** One step of a plan while it runs for the verifier: `inputs` as they were before its dispatches, `outputs` after. */
export interface StepRecord {
  readonly step: PlanStep;
  readonly inputs: readonly HostTensor[];
  readonly outputs: readonly (HostTensor | null)[];
}

/** A built program. Work is queued in order; nothing is waited for but by `read`, `stepwise` and `profile`. */
export interface Executor {
  readonly plan: Plan;
  feed(name: string, value: HostTensor | DeviceTensor): void;
  /** Queues `times` runs as one submit. */
  submit(times: number): void;
  /** The same, with a readback: the outputs of the last run, those in `collect` of all runs, stacked. */
  run(options: ExecutorRun): Promise<ReadonlyMap<string, HostTensor>>;
  /** The output `name` of the last run queued, in memory of its own. */
  keep(name: string): DeviceTensor;
  /** Runs once, step by step, showing each step's real inputs and outputs. */
  stepwise(visit: (record: StepRecord) => void | Promise<void>): Promise<void>;
  /** Times each dispatch and the whole, and leaves variables and outputs as they were. */
  profile(options: TimeOptions): Promise<PlanTimes>;
  dispose(): void;
}
