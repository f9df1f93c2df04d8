// A process of suites, as seen from the command: a driver that crashes gives an error, and the rows before it are kept.
import type { BenchResult } from '../../bench/face.js';
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import type { Progress } from '../../bench/run.js';
import type { AdapterReport } from '../adapter.js';
import { startWorker, type WorkerProgram } from '../worker.js';
import type { SuiteOptions } from './options.js';
import type { SuiteNews, SuiteOrder } from './suites-messages.js';

export interface SuiteHooks {
  readonly onProgress?: (progress: Progress) => void;
  /** Told as a case ends. */
  readonly onRows?: (rows: readonly Row[]) => void;
}

export interface SuiteProcess {
  readonly adapter: AdapterReport;
  /** All that there are. */
  readonly suites: readonly string[];
  /** Once. */
  run(options: SuiteOptions, hooks?: SuiteHooks): Promise<SuiteRun>;
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
    const { adapter, suites } = ready;
    return {
      adapter,
      suites,
      run(options, hooks = {}) {
        worker.tell({ run: options });
        return follow(worker.next, hooks);
      },
      close: worker.close,
    };
  } catch (error) {
    await worker.close();
    throw error;
  }
}

async function follow(next: () => Promise<SuiteNews>, { onProgress, onRows }: SuiteHooks): Promise<SuiteRun> {
  const rows: Row[] = [];
  let roof: Roof | null = null;
  let text = 'starting';
  for (;;) {
    const news = await next().catch((error: unknown): SuiteNews => {
      const why = error instanceof Error ? error.message : String(error);
      return { say: 'error', message: `${text}: ${why}` };
    });
    if (news.say === 'done') return { rows, roof, error: null };
    if (news.say === 'error') return { rows, roof, error: news.message };
    if (news.say === 'roof') roof = news.roof;
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
