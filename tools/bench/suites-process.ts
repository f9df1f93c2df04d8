// A process of suites, as seen from the command: a driver that crashes gives an error, and the rows before it are kept.
import type { BenchResult } from '../../bench/face.js';
import type { TaskProfile } from '../../bench/profile.js';
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import type { Progress } from '../../bench/run.js';
import { startWorker, type WorkerProgram } from '../worker.js';
import type { ProfileOptions, SuiteOptions } from './options.js';
import type { SuiteNews, SuiteOrder, SuitesReady } from './suites-messages.js';

export interface SuiteHooks {
  readonly onProgress?: (progress: Progress) => void;
  /** Told as a case ends. */
  readonly onRows?: (rows: readonly Row[]) => void;
}

/** It obeys one order. */
export interface SuiteProcess extends SuitesReady {
  /** Never rejects. */
  run(options: SuiteOptions, hooks?: SuiteHooks): Promise<SuiteRun>;
  /** Throws where the step cannot be profiled. */
  profile(options: ProfileOptions, hooks?: Pick<SuiteHooks, 'onProgress'>): Promise<TaskProfile>;
  close(): Promise<void>;
}

export interface SuiteRun extends BenchResult {
  /** What ended the run before its time. */
  readonly error: string | null;
}

/** First steps are cold: no shader that an earlier process compiled is found on disk, by Mesa's drivers or NVIDIA's. */
const COLD = { MESA_SHADER_CACHE_DISABLE: 'true', __GL_SHADER_DISK_CACHE: '0' };

/** A fresh process of a program that calls `serveSuites`. Throws where there is no adapter. */
export async function openSuites(program: WorkerProgram): Promise<SuiteProcess> {
  const worker = startWorker<SuiteOrder, SuiteNews>({ ...program, env: { ...program.env, ...COLD } });
  try {
    const ready = await worker.next();
    if (ready.say === 'error') throw new Error(ready.message);
    if (ready.say !== 'ready') throw new Error(`a process of suites begins with '${ready.say}'`);
    return {
      ...ready,
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

/** All that comes until the end. */
async function follow(
  next: () => Promise<SuiteNews>,
  { onProgress, onRows }: SuiteHooks,
): Promise<SuiteRun & { readonly profile: TaskProfile | null }> {
  const rows: Row[] = [];
  let roof: Roof | null = null;
  let profile: TaskProfile | null = null;
  let text = 'starting';
  for (;;) {
    const news = await next().catch((error: unknown): SuiteNews => {
      const why = error instanceof Error ? error.message : String(error);
      return { say: 'error', message: `${text}: ${why}` };
    });
    if (news.say === 'done') return { rows, roof, profile, error: null };
    if (news.say === 'error') return { rows, roof, profile, error: news.message };
    if (news.say === 'roof') roof = news.roof;
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
