// Runs the GPU cases in processes: a file of cases has a process of its own, and after a failed case the rest of it a fresh one.
import { describeFailures } from '../../test/gpu/kit.js';
import { adapterWords } from '../adapter.js';
import type { WorkerProgram } from '../worker.js';
import { type CaseProcess, openCases } from './process.js';

export interface CaseTotals {
  readonly passed: number;
  readonly failed: number;
}

export interface RunCasesOptions {
  /** Only files whose name holds one of these words; default: all files. */
  readonly words?: readonly string[];
  /** Takes a line of what is printed; default: `console.log`. */
  readonly say?: (line: string) => void;
}

/** Runs the cases of `program` and prints what fails; never throws. No adapter, no case: a failure. */
export async function runCases(
  program: WorkerProgram,
  { words = [], say = console.log }: RunCasesOptions = {},
): Promise<CaseTotals> {
  const total = { passed: 0, failed: 0 };
  const fail = (what: string, why: string): void => {
    total.failed++;
    say(`FAILED ${what}\n${why.replace(/^/gm, '  ')}`);
  };

  async function runFile(file: string, names: readonly string[]): Promise<void> {
    const before = { ...total };
    const start = performance.now();
    let cases: CaseProcess | undefined;
    if (names.length === 0) fail(file, 'it has no cases');
    for (const name of names) {
      cases ??= await openCases(program);
      const failures = await cases.run(file, name);
      if (failures.length === 0) {
        total.passed++;
      } else {
        fail(`${file}: ${name}`, describeFailures(failures));
        await cases.close();
        cases = undefined;
      }
    }
    await cases?.close();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const [passed, failed] = [total.passed - before.passed, total.failed - before.failed];
    say(`${file}: ${passed} passed, ${failed} failed, ${seconds} s`);
  }

  /** The names of all cases; says which adapter they run on. */
  async function listCases(): Promise<Readonly<Record<string, readonly string[]>>> {
    const cases = await openCases(program);
    say(`adapter: ${adapterWords(cases.adapter)}`);
    try {
      return await cases.list();
    } finally {
      await cases.close();
    }
  }

  try {
    const files = Object.entries(await listCases()).filter(
      ([file]) => words.length === 0 || words.some((word) => file.includes(word)),
    );
    if (files.length === 0) throw new Error(`no file of cases holds ${words.join(' or ')}`);
    for (const [file, names] of files) await runFile(file, names);
  } catch (error) {
    fail('the run', error instanceof Error ? error.message : String(error));
  }
  return total;
}
