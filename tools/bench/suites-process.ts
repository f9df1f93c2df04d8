// A process of suites, as seen from the command: a driver that crashes gives an error, and the rows before it are kept.
import type { OfferedCase, SuiteOptions } from '../../bench/face.js';
import type { TaskProfile } from '../../bench/profile.js';
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import { startWorker, type WorkerProgram } from '../worker.js';
import { COLD } from './cold.js';
import {
  type CaseGroup,
  type GroupHooks,
  type GroupRun,
  groupWords,
  optionsOf,
  runGroups,
  type WholeHooks,
  type WholeRun,
} from './groups.js';
import type { ProfileOptions } from './options.js';
import type { SuiteNews, SuiteOrder, SuitesReady } from './suites-messages.js';

/** It obeys one order. */
export interface SuiteProcess extends SuitesReady {
  /** The cases that `run` would run, in order. Throws for unknown suites and cases. */
  list(options: SuiteOptions): Promise<readonly OfferedCase[]>;
  /** Never rejects. */
  run(options: SuiteOptions, hooks?: GroupHooks): Promise<GroupRun>;
  /** Throws where the step cannot be profiled. */
  profile(options: ProfileOptions, hooks?: Pick<GroupHooks, 'onProgress'>): Promise<TaskProfile>;
  close(): Promise<void>;
}

/** A fresh process of a program that calls `serveSuites`. Throws where there is no adapter. */
export async function openSuites(program: WorkerProgram): Promise<SuiteProcess> {
  const worker = startWorker<SuiteOrder, SuiteNews>({ ...program, env: { ...program.env, ...COLD } });
  try {
    const ready = await worker.next();
    if (ready.say === 'error') throw new Error(ready.message);
    if (ready.say !== 'ready') throw new Error(`a process of suites begins with '${ready.say}'`);
    return {
      ...ready,
      async list(options) {
        worker.tell({ do: 'list', options });
        const { cases, error } = await follow(worker.next, {});
        if (cases) return cases;
        throw new Error(error ?? 'the process gave no cases');
      },
      async run(options, hooks = {}) {
        worker.tell({ do: 'run', options });
        const { rows, roof, error } = await follow(worker.next, hooks);
        return { rows, roof, error };
      },
      async profile(options, hooks = {}) {
        worker.tell({ do: 'profile', options });
        const { profile, error } = await follow(worker.next, hooks);
        if (profile) return profile;
        throw new Error(error ?? 'the process gave no profile');
      },
      close: worker.close,
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}

/** What `work` gives with a fresh process of suites, which ends then. */
export async function withSuites<T>(
  program: WorkerProgram,
  work: (suites: SuiteProcess) => Promise<T>,
): Promise<T> {
  const suites = await openSuites(program);
  try {
    return await work(suites);
  } finally {
    await suites.close();
  }
}

/** Each group in a process of its own, one after the other: what crashes the driver costs the rest of its group alone. */
export function runInProcesses(
  program: WorkerProgram,
  options: SuiteOptions,
  groups: readonly CaseGroup[],
  hooks?: WholeHooks,
): Promise<WholeRun> {
  const run = async (group: CaseGroup, told: GroupHooks): Promise<GroupRun> => {
    try {
      return await withSuites(program, (suites) => suites.run(optionsOf(options, group), told));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { rows: [], roof: null, error: `${groupWords(group)}: ${why}` };
    }
  };
  return runGroups(groups, run, hooks);
}

interface Followed extends GroupRun {
  readonly cases: readonly OfferedCase[] | null;
  readonly profile: TaskProfile | null;
}

/** All that comes until the end. */
async function follow(next: () => Promise<SuiteNews>, { onProgress, onRows }: GroupHooks): Promise<Followed> {
  const rows: Row[] = [];
  let roof: Roof | null = null;
  let cases: readonly OfferedCase[] | null = null;
  let profile: TaskProfile | null = null;
  let text = 'starting';
  for (;;) {
    const news = await next().catch((error: unknown): SuiteNews => {
      const why = error instanceof Error ? error.message : String(error);
      return { say: 'error', message: `${text}: ${why}` };
    });
    if (news.say === 'done') return { rows, roof, cases, profile, error: null };
    if (news.say === 'error') return { rows, roof, cases, profile, error: news.message };
    if (news.say === 'roof') roof = news.roof;
    if (news.say === 'cases') cases = news.cases;
    if (news.say === 'profile') profile = news.profile;
    if (news.say === 'progress') {
      text = news.progress.text;
      onProgress?.(news.progress);
    }
    if (news.say === 'rows') {
      rows.push(...news.rows);
      onRows?.(news.rows);
    }
  }
}
