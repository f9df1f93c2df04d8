// WebGPU without a browser: Dawn, Chrome's own engine, as the npm package `webgpu` brings it to Node. On Linux it runs on the Vulkan
// driver that `VK_ICD_FILENAMES` names, or else on any that the machine has.
import { create, globals } from 'webgpu';
import { type AdapterReport, noAdapter, reportAdapter } from './adapter.js';

/**
 * Gives this process what a page has: `navigator.gpu` and the classes of WebGPU. From now on the process ends only by `process.exit`:
 * Dawn works for as long as something holds it, and breaks when nothing does. Throws where there is no adapter.
 */
export async function installDawn(): Promise<AdapterReport> {
  // Chrome's pages get timestamps in steps of 65 µs (2¹⁶ ns; its documentation says 100 µs), longer than most kernels take on a GPU; here nobody needs to be protected from them.
  const gpu = create(['disable-dawn-features=timestamp_quantization']);
  // Engines ask what they run in; a process of Node 20 has no `navigator` that would say it.
  const navigator = {
    value: { gpu, userAgent: `Node.js/${process.versions.node}`, platform: process.platform },
    configurable: true,
  };
  Object.defineProperties(globalThis, { navigator, isSecureContext: { value: true, configurable: true } });
  Object.assign(globalThis, globals);
  const adapter = await reportAdapter(gpu);
  if (!adapter) throw noAdapter('Dawn', process.env);
  return adapter;
}
