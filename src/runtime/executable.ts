/**
 * A plan made ready to run: everything is created once, then each run is one command buffer with one compute pass and nothing
 * else. Work is queued in the order of the calls; only what returns a promise waits.
 */

import { deviceBytes, type HostArray } from '../core/dtype.js';
import { HeddleError, unknownName } from '../core/errors.js';
import { showShape, sizeOf } from '../core/shape.js';
import type { HostTensor, VariableArena } from '../ir/graph.js';
import type { PlacedTensor, Plan } from '../ir/plan.js';
import { copyToNew } from './arenas.js';
import type { GpuContext } from './context.js';
import { encodePass } from './encode.js';
import { toDevice } from './encoding.js';
import type { Progress } from './pipelines.js';
import { type PlanTimes, type TimeOptions, timePlan } from './profile.js';
import { createProgram, type Program } from './program.js';
import { Readback, type ReadItem } from './readback.js';
import { StagingPool } from './staging.js';
import { type StepVisitor, walkSteps } from './stepwise.js';

export interface ExecutableOptions {
  /** Where each variable arena of the plan lives: `ArenaBuffers.buffer`. The buffers must outlive the executable. */
  readonly variables: (arena: VariableArena) => GPUBuffer;
  /** Told as pipelines become ready; see `GpuContext.prepare`. */
  readonly onProgress?: Progress;
  /**
   * Longer runs are cut into several submits, so that a watchdog or a renderer on the same GPU gets its turn between them; the
   * results are the same. Default: no cut.
   */
  readonly maxDispatchesPerSubmit?: number;
}

export interface RunOptions {
  /** How many times the whole plan runs. Default 1. */
  readonly times?: number;
  /** Outputs to read after the last repetition. Default: all. */
  readonly outputs?: readonly string[];
  /**
   * Outputs to read after every repetition; the result has a new first dimension, `times`. Each repetition is then a pass of
   * its own, still in one submit, as copies cannot stand inside a pass.
   */
  readonly collect?: readonly string[];
}

interface PendingCopy {
  readonly source: GPUBuffer;
  readonly sourceOffset: number;
  readonly target: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

export class Executable {
  readonly plan: Plan;
  readonly #context: GpuContext;
  readonly #program: Program;
  readonly #staging: StagingPool;
  readonly #maxDispatches: number;
  #copies: PendingCopy[] = [];
  #checked = false;
  #disposed = false;

  private constructor(context: GpuContext, plan: Plan, program: Program, maxDispatches: number) {
    this.plan = plan;
    this.#context = context;
    this.#program = program;
    this.#maxDispatches = maxDispatches;
    this.#staging = new StagingPool(context.buffers, context.health, `heddle ${plan.name}`);
  }

  /** Compiles the plan's kernels and creates its buffers and bind groups. Throws `HeddleError`s, leaving nothing behind. */
  static async create(context: GpuContext, plan: Plan, options: ExecutableOptions): Promise<Executable> {
    const { maxDispatchesPerSubmit = Number.POSITIVE_INFINITY } = options;
    if (maxDispatchesPerSubmit !== Number.POSITIVE_INFINITY) {
      assertCount(plan, 'maxDispatchesPerSubmit', maxDispatchesPerSubmit, 1);
    }
    const kernels = plan.steps.flatMap((step) => step.dispatches.map(({ kernel }) => kernel));
    await context.prepare(kernels, options.onProgress);
    const program = await createProgram(context, plan, options.variables);
    return new Executable(context, plan, program, maxDispatchesPerSubmit);
  }

  /** Dispatches of one repetition. */
  get dispatches(): number {
    return this.#program.pipelines.length;
  }

  /** Sets an input for the runs submitted after this call, until it is fed again. The data is copied before this returns. */
  feed(name: string, data: HostArray): void {
    const { type, location } = this.#input(name);
    const size = sizeOf(type.shape);
    if (data.length !== size) {
      throw new HeddleError({
        op: this.plan.name,
        message: `input '${name}' ${showShape(type.shape)} has ${size} elements, the data ${data.length}`,
        roles: [name],
        values: { shape: type.shape, length: data.length },
        fix: "feed as many elements as the input's shape has",
      });
    }
    if (size === 0) return;
    const target = this.#program.buffer(location.buffer);
    this.#forgetCopy(target, location.offset);
    this.#context.ops.write(target, location.offset, toDevice(data, type.dtype));
  }

