/** Where a program's time goes: each dispatch of its plan, timed on the device on the inputs that it really has. */

import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import type { PlannedDispatch, PlanStep } from '../ir/plan.js';
import type { PlanTimes } from '../runtime/index.js';
import type { AdapterSummary, Executor } from './backend.js';
import { printProfile } from './profile-print.js';

export interface ProfileOptions {
  /** Passes over each dispatch, from 1 to 100; the median counts. Default 5. */
  readonly repeat?: number;
  /**
   * How long a pass lasts, from 0.1 to 50: a dispatch that takes less is repeated within it, as timestamps are coarse. Never shorter than
   * what the device's clock can tell. Default 5.
   */
  readonly milliseconds?: number;
  /** Called after each dispatch: `(4, 9)` reads "4 of 9 are timed". */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One dispatch of a profile. */
export interface ProfiledDispatch {
  /** Its place in the order of execution, from 0. */
  readonly index: number;
  /** The step of the plan that it belongs to: `dense_1/matmul`. */
  readonly step: string;
  readonly op: string;
  /** The kernel's entry point. */
  readonly kernel: string;
  /** Which of the op's kernels the step runs. */
  readonly variant: string;
  /** Of one run: the median over the passes. */
  readonly milliseconds: number;
  /** How far the passes lie apart: (slowest − fastest) / median. */
  readonly spread: number;
  /** Its part of the sum over all dispatches, from 0 to 1. */
  readonly share: number;
  /** Bytes of the ranges that it binds, those changed in place twice: what it moves at least, unless it picks rows out of a tensor. */
  readonly bytes: number;
  /** Multiplications and additions, for products; of a step of several dispatches, in proportion to their times. */
  readonly flops?: number;
}

export interface Profile {
  readonly program: string;
  readonly adapter: AdapterSummary;
  /** `clock` where the device has no timestamps: times of many runs less that of an empty submit. */
  readonly source: 'timestamps' | 'clock';
  /** Passes over each dispatch. */
  readonly repeat: number;
  /** Milliseconds of one run of all dispatches in one pass. The sum of the parts differs: alone, a kernel finds its data in the caches. */
  readonly whole: number;
  /** In the order of execution. */
  readonly dispatches: readonly ProfiledDispatch[];
  /** A table, slowest first. */
  print(): string;
}

export interface ProfiledProgram {
  readonly name: string;
  readonly adapter: AdapterSummary;
  readonly executor: Pick<Executor, 'plan' | 'profile'>;
}

export const PROFILE_OPTIONS = ['repeat', 'milliseconds', 'onProgress'] as const;

export interface CheckedProfileOptions extends ProfileOptions {
  readonly repeat: number;
  readonly milliseconds: number;
}

/** Throws for unknown options and values out of range. */
export function checkProfileOptions(options: ProfileOptions): CheckedProfileOptions {
  rejectUnknownOptions('profile', options, PROFILE_OPTIONS);
  const { repeat = 5, milliseconds = 5 } = options;
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > 100) {
    throw badOption('repeat', repeat, 'use a whole number from 1 to 100');
  }
  if (!(milliseconds >= 0.1 && milliseconds <= 50)) {
    throw badOption('milliseconds', milliseconds, 'use a number from 0.1 to 50');
  }
  return { ...options, repeat, milliseconds };
}

const badOption = (name: string, value: unknown, fix: string): HeddleError =>
  new HeddleError({
    op: 'profile',
    message: `${name} is ${String(value)}`,
    roles: [name],
    values: { [name]: value },
    fix,
  });

/** Profiles a program that has been fed. */
export async function profileProgram(
  { name, adapter, executor }: ProfiledProgram,
  options: CheckedProfileOptions,
): Promise<Profile> {
  const { source, whole, dispatches } = await executor.profile(options);
  const report = {
    program: name,
    adapter,
    source,
    repeat: options.repeat,
    whole: median(whole),
    dispatches: Object.freeze(profiled(executor.plan.steps, dispatches)),
  };
  return Object.freeze({ ...report, print: () => printProfile(report) });
}

function profiled(steps: readonly PlanStep[], times: PlanTimes['dispatches']): ProfiledDispatch[] {
  const medians = times.map(median);
  const total = medians.reduce((sum, time) => sum + time, 0);
  let index = 0;
  return steps.flatMap((step) => {
    const from = index;
    const own = medians.slice(from, from + step.dispatches.length);
    const ofStep = own.reduce((sum, time) => sum + time, 0);
    const flops = step.node.op.flops?.(step.node.inputs, step.node.attrs) ?? 0;
    return step.dispatches.map((dispatch): ProfiledDispatch => {
      const milliseconds = medians[index] ?? 0;
      const passes = times[index] ?? [];
      const part = ofStep > 0 ? milliseconds / ofStep : 1 / own.length;
      return Object.freeze({
        index: index++,
        step: step.label,
        op: step.node.op.name,
        kernel: dispatch.kernel.entryPoint,
        variant: step.variant,
        milliseconds,
        spread: milliseconds > 0 ? (Math.max(...passes) - Math.min(...passes)) / milliseconds : 0,
        share: total > 0 ? milliseconds / total : 0,
        bytes: boundBytes(dispatch),
        ...(flops > 0 ? { flops: flops * part } : {}),
      });
    });
  });
}

const boundBytes = ({ kernel, bindings }: PlannedDispatch): number =>
  bindings.reduce((sum, { bytes }, at) => sum + (kernel.bindings[at]?.access === 'inout' ? 2 : 1) * bytes, 0);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
