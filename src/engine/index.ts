/** The engine's public face: what the floors above may use. */

export { type DType, type HostArray, hostArray } from '../core/dtype.js';
export { HeddleError, nearest, rejectUnknownOptions, unknownName } from '../core/errors.js';
export { giveWay, pauses } from '../core/give-way.js';
export { permutation, type RandomStream, randomStream } from '../core/random.js';
export type { Shape } from '../core/shape.js';
export { printTable } from '../core/table.js';
export { type HostTensor, type TensorType, type Value, withScope } from '../ir/graph.js';
export { isKernelActivation } from '../ops/recurrent/activations.js';
export { unroll } from '../ops/recurrent/unroll.js';
export type { AdapterSummary, Backend, BackendCounters } from './backend.js';
export { compile, type ProgramSpec } from './compile.js';
export { defineKernel, defineOp, type KernelSpec, type KernelUse, type OpFunction } from './define.js';
export { type GradOptions, grad } from './grad.js';
export { type GradCheckOptions, type GradCheckReport, gradCheck } from './grad-check.js';
export { type ArrayLike, NDArray, type Nested, toHostTensor } from './ndarray.js';
export * as ops from './ops.js';
export { PROFILE_OPTIONS, type Profile, type ProfiledDispatch, type ProfileOptions } from './profile.js';
export { type Feeds, Program, type RunOptions } from './program.js';
export {
  currentBackend,
  type DeviceInfo,
  defaultSeed,
  deviceCounters,
  type InitOptions,
  init,
  shutdown,
} from './session.js';
export { VariableStore, zeros } from './store.js';
export { input, ResidentTensor, Tensor, tensor } from './tensor.js';
export * as training from './training.js';
export {
  TUNE_OPTIONS,
  type TuneOptions,
  type TuningFailure,
  type TuningReport,
  tunePrograms,
} from './tune.js';
export type { TuningMeasurement } from './tune-measure.js';
export { type TuningStore, tuningStore } from './tuning-store.js';
export { addedTo, checkedTable, type TuningTable } from './tuning-table.js';
export { type Update, Variable, type VariableOptions, variable } from './variable.js';
export { type VerifyReport, type VerifyStep, verifyProgram } from './verify.js';
