// `npm run test:node-gpu`: the GPU cases under Dawn in Node, on whatever adapter it finds: without a browser, hence also on machines and
// drivers that no browser here can use. A file of cases has a process of its own, and after a failed case the rest of it a fresh one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeFailures } from '../test/gpu/kit.js';
import { buildCases } from '../test/gpu/setup/bundle.js';
import { type CaseProcess, openCases } from './node-gpu/process.js';

const HELP = `npm run test:node-gpu -- [options]
  --cases NAME   only files whose name holds NAME; may be given several times (recurrent)
  --full         test whole products of options instead of pairs`;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', multiple: true },
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const total = { passed: 0, failed: 0 };

function fail(what: string, why: string): void {
  total.failed++;
  console.log(`FAILED ${what}\n${why.replace(/^/gm, '  ')}`);
}

async function runFile(script: string, file: string, names: readonly string[]): Promise<void> {
  const before = { ...total };
  const start = performance.now();
  let cases: CaseProcess | undefined;
  if (names.length === 0) fail(file, 'it has no cases');
  for (const name of names) {
    cases ??= await openCases(script);
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
  console.log(`${file}: ${passed} passed, ${failed} failed, ${seconds} s`);
}

/** The names of all cases; says which adapter they run on. */
async function listCases(script: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const cases = await openCases(script);
  const { vendor, architecture, device, description, software } = cases.adapter;
  const names = [vendor, architecture, device, description].filter((name) => name !== '');
  console.log(`adapter: ${names.join(', ')}${software ? ' (software)' : ''}`);
  try {
    return await cases.list();
  } finally {
    await cases.close();
  }
}

async function runAll(): Promise<void> {
  if (values.full) process.env.FULL = '1';
  const folder = mkdtempSync(join(tmpdir(), 'heddle-cases-'));
  try {
    const script = join(folder, 'cases.mjs');
    writeFileSync(script, await buildCases(values.cases?.join()));
    for (const [file, names] of Object.entries(await listCases(script))) await runFile(script, file, names);
  } catch (error) {
    fail('the run', error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (values.help) {
  console.log(HELP);
} else {
  await runAll();
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}
