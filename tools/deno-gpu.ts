// `npm run test:deno`: the GPU cases under Deno, on whatever adapter it finds. Its WebGPU, wgpu, and its compiler of WGSL, naga, are
// Firefox's: what fails here fails there.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { caseCommand } from './gpu-cases/command.js';

/** The program itself, not the npm package's script in front of it: a process of cases talks to the one that started it. */
function denoPath(): string {
  const { runInstall } = createRequire(import.meta.url)('deno/install_api.cjs') as {
    runInstall: () => string;
  };
  return runInstall();
}

// Whoever names a driver wants no other interface than Vulkan.
if (process.env.VK_ICD_FILENAMES !== undefined) process.env.DENO_WEBGPU_BACKEND ??= 'vulkan';

const script = fileURLToPath(new URL('gpu-cases/deno-worker.ts', import.meta.url));
await caseCommand('test:deno', (module, data) => ({
  script,
  args: [module, data],
  // Imports of the sources end in `.js` and mean `.ts`.
  runtime: {
    path: denoPath(),
    flags: ['run', '--allow-all', '--unstable-webgpu', '--unstable-sloppy-imports'],
  },
}));
