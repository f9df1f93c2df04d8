// What an adapter of WebGPU says of itself: the same words for a page, Dawn in Node and Deno.
import { ADAPTER_OPTIONS } from '../bench/adapter.js';
import { type AdapterWords, adapterName, isSoftwareAdapter } from '../src/core/adapter.js';

export interface AdapterReport extends AdapterWords {
  /** The processor does the work of a GPU: SwiftShader, llvmpipe, WARP. */
  readonly software: boolean;
}

/** Whether a processor does a GPU's work, by flag or by name. */
export const isSoftware = (info: AdapterWords, isFallback: boolean): boolean =>
  isFallback || isSoftwareAdapter(info);

/** The adapter that `gpu` gives who asks as the benchmarks do; `undefined` where it gives none. */
export async function reportAdapter(gpu: GPU | undefined): Promise<AdapterReport | undefined> {
  const adapter = await gpu?.requestAdapter(ADAPTER_OPTIONS);
  if (!adapter) return undefined;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const names = { vendor, architecture, device, description };
  return { ...names, software: isSoftware(names, isFallbackAdapter) };
}

/** `nvidia, hopper, …`, and whether it is software. */
export const adapterWords = (adapter: AdapterReport): string =>
  `${adapterName(adapter)}${adapter.software ? ' (software)' : ''}`;

/** What to do where an engine that runs on Vulkan, such as `Dawn`, finds no adapter. */
export function noAdapter(engine: string, env: Readonly<Record<string, string | undefined>>): Error {
  const named = env.VK_ICD_FILENAMES;
  const remedy =
    named === undefined
      ? 'Install a driver for Vulkan, or name one: VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.json is the software driver of Mesa.'
      : `VK_ICD_FILENAMES is ${named}: it must name the JSON file of a Vulkan driver; Mesa's must be of 2023 or later.`;
  return new Error(`${engine} finds no GPU adapter. ${remedy}`);
}
