/** Where the time of a training step goes: the tasks that the benchmarks know, by Heddle's profile, each kernel beside the adapter's limit. */

import type { ProfiledDispatch } from 'heddle';
import type { Size } from './case.js';
import { describeHeddle, trainingStep } from './engines/heddle.js';
import { familyOf, type KernelFamily } from './kernel-family.js';
import { measureRoof, type Roof } from './roofline.js';
import { type Rates, ratesOf } from './row.js';
import type { Task } from './task.js';
import { celsius, cnn, gru, lstm, mlp, rnn } from './tasks.js';

export const PROFILED: Readonly<Record<string, (size: Size) => Task>> = { celsius, mlp, cnn, rnn, lstm, gru };

/** A dispatch, how fast it is, and how near to what the adapter can do: above 1 where its data come from caches. */
export interface JudgedDispatch extends ProfiledDispatch, Rates {
  readonly family: KernelFamily;
}

/** Plain data. */
export interface TaskProfile {
  readonly task: string;
  readonly version: string;
  readonly adapter: string;
  readonly source: 'timestamps' | 'clock';
  /** Passes over each dispatch, of which the median counts. */
  readonly repeat: number;
  /** Milliseconds of a step. */
  readonly whole: number;
  readonly roof: Roof;
  /** In the order of execution. */
  readonly dispatches: readonly JudgedDispatch[];
}

export interface TaskProfileOptions {
  readonly size?: Size;
  readonly onProgress?: (text: string, done: number) => void;
}

/** Steps before the profile: moments are those of a training. */
const STEPS_BEFORE = 3;

/** Throws for an unknown task, and where there is no WebGPU adapter. */
export async function profileTask(
  name: string,
  { size = 'full', onProgress = () => {} }: TaskProfileOptions = {},
): Promise<TaskProfile> {
  const make = PROFILED[name];
  if (!make) throw new Error(`no training step '${name}'; there are ${Object.keys(PROFILED).join(', ')}`);
  onProgress('measuring the limits of the adapter', 0);
  const roof = await measureRoof(size);
  onProgress(`compiling ${name}`, 0);
  const { program, dispose } = await trainingStep(make(size));
  try {
    await program.run({}, { times: STEPS_BEFORE });
    onProgress(`timing the whole step of ${name}`, 0);
    const { source, repeat, whole, dispatches } = await program.profile(
      {},
      {
        ...(size === 'tiny' ? { repeat: 2, milliseconds: 0.2 } : {}),
        onProgress: (done, total) => onProgress(`timed ${done} of ${total} kernels of ${name}`, done / total),
      },
    );
    return {
      task: name,
      ...(await describeHeddle()),
      source,
      repeat,
      whole,
      roof,
      dispatches: dispatches.map((one) => judged(one, roof)),
    };
  } finally {
    dispose();
  }
}

function judged(dispatch: ProfiledDispatch, roof: Roof): JudgedDispatch {
  const { kernel, milliseconds, flops = 0, bytes } = dispatch;
  const rates = ratesOf({ cost: { flops, bytes }, roof }, milliseconds > 0 ? milliseconds : null);
  return { ...dispatch, ...rates, family: familyOf(kernel) };
}
