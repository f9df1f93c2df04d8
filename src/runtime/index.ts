/** The GPU: from a `Plan` to commands. The only folder of the sources that mentions `GPU*`. */

export { ArenaBuffers } from './arenas.js';
export type { BufferSpec, MemoryUse } from './buffers.js';
export { type AdapterInfo, GpuContext } from './context.js';
export type { Counters } from './counted.js';
export { acquireDevice, type DeviceOptions } from './device.js';
export { fromDevice, toDevice } from './encoding.js';
export { Executable, type ExecutableOptions, type RunOptions } from './executable.js';
export type { Progress } from './pipelines.js';
export type { PlanTimes, TimeOptions } from './profile.js';
export type { StepIo, StepVisitor } from './stepwise.js';
export type { CompilationMessage } from './wgsl-message.js';

/** A buffer on the device, for code outside this folder, which does not mention `GPU*`. */
export type DeviceBuffer = GPUBuffer;
/** A device of the caller's, to be borrowed. */
export type BorrowedDevice = GPUDevice;
