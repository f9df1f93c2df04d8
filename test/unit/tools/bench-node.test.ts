// `npm run bench:node`: a case at tiny size where there is a driver, and errors that say what to do where there is none.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../../bench/row.js';
import { openSuites } from '../../../tools/bench/suites-process.js';
import { driversHere } from '../../../tools/bench-pack/drivers.js';
import { projectRoot } from '../../../tools/entries.js';

const TIMEOUT = 300_000;

const node = (args: readonly string[], driver: string) =>
  spawnSync(process.execPath, ['--import', 'tsx', ...args], {
    cwd: projectRoot,
    encoding: 'utf8',
    env: { ...process.env, VK_ICD_FILENAMES: driver },
  });

const PROBE = "await (await import('./tools/dawn.ts')).installDawn(); process.exit(0);";

/** Whether Dawn has an adapter with it: many a manifest lies on a machine without its GPU. */
const works = (driver: string): boolean => node(['--input-type=module', '-e', PROBE], driver).status === 0;

// Those for processors first: they are the same on all machines.
const driver = driversHere(process.env)
  .flatMap(({ kind, path }) => (kind === 'manifest' ? [path] : []))
  .reverse()
  .find(works);

const onDriver = driver ?? 'no Vulkan driver here: skipped; install one, such as mesa-vulkan-drivers';

it.skipIf(driver === undefined)(
  `runs a case of all engines under Dawn (${onDriver})`,
  () => {
    const options = '--case celsius/free --runs 2 --tiny --json'.split(' ');
    const { status, stdout, stderr } = node(['tools/bench-node.ts', ...options], driver ?? '');
    expect(stderr).not.toContain('Error');
    expect(status).toBe(0);
    const rows: Row[] = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(rows.map((row) => `${row.case} ${row.engine}`)).toEqual(
      ['free', 'first'].flatMap((kind) =>
        ['heddle', 'tfjs', 'jax-js'].map((engine) => `celsius/${kind} ${engine}`),
      ),
    );
    expect(rows.map(({ failed }) => failed)).toEqual(rows.map(() => null));
    expect(new Set(rows.map(({ adapter }) => adapter)).size).toBe(1);
    for (const { median, ratio } of rows) {
      expect(median).toBeGreaterThan(0);
      expect(ratio).toBeGreaterThan(0);
    }
    expect(stdout).toMatch(/^Dawn of webgpu \d+\.\d+\.\d+, .+, 2 samples\n/);
  },
  TIMEOUT,
);

// Only on Linux does Dawn ask the Vulkan loader, which this variable leaves without a driver.
it.runIf(process.platform === 'linux')(
  'fails without a driver, and names the variable',
  () => {
    const { status, stderr } = node(['tools/bench-node.ts', '--case', 'celsius/free'], '/no/driver.json');
    expect(stderr).toContain('bench: Dawn finds no GPU adapter. VK_ICD_FILENAMES is /no/driver.json');
    expect(status).toBe(1);
  },
  TIMEOUT,
);

describe('a process of suites', () => {
  const ROW = { suite: 'steps', case: 'celsius/free', engine: 'heddle', failed: null };

  async function runWorker(lines: string) {
    const folder = mkdtempSync(join(tmpdir(), 'heddle-worker-'));
    try {
      const script = join(folder, 'worker.mjs');
      writeFileSync(script, `process.send({ say: 'ready', adapter: {}, suites: ['steps'] });\n${lines}`);
      const suites = await openSuites({ script, args: [], runtime: { path: process.execPath, flags: [] } });
      const result = await suites.run({});
      await suites.close();
      return result;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('that dies gives an error that says where, and the rows before', async () => {
    const { rows, error } = await runWorker(`
      process.once('message', () => {
        process.send({ say: 'rows', rows: [${JSON.stringify(ROW)}] });
        process.send({ say: 'progress', progress: { text: 'mlp/free: tfjs, sample 2 of 9' } });
        console.error('the driver is broken');
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
      });`);
    expect(rows).toEqual([ROW]);
    expect(error).toBe('mlp/free: tfjs, sample 2 of 9: the process ended (SIGKILL): the driver is broken');
  });

  it('is told to compile everything anew', async () => {
    const { rows, error } = await runWorker(`
      process.once('message', () => {
        const { MESA_SHADER_CACHE_DISABLE, __GL_SHADER_DISK_CACHE } = process.env;
        process.send({ say: 'rows', rows: [{ MESA_SHADER_CACHE_DISABLE, __GL_SHADER_DISK_CACHE }] });
        process.send({ say: 'done' });
      });`);
    expect(rows).toEqual([{ MESA_SHADER_CACHE_DISABLE: 'true', __GL_SHADER_DISK_CACHE: '0' }]);
    expect(error).toBeNull();
  });
});
