// What `npm run test:node-gpu` and `npm run test:deno` say where nothing can run: it must not look as if all had passed.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../tools/entries.js';

// Only on Linux do these engines ask the Vulkan loader, which this variable leaves without a driver.
describe.runIf(process.platform === 'linux').each([
  ['Dawn', 'tools/node-gpu.ts'],
  ['Deno', 'tools/deno-gpu.ts'],
])('the GPU cases under %s without a GPU', (engine, tool) => {
  it('fail, and name the variable', () => {
    const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', tool, '--cases', 'harness'], {
      cwd: projectRoot,
      encoding: 'utf8',
      env: { ...process.env, VK_ICD_FILENAMES: '/no/driver.json' },
    });
    expect(stdout).toContain(`${engine} finds no GPU adapter. VK_ICD_FILENAMES is /no/driver.json`);
    expect(stdout.trim().split('\n').at(-1)).toBe('0 passed, 1 failed');
    expect(status).toBe(1);
  });
});