  /**
   * Sets an input from a buffer on the device, as it is when the next run starts; the copy travels with that run's submit.
   * `buffer` holds a tensor of the input's shape and dtype at byte `offset`, and must not be destroyed before that submit.
   */
  feedBuffer(name: string, buffer: GPUBuffer, offset = 0): void {
    const { location, type } = this.#input(name);
    const bytes = deviceBytes(type.shape, type.dtype);
    if (bytes === 0) return;
    const target = this.#program.buffer(location.buffer);
    this.#forgetCopy(target, location.offset);
    this.#copies.push({ source: buffer, sourceOffset: offset, target, offset: location.offset, bytes });
  }

  /**
   * Runs the plan `times` times in one submit with one pass (more where `maxDispatchesPerSubmit` cuts). Returns nothing and
   * waits for nothing. Throws if `times` is no whole number from 0 up, the executable is disposed of, or the device is lost.
   */
  submit(times = 1): void {
    this.#assertUsable();
    assertCount(this.plan, 'times', times, 0);
    for (const encoder of this.#pieces(times, null, false)) {
      const verdict = this.#flush(encoder);
      if (verdict !== null) this.#context.health.reportWhenKnown(verdict);
    }
  }

  /**
   * `submit` with a readback in the same command buffer. Resolves with the values by name. Where `maxDispatchesPerSubmit`
   * cuts, at most two pieces are on their way at a time, so that neither the page nor the queue is held up; the caller then
   * keeps other work on the same variables away until the promise settles.
   */
  async run(options: RunOptions = {}): Promise<Map<string, HostTensor>> {
    this.#assertUsable();
    const { times = 1, collect = [], outputs = collect.length > 0 ? [] : this.#outputNames() } = options;
    assertCount(this.plan, 'times', times, 0);
    const names = [...outputs, ...collect];
    const items = names.map((name, index) =>
      this.#item(this.#output(name), index < outputs.length ? null : times),
    );
    const read = new Readback(this.#context.ops, this.#staging, items);
    try {
      let earlier: Promise<void> | null = null;
      let verdict: Promise<HeddleError | null> | null = null;
      for (const encoder of this.#pieces(times, read, collect.length > 0)) {
        verdict = this.#flush(encoder) ?? verdict;
        if (times * this.dispatches <= this.#maxDispatches) continue;
        const current = this.#context.idle();
        // A failure is thrown by the next await on it, or by the readback.
        current.catch(() => {});
        await earlier;
        this.#assertUsable();
        earlier = current;
      }
      const fault = await verdict;
      if (fault) throw fault;
    } catch (error) {
      read.abandon();
      throw error;
    }
    const values = await read.values();
    return new Map(names.map((name, index) => [name, values[index] as HostTensor]));
  }

  /** The outputs of the last run submitted, without running again. Default: all. */
  readOutputs(names: readonly string[] = this.#outputNames()): Promise<Map<string, HostTensor>> {
    return this.run({ times: 0, outputs: names });
  }

  /** Output `name` of the last run submitted, in a buffer of its own, which the caller gives to `context.buffers.destroy`. */
  copyOut(name: string): GPUBuffer {
    this.#assertUsable();
    const { type, location } = this.#output(name);
    const source = this.#program.buffer(location.buffer);
    const bytes = deviceBytes(type.shape, type.dtype);
    return copyToNew(this.#context, source, location.offset, bytes, `${this.plan.name} ${name}`);
  }

  /**
   * Runs the plan once, step by step: `visit` is called for each, and may read the step's real inputs and outputs before
   * later steps reuse their memory. Nothing else may be submitted until the promise settles.
   */
  async runStepwise(visit: StepVisitor): Promise<void> {
    this.#assertUsable();
    const { firstOfStep } = this.#program;
    const run = async (stepIndex: number): Promise<void> => {
      const encoder = this.#begin();
      const [from = 0, to = 0] = firstOfStep.slice(stepIndex, stepIndex + 2);
      if (to > from) this.#pass(encoder, from, to);
      const fault = await this.#flush(encoder);
      if (fault) throw fault;
    };
    await walkSteps({ plan: this.plan, run, read: (tensors) => this.#readNow(tensors) }, visit);
    await this.#context.idle();
  }

  /** Times each dispatch and the whole plan; see `timePlan`. Nothing else may be submitted until the promise settles. */
  async profile(options: TimeOptions): Promise<PlanTimes> {
    this.#assertUsable();
    if (this.#copies.length > 0) this.#context.ops.submit(this.#begin());
    const machine = {
      context: this.#context,
      plan: this.plan,
      program: this.#program,
      isDisposed: () => this.#disposed,
      assertUsable: () => this.#assertUsable(),
    };
    const times = await timePlan(machine, options);
    await this.#context.idle();
    return times;
  }

  /** Frees all that the executable made; reads in flight still get their values. Twice is no error. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const buffer of this.#program.owned) this.#context.buffers.destroy(buffer);
    this.#staging.dispose();
  }

  /** Command buffers for `times` repetitions, cut where one is full, with copies after each repetition or at the end. */
  *#pieces(times: number, read: Readback | null, collects: boolean): Generator<GPUCommandEncoder, void> {
    const segments = collects ? times : 1;
    const length = (times * this.dispatches) / Math.max(1, segments);
    let encoder = this.#begin();
    let room = this.#maxDispatches;
    for (let segment = 0; segment < segments; segment++) {
      for (let from = 0; from < length; ) {
        if (room === 0) {
          yield encoder;
          encoder = this.#begin();
          room = this.#maxDispatches;
        }
        const to = Math.min(length, from + room);
        this.#pass(encoder, from, to);
        room -= to - from;
        from = to;
      }
      if (collects) read?.copy(encoder, segment);
    }
    read?.copy(encoder, null);
    yield encoder;
  }

  #pass(encoder: GPUCommandEncoder, from: number, to: number): void {
    encodePass(this.#context.ops, encoder, this.#program, `heddle ${this.plan.name}`, from, to);
  }

  /** Drops a copy into an input that is fed anew before any run. */
  #forgetCopy(target: GPUBuffer, offset: number): void {
    this.#copies = this.#copies.filter((copy) => copy.target !== target || copy.offset !== offset);
  }

  /** A command buffer that opens with the copies asked for by `feedBuffer`. */
  #begin(): GPUCommandEncoder {
    const { ops } = this.#context;
    const encoder = ops.device.createCommandEncoder({ label: `heddle ${this.plan.name}` });
    for (const { source, sourceOffset, target, offset, bytes } of this.#copies) {
      ops.copy(encoder, source, sourceOffset, target, offset, bytes);
    }
    this.#copies = [];
    return encoder;
  }

  /** Submits. The first time inside error scopes, whose verdict it returns. */
  #flush(encoder: GPUCommandEncoder): Promise<HeddleError | null> | null {
    const { ops, health } = this.#context;
    health.assertAlive();
    if (this.#checked) {
      ops.submit(encoder);
      return null;
    }
    this.#checked = true;
    return health.scoped(this.plan.name, { plan: this.plan.name }, () => ops.submit(encoder)).error;
  }

  async #readNow(tensors: readonly PlacedTensor[]): Promise<HostArray[]> {
    const items = tensors.map((tensor) => this.#item(tensor, null));
    const read = new Readback(this.#context.ops, this.#staging, items);
    const encoder = this.#begin();
    read.copy(encoder, null);
    this.#context.ops.submit(encoder);
    return (await read.values()).map(({ data }) => data);
  }

  #item(tensor: PlacedTensor, rows: number | null): ReadItem {
    return { tensor, source: this.#program.buffer(tensor.location.buffer), rows };
  }

  #outputNames(): string[] {
    return this.plan.outputs.map(({ name }) => name);
  }

  #output(name: string): PlacedTensor {
    return named(this.plan, 'output', this.plan.outputs, name);
  }

  #input(name: string): PlacedTensor {
    this.#assertUsable();
    return named(this.plan, 'input', this.plan.inputs, name);
  }

  #assertUsable(): void {
    this.#context.health.assertAlive();
    if (!this.#disposed) return;
    throw new HeddleError({
      op: this.plan.name,
      message: 'the program has been disposed of',
      fix: 'compile it again, or dispose of it later',
    });
  }
}

function named<T extends { readonly name: string }>(
  plan: Plan,
  role: string,
  list: readonly T[],
  name: string,
): T {
  const found = list.find((one) => one.name === name);
  if (found) return found;
  throw unknownName(
    plan.name,
    role,
    name,
    list.map((one) => one.name),
  );
}

function assertCount(plan: Plan, role: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new HeddleError({
    op: plan.name,
    message: `${role} is ${value}`,
    roles: [role],
    values: { [role]: value },
    fix: `give a whole number from ${least} up`,
  });
}
