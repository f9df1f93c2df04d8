/** One raw WebGPU device per page, for kernels that are tested without the runtime. */

let pending: Promise<GPUDevice> | null = null;

/** The device, with subgroups where the adapter has them. Throws where there is no adapter. */
export function rawDevice(): Promise<GPUDevice> {
  pending ??= request();
  return pending;
}

async function request(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no WebGPU adapter');
  const requiredFeatures = (['subgroups'] as const).filter((name) => adapter.features.has(name));
  return adapter.requestDevice({ requiredFeatures });
}

/** `Capabilities.subgroupSize` of `device`. */
export const subgroupSizeOf = (device: GPUDevice): number =>
  device.features.has('subgroups') ? (device.adapterInfo.subgroupMinSize ?? 1) : 1;
