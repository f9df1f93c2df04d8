// WebGPU without a browser: Dawn, Chrome's own engine, as the npm package `webgpu` brings it to Node. On Linux it runs on the Vulkan
// driver that `VK_ICD_FILENAMES` names, or else on any that the machine has.
import { create, globals } from 'webgpu';
import { type AdapterReport, isSoftware } from './browser.js';

/**
 * Gives this process what a page has: `navigator.gpu` and the classes of WebGPU. From now on the process ends only by `process.exit`:
 * Dawn works for as long as something holds it, and breaks when nothing does. Throws where there is no adapter.
 */
export async function installDawn(): Promise<AdapterReport> {
  const gpu = create([]);
  const navigator = { value: { gpu }, configurable: true };
  Object.defineProperties(globalThis, { navigator, isSecureContext: { value: true, configurable: true } });
  Object.assign(globalThis, globals);
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new Error(`Dawn finds no GPU adapter. ${remedy()}`);
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const names = { vendor, architecture, device, description };
  return { ...names, software: isSoftware(names, isFallbackAdapter) };
}

function remedy(): string {
  const named = process.env.VK_ICD_FILENAMES;
  return named === undefined
    ? 'Install a driver for Vulkan, or name one: VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.json is the software driver of Mesa.'
    : `VK_ICD_FILENAMES is ${named}: it must name the JSON file of a Vulkan driver; Mesa's must be of 2023 or later.`;
}
