// `npm run train` as a process of its own, for tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunSummary, VerifySummary } from '../../demo/driver/events.js';

const root = join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once stderr matches. */
  seen(pattern: RegExp): Promise<void>;
}

/** The object of `--json`. */
export interface Result extends Omit<RunSummary, 'details'> {
  readonly verify: Omit<VerifySummary, 'steps' | 'text'> | null;
}

export interface Command {
  start(...args: string[]): Started;
  startWith(env: Readonly<Record<string, string>>, ...args: string[]): Started;
  /** Runs it to its end with `--json`, expecting it to succeed. `result` is the object that machines read: the last line of stdout. */
  json(...args: string[]): Promise<{ readonly result: Result; readonly stderr: string }>;
  /** A file that it wrote. */
  read(name: string): Buffer;
}

/** The command, writing into the folder `out`. */
export function commandInto(out: string): Command {
  const start = (...args: string[]): Started => startWith({}, ...args);
  function startWith(env: Readonly<Record<string, string>>, ...args: string[]): Started {
    const child = spawn(process.execPath, ['--import', 'tsx', 'tools/train.ts', '--out', out, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let waiting: (() => void)[] = [];
    const wake = (): void => {
      for (const check of waiting) check();
    };
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      wake();
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => {
        resolve({ code, stdout, stderr });
        wake();
      });
    });
    const seen = (pattern: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(stderr)) resolve();
          else if (child.exitCode !== null) reject(new Error(`it ended before ${pattern}: ${stderr}`));
          else return;
          waiting = waiting.filter((one) => one !== check);
        };
        waiting.push(check);
        check();
      });
    return { child, ended, seen };
  }
  return {
    start,
    startWith,
    async json(...args) {
      const { code, stdout, stderr } = await start('--json', ...args).ended;
      expect(code, stderr).toBe(0);
      const result: Result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
      return { result, stderr };
    },
    read: (name) => readFileSync(join(out, name)),
  };
}
