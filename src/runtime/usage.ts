/**
 * WebGPU's flags, fixed by its specification. Written out because the globals `GPUBufferUsage` and the like exist only where
 * WebGPU does, and a borrowed device may come from a library that installs none.
 */

export const BUFFER_USAGE = {
  mapRead: 0x0001,
  copySource: 0x0004,
  copyTarget: 0x0008,
  uniform: 0x0040,
  storage: 0x0080,
  queryResolve: 0x0200,
} as const;

/** Tensors: bound by kernels, filled from the host, read back. */
export const TENSOR_USAGE = BUFFER_USAGE.storage | BUFFER_USAGE.copySource | BUFFER_USAGE.copyTarget;

export const MAP_READ = 0x0001;
export const STAGE_COMPUTE = 0x4;
