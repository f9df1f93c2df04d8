// What the commands have in common that run the GPU cases without a browser: options, the bundle of the cases, the counts at the end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCases } from '../../test/gpu/setup/bundle.js';
import { DATA_FOLDER, packData } from '../data/pack.js';
import type { WorkerProgram } from '../worker.js';
import { type CaseTotals, runCases } from './run.js';

/** How to run the module of cases at a path, with a folder of data sets. */
type ProgramOf = (module: string, data: string) => WorkerProgram;

/** `name` is the script of package.json. */
export async function caseCommand(name: string, programOf: ProgramOf): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', multiple: true },
      full: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(`npm run ${name} -- [options]
  --cases NAME   only files whose name holds NAME; may be given several times (recurrent)
  --full         test whole products of options instead of pairs`);
    return;
  }
  if (values.full) process.env.FULL = '1';
  const { passed, failed } = await runBundle(values.cases?.join(), programOf);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

async function runBundle(wanted: string | undefined, programOf: ProgramOf): Promise<CaseTotals> {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cases-'));
  try {
    const module = join(folder, 'cases.mjs');
    writeFileSync(module, await buildCases(wanted));
    packData();
    return await runCases(programOf(module, DATA_FOLDER));
  } catch (error) {
    console.log(`FAILED the run\n  ${error instanceof Error ? error.message : String(error)}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
