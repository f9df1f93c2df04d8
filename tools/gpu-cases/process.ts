// Starts processes of cases and talks to them. A case that crashes or hangs the driver takes its process along, and no more.
import { type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Failure } from '../../test/gpu/kit.js';
import type { AdapterReport } from '../adapter.js';
import type { Answer, Question } from './messages.js';

/** A program that calls `serveCases`. */
export interface CaseProgram {
  readonly script: string;
  readonly args: readonly string[];
  /** What runs it; default: this Node, with its own flags. */
  readonly runtime?: { readonly path: string; readonly flags: readonly string[] };
}

export interface CaseProcess {
  readonly adapter: AdapterReport;
  /** The names of the cases of each file. */
  list(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** What went wrong in a case; a process that ends or does not answer is a failure, too, and can only be closed then. */
  run(file: string, name: string): Promise<readonly Failure[]>;
  close(): Promise<void>;
}

/** Longer than the slowest driver takes to compile the largest kernel. */
const ANSWER_MILLISECONDS = 900_000;
/** Of the end of what a process wrote, shown where it ends by itself. */
const SHOWN_CHARACTERS = 2000;

/** A fresh process of cases. Throws where there is no adapter. */
export async function openCases({ script, args, runtime }: CaseProgram): Promise<CaseProcess> {
  const options: ForkOptions = {
    // The one that every runtime speaks. All that crosses is text and finite numbers.
    serialization: 'json',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  };
  if (runtime) Object.assign(options, { execPath: runtime.path, execArgv: runtime.flags });
  const child = fork(script, args, options);
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      written = `${written}${chunk}`.slice(-SHOWN_CHARACTERS);
    });
  }
  const exit = once(child, 'exit');
  const ended = exit.then(([code, signal]): never => {
    throw new Error(`the process ended (${signal ?? `exit code ${code}`}): ${written.trim()}`);
  });
  // Whether anybody waits at that moment or not.
  ended.catch(() => {});

  async function next(): Promise<Answer> {
    const waiting = new AbortController();
    const { signal } = waiting;
    const timeout = setTimeout(() => child.kill('SIGKILL'), ANSWER_MILLISECONDS);
    try {
      const [answer]: Answer[] = await Promise.race([once(child, 'message', { signal }), ended]);
      if (answer === undefined || answer.say === 'error') throw new Error(answer?.message);
      return answer;
    } finally {
      clearTimeout(timeout);
      waiting.abort();
    }
  }
  function ask(question: Question): Promise<Answer> {
    const answer = next();
    child.send(question);
    return answer;
  }
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
  };

  const ready = await next().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  if (ready.say !== 'ready') throw new Error(`a process of cases begins with '${ready.say}'`);
  return {
    adapter: ready.adapter,
    async list() {
      const answer = await ask({ ask: 'list' });
      return answer.say === 'list' ? answer.names : {};
    },
    async run(file, name) {
      try {
        const answer = await ask({ ask: 'run', file, name });
        if (answer.say === 'verdict') return answer.failures;
        throw new Error(`'${answer.say}' is no verdict`);
      } catch (error) {
        const actual = error instanceof Error ? error.message : String(error);
        return [{ what: 'the process', expected: 'a verdict', actual }];
      }
    },
    close,
  };
}
