/** One raw WebGPU device per page, for kernels that are tested without the runtime. */

let pending: Promise<GPUDevice> | null = null;

/** The device, with the adapter's own limits on buffers. Throws where there is no adapter. */
export function rawDevice(): Promise<GPUDevice> {
  pending ??= request();
  return pending;
}

async function request(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no WebGPU adapter');
  return adapter.requestDevice();
}
