/**
 * Times each dispatch of a plan on the inputs that it really has in a step. The plan is walked in order; a dispatch is repeated within
 * one pass, as timestamps are coarse, and several such passes say how far the times lie apart.
 *
 * A kernel that only reads and writes gives the same again however often it runs. One that changes a tensor in place gets that back
 * before each pass, and runs once more at the end, so that the next dispatch finds what a step would have left.
 */

import type { Location, Plan, PlannedDispatch } from '../ir/plan.js';
import type { GpuContext } from './context.js';
import { encodePass } from './encode.js';
import { takeSnapshot } from './profile-state.js';
import { openWatch, type Watch, type WatchSource } from './profile-watch.js';
import type { Program } from './program.js';

export interface TimeOptions {
  /** Passes over each dispatch, from 1 up. */
  readonly repeat: number;
  /** How long a pass lasts, about; longer where the watch or a single dispatch asks for it. */
  readonly milliseconds: number;
  /** Told after each dispatch. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Milliseconds of one run, by pass. */
export interface PlanTimes {
  readonly source: WatchSource;
  /** All dispatches, as in a step. */
  readonly whole: readonly number[];
  /** One list per dispatch, in order. */
  readonly dispatches: readonly (readonly number[])[];
}

/** What an executable lends. */
export interface ProfileMachine {
  readonly context: GpuContext;
  readonly plan: Plan;
  readonly program: Program;
  isDisposed(): boolean;
  /** Throws where it was disposed of, or the device lost. */
  assertUsable(): void;
}

/** Dispatches of one pass, at most: encoding them is work too. */
const MOST_DISPATCHES = 4096;
/** A pass that the watch can hardly tell says little of how much longer the next may be. */
const MOST_GROWTH = 16;

/**
 * Variables and outputs are afterwards what they were before, also where it throws. Nothing else may be submitted that uses the plan's
 * variables until the promise settles.
 */
export async function timePlan(machine: ProfileMachine, options: TimeOptions): Promise<PlanTimes> {
  const { context, plan, program } = machine;
  const dispatches = plan.steps.flatMap((step) => step.dispatches);
  const variables = takeSnapshot(context, program, writtenVariables(dispatches));
  const outputs = takeSnapshot(
    context,
    program,
    plan.outputs.map(({ location }) => location),
  );
  let watch: Watch | null = null;
  try {
    // Where memory is short for the copies, nothing must have run.
    await context.idle();
    watch = await openWatch(context);
    const { source } = watch;
    const whole = await timesOf(machine, watch, program, () => variables.restore(), options);
    variables.restore();
    const times: (readonly number[])[] = [];
    for (const [index, dispatch] of dispatches.entries()) {
      times.push(await timesInPlace(machine, watch, index, dispatch, options));
      options.onProgress?.(index + 1, dispatches.length);
    }
    return { source, whole, dispatches: times };
  } finally {
    watch?.dispose();
    if (context.alive) variables.restore();
    if (context.alive && !machine.isDisposed()) outputs.restore();
    variables.dispose();
    outputs.dispose();
  }
}

/** The passes of one dispatch, which has run exactly once when they are done. */
async function timesInPlace(
  machine: ProfileMachine,
  watch: Watch,
  index: number,
  dispatch: PlannedDispatch,
  options: TimeOptions,
): Promise<number[]> {
  const { context, program } = machine;
  const changed = boundBy(dispatch, ['inout']);
  const before = takeSnapshot(context, program, changed);
  try {
    const times = await timesOf(machine, watch, alone(program, index), () => before.restore(), options);
    if (changed.length > 0) {
      before.restore();
      const encoder = context.ops.device.createCommandEncoder({ label: 'heddle profile' });
      encodePass(context.ops, encoder, program, 'heddle profile', index, index + 1);
      context.ops.submit(encoder);
    }
    return times;
  } finally {
    before.dispose();
  }
}

/** Milliseconds of one run of `program`, by pass. */
async function timesOf(
  { context, assertUsable }: ProfileMachine,
  watch: Watch,
  program: Program,
  restore: () => void,
  { repeat, milliseconds }: TimeOptions,
): Promise<number[]> {
  const { length } = program.pipelines;
  if (length === 0) return new Array<number>(repeat).fill(0);
  const pass = (times: number): Promise<number> => {
    assertUsable();
    restore();
    return watch.time((encoder, timestamps) =>
      encodePass(context.ops, encoder, program, 'heddle profile', 0, times * length, timestamps),
    );
  };
  const wanted = Math.max(milliseconds, watch.leastMilliseconds);
  const most = Math.max(1, Math.floor(MOST_DISPATCHES / length));
  // Some drivers compile a pipeline when it first runs.
  await pass(1);
  let times = 1;
  let elapsed = await pass(times);
  while (elapsed < wanted / 2 && times < most) {
    times = Math.min(most, Math.ceil(times * Math.min(MOST_GROWTH, wanted / elapsed)));
    elapsed = await pass(times);
  }
  const found = [elapsed / times];
  while (found.length < repeat) found.push((await pass(times)) / times);
  return found;
}

/** Dispatch `index` as a program of its own. */
const alone = (program: Program, index: number): Program => ({
  ...program,
  pipelines: program.pipelines.slice(index, index + 1),
  groups: program.groups.slice(index, index + 1),
  workgroups: program.workgroups.slice(3 * index, 3 * index + 3),
});

const writtenVariables = (dispatches: readonly PlannedDispatch[]): Location[] =>
  dispatches
    .flatMap((dispatch) => boundBy(dispatch, ['write', 'inout']))
    .filter(({ buffer }) => buffer.kind === 'variables');

const boundBy = (
  { kernel, bindings }: PlannedDispatch,
  accesses: readonly ('write' | 'inout')[],
): Location[] => bindings.filter((_, at) => accesses.some((one) => one === kernel.bindings[at]?.access));
