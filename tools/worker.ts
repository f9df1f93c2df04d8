// A process of its own for work that may crash or hang a driver, and the talk with it. What it takes along is its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A script that answers over the channel of `fork`. */
export interface WorkerProgram {
  readonly script: string;
  readonly args: readonly string[];
  /** What runs it; default: this Node, with its own flags. */
  readonly runtime?: { readonly path: string; readonly flags: readonly string[] };
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Worker<Told, Said> {
  tell(message: Told): void;
  /** What it says next, in order. Throws where it ends before, or says nothing for a quarter of an hour, which ends it. */
  next(): Promise<Said>;
  /** Ends it. */
  close(): Promise<void>;
}

/** Longer than the slowest driver takes to compile the largest kernel. */
const SILENCE_MILLISECONDS = 900_000;
/** Of the end of what a process wrote, shown where it ends by itself. */
const SHOWN_CHARACTERS = 2000;

export function startWorker<Told extends object, Said>(program: WorkerProgram): Worker<Told, Said> {
  const { script, args, runtime, env } = program;
  const child = fork(script, args, {
    ...(runtime ? { execPath: runtime.path, execArgv: [...runtime.flags] } : {}),
    env: { ...process.env, ...env },
    // The one that every runtime speaks. All that crosses is text and finite numbers.
    serialization: 'json',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      written = `${written}${chunk}`.slice(-SHOWN_CHARACTERS);
    });
  }
  const said: Said[] = [];
  let wake = (): void => {};
  child.on('message', (message) => {
    said.push(message as Said);
    wake();
  });
  let silent = false;
  const exit = once(child, 'close');
  const ended = exit.then(([code, signal]): never => {
    const why = silent ? 'it said nothing for a quarter of an hour' : (signal ?? `exit code ${code}`);
    throw new Error(`the process ended (${why}): ${written.trim()}`);
  });
  // Whether anybody waits at that moment or not.
  ended.catch(() => {});

  return {
    tell(message) {
      child.send(message);
    },
    async next() {
      const timeout = setTimeout(() => {
        silent = true;
        child.kill('SIGKILL');
      }, SILENCE_MILLISECONDS);
      try {
        while (said.length === 0) {
          const message = new Promise<void>((resolve) => {
            wake = resolve;
          });
          await Promise.race([message, ended]);
        }
        return said.shift() as Said;
      } finally {
        clearTimeout(timeout);
      }
    },
    async close() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
