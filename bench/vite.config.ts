// `vite bench` serves the page of the benchmarks, on this machine only; `npm run bench` builds it with this file too.
import { defineConfig } from 'vite';
import { sourceAliases } from '../tools/entries.js';

const hasDesktop =
  process.stdout.isTTY && (process.platform !== 'linux' || process.env.DISPLAY !== undefined);

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  resolve: { alias: sourceAliases() },
  server: {
    host: 'localhost',
    open: hasDesktop,
    // With them the page's clock counts in steps of 5 µs, else of 100.
    headers: {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    },
  },
  // Found in the middle of a run, they would make the page load anew.
  optimizeDeps: {
    include: [
      '@jax-js/jax',
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js',
      '@tensorflow/tfjs-layers',
      '@tensorflow/tfjs-backend-webgpu',
      'uplot',
    ],
  },
  build: { target: 'es2022', chunkSizeWarningLimit: 4000 },
});
