// The GPU cases under Deno, whose WebGPU is wgpu and whose compiler of WGSL is naga, as in Firefox. Its arguments: the module
// of all cases, and the folder of data sets.
import { pathToFileURL } from 'node:url';
import { type AdapterReport, noAdapter, reportAdapter } from '../adapter.js';
import { serveCases } from './serve.js';

/** Deno knows no secure contexts, and the cases ask for one. */
async function adapterOfDeno(): Promise<AdapterReport> {
  Object.defineProperty(globalThis, 'isSecureContext', { value: true, configurable: true });
  const adapter = await reportAdapter(globalThis.navigator.gpu);
  if (!adapter) throw noAdapter('Deno', process.env);
  return adapter;
}

const [module = '', data = ''] = process.argv.slice(2);
await serveCases(adapterOfDeno, () => import(pathToFileURL(module).href), data);
