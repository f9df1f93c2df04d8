// What the pack does on a bare machine: finds a driver, runs the GPU cases, then the suites, and leaves results in files.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import { type AdapterReport, adapterWords } from '../adapter.js';
import { groupsOf, groupWords } from '../bench/groups.js';
import { profileTable } from '../bench/profile-table.js';
import type { SuitesReady } from '../bench/suites-messages.js';
import { runInProcesses, withSuites } from '../bench/suites-process.js';
import { benchTable } from '../bench/table.js';
import { type CaseTotals, runCases } from '../gpu-cases/run.js';
import type { WorkerProgram } from '../worker.js';
import { type Driver, driversHere, libraryPath, manifestOf } from './drivers.js';
import { PACK_HELP, type PackOptions, packOptions } from './options.js';

/** First words by which the script knows that it is not the command. */
export const WORKERS = { cases: 'worker:cases', suites: 'worker:suites' } as const;

const script = fileURLToPath(import.meta.url);
const folder = dirname(script);
const results = join(folder, 'results');

/** The packed data sets that cases train on. */
export const DATA = join(folder, 'data');

/** The exit status. */
export async function runPack(args: readonly string[]): Promise<number> {
  let total: CaseTotals = { passed: 0, failed: 0 };
  try {
    const options = packOptions(args);
    if (options.help) {
      console.log(PACK_HELP);
      return 0;
    }
    mkdirSync(results, { recursive: true });
    const { env, adapter, suites, profiled } = await findDriver();
    console.log(`adapter: ${adapterWords(adapter)}; VK_ICD_FILENAMES=${env.VK_ICD_FILENAMES}`);
    total = add(total, await casesOf(options, env));
    total = add(total, await suitesOf(options, suites, env, adapter));
    if (options.profiles) total = add(total, await profilesOf(options, profiled, env));
  } catch (error) {
    console.log(`FAILED ${wordsOf(error)}`);
    total = add(total, { passed: 0, failed: 1 });
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 ? 1 : 0;
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

type Environment = Readonly<Record<string, string>>;

const add = (a: CaseTotals, b: CaseTotals): CaseTotals => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
});

/** Appends to an empty file of results; those of other parts stay from earlier runs. */
function freshFile(name: string): (text: string) => void {
  const path = join(results, name);
  writeFileSync(path, '');
  return (text) => appendFileSync(path, text);
}

const program = (worker: string, env: Environment): WorkerProgram => ({ script, args: [worker], env });

/** The first driver, best first, that gives an adapter which may be used. Throws where none does, and says what each said. */
async function findDriver(): Promise<Omit<SuitesReady, 'say'> & { readonly env: Environment }> {
  const refused: string[] = [];
  const drivers = driversHere(process.env);
  for (const driver of drivers) {
    const env = environmentOf(driver);
    try {
      const { adapter, suites, profiled } = await withSuites(
        program(WORKERS.suites, env),
        async (found) => found,
      );
      if (!adapter.software || process.env.HEDDLE_ALLOW_SOFTWARE === '1')
        return { env, adapter, suites, profiled };
      refused.push(`${driver.path}: ${adapterWords(adapter)}; HEDDLE_ALLOW_SOFTWARE=1 accepts it`);
    } catch (error) {
      refused.push(`${driver.path}: ${wordsOf(error).split('\n')[0]}`);
    }
  }
  const tried = refused.length > 0 ? refused.join('\n  ') : 'this machine has no manifest of a driver';
  throw new Error(
    `no Vulkan driver with a GPU; install the GPU's driver with its Vulkan part, or name its manifest in VK_ICD_FILENAMES\n  ${tried}`,
  );
}

/** What a process needs in its environment to load a driver: a manifest, and the loader, the pack's own where the machine has none. */
function environmentOf({ kind, path }: Driver): Environment {
  let manifest = path;
  if (kind === 'library') {
    manifest = join(results, 'driver.json');
    writeFileSync(manifest, manifestOf(path));
  }
  if (libraryPath('libvulkan.so.1', process.env)) return { VK_ICD_FILENAMES: manifest };
  const others = process.env.LD_LIBRARY_PATH ? `:${process.env.LD_LIBRARY_PATH}` : '';
  return { VK_ICD_FILENAMES: manifest, LD_LIBRARY_PATH: `${join(folder, 'lib')}${others}` };
}

async function casesOf({ caseFiles }: PackOptions, env: Environment): Promise<CaseTotals> {
  if (!caseFiles) return { passed: 0, failed: 0 };
  const write = freshFile('cases.txt');
  const say = (line: string): void => {
    console.log(line);
    write(`${line}\n`);
  };
  const totals = await runCases(program(WORKERS.cases, env), { words: caseFiles, say });
  say(`${totals.passed} passed, ${totals.failed} failed`);
  return totals;
}

/** A process for each suite, and for each first step: what crashes the driver costs the rest of its own alone. Each row counts as a test. */
async function suitesOf(
  { suites: wanted, run }: PackOptions,
  offered: readonly string[],
  env: Environment,
  adapter: AdapterReport,
): Promise<CaseTotals> {
  if (!wanted) return { passed: 0, failed: 0 };
  const options = { ...run, suites: wanted.length > 0 ? wanted : offered };
  const suites = program(WORKERS.suites, env);
  const keep = (rows: readonly Row[], roof: Roof | null): void => {
    writeFileSync(join(results, 'rows.json'), `${JSON.stringify(rows, null, 1)}\n`);
    const head = `${adapterWords(adapter)}, ${new Date().toISOString()}, ${run.runs} samples`;
    writeFileSync(join(results, 'table.txt'), `${head}\n${benchTable(rows, roof)}\n`);
  };
  const soFar: Row[] = [];
  const cases = await withSuites(suites, (process) => process.list(options));
  const { rows, roof, errors } = await runInProcesses(suites, options, groupsOf(cases, { bySuite: true }), {
    onGroup: (group) => console.log(`suites: ${groupWords(group)}`),
    onRows(found) {
      soFar.push(...found);
      keep(soFar, null);
      console.log(benchTable(found, null));
    },
  });
  keep(rows, roof);
  for (const error of errors) console.log(`FAILED ${error}`);
  const failed = errors.length + rows.filter((row) => row.failed !== null).length;
  return { passed: rows.filter((row) => row.failed === null && row.leftOut === null).length, failed };
}

async function profilesOf(
  { run }: PackOptions,
  tasks: readonly string[],
  env: Environment,
): Promise<CaseTotals> {
  const totals = { passed: 0, failed: 0 };
  const write = freshFile('profiles.txt');
  for (const task of tasks) {
    let text: string;
    try {
      const options = { task, size: run.size ?? 'full' };
      text = profileTable(
        await withSuites(program(WORKERS.suites, env), (process) => process.profile(options)),
      );
      totals.passed++;
    } catch (error) {
      text = `FAILED profile of ${task}: ${wordsOf(error)}`;
      totals.failed++;
    }
    console.log(text);
    write(`${text}\n\n`);
  }
  return totals;
}
