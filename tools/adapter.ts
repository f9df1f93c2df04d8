// What an adapter of WebGPU says of itself: the same words for a page, Dawn in Node and Deno.

export interface AdapterReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** The processor does the work of a GPU: SwiftShader, llvmpipe, WARP. */
  readonly software: boolean;
}

/** Whether an adapter's names are those of a processor doing a GPU's work. */
export function isSoftware(info: Omit<AdapterReport, 'software'>, isFallback: boolean): boolean {
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return isFallback || /swiftshader|llvmpipe|lavapipe|basic render|\bwarp\b/i.test(names);
}

/** The adapter that `gpu` gives unasked; `undefined` where it gives none. */
export async function reportAdapter(gpu: GPU | undefined): Promise<AdapterReport | undefined> {
  const adapter = await gpu?.requestAdapter();
  if (!adapter) return undefined;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const names = { vendor, architecture, device, description };
  return { ...names, software: isSoftware(names, isFallbackAdapter) };
}

/** `nvidia, hopper, …`, and whether it is software. */
export function adapterWords({ vendor, architecture, device, description, software }: AdapterReport): string {
  const names = [vendor, architecture, device, description].filter((name) => name !== '');
  return `${names.join(', ') || 'unnamed'}${software ? ' (software)' : ''}`;
}

/** What to do where an engine that runs on Vulkan, such as `Dawn`, finds no adapter. */
export function noAdapter(engine: string, env: Readonly<Record<string, string | undefined>>): Error {
  const named = env.VK_ICD_FILENAMES;
  const remedy =
    named === undefined
      ? 'Install a driver for Vulkan, or name one: VK_ICD_FILENAMES=/usr/share/vulkan/icd.d/lvp_icd.json is the software driver of Mesa.'
      : `VK_ICD_FILENAMES is ${named}: it must name the JSON file of a Vulkan driver; Mesa's must be of 2023 or later.`;
  return new Error(`${engine} finds no GPU adapter. ${remedy}`);
}
