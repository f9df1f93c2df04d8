// What `npm run test:node-gpu` says where nothing can run: it must not look as if all had passed.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../tools/entries.js';

// Only on Linux does Dawn ask the Vulkan loader, which this variable leaves without a driver.
describe.runIf(process.platform === 'linux')('the GPU cases without a GPU', () => {
  it('fail, and name the variable', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'tools/node-gpu.ts', '--cases', 'harness'],
      { cwd: projectRoot, encoding: 'utf8', env: { ...process.env, VK_ICD_FILENAMES: '/no/driver.json' } },
    );
    expect(stdout).toContain('Dawn finds no GPU adapter. VK_ICD_FILENAMES is /no/driver.json');
    expect(stdout.trim().split('\n').at(-1)).toBe('0 passed, 1 failed');
    expect(status).toBe(1);
  });
});
