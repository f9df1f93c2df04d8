/** Heddle: trains neural networks on WebGPU, and checks every number against a CPU reference. */

export type { ColumnData, ColumnSource } from './data/columns.js';
export type { BatchSource } from './data/stream.js';
export {
  type AdapterSummary,
  type ArrayLike,
  type BackendCounters,
  compile,
  type DeviceInfo,
  type DType,
  defineKernel,
  defineOp,
  deviceCounters,
  type Feeds,
  type GradCheckOptions,
  type GradCheckReport,
  type GradOptions,
  grad,
  gradCheck,
  HeddleError,
  type HostTensor,
  type InitOptions,
  init,
  input,
  type KernelSpec,
  type KernelUse,
  NDArray,
  type Nested,
  type OpFunction,
  ops,
  type Profile,
  type ProfiledDispatch,
  type ProfileOptions,
  Program,
  type ProgramSpec,
  ResidentTensor,
  type RunOptions,
  type Shape,
  shutdown,
  Tensor,
  type TensorType,
  type TuneOptions,
  type TuningFailure,
  type TuningMeasurement,
  type TuningReport,
  type TuningStore,
  type TuningTable,
  tensor,
  tuningStore,
  type Update,
  type Value,
  Variable,
  type VariableOptions,
  VariableStore,
  type VerifyReport,
  type VerifyStep,
  variable,
} from './engine/index.js';
export {
  type Arg,
  type Candidate,
  inputArg,
  type Lowered,
  type LoweredDispatch,
  type LowerRequest,
  type OpDef,
  outputArg,
  scratchArg,
  type VjpContext,
} from './ir/op.js';
export type { Access, Capabilities, ParamType } from './kernels/kernel.js';
export type { Constraint } from './nn/constraints/constraint.js';
export * as constraints from './nn/constraints/index.js';
export { type LoadOptions, load, save } from './nn/file.js';
export * as initializers from './nn/initializers/index.js';
export {
  type AnyLayer,
  type CallContext,
  defineLayer,
  type InnerModel,
  type Layer,
  type LayerBehaviour,
  type LayerDefinition,
  type LayerFactory,
} from './nn/layer.js';
export * as layers from './nn/layers/index.js';
export {
  type Cell,
  type CellBehaviour,
  type CellContext,
  type CellDefinition,
  type CellFactory,
  type CellWeightBuilder,
  defineCell,
} from './nn/layers/recurrent/cell.js';
export * as losses from './nn/losses.js';
export * as metrics from './nn/metrics.js';
export {
  Model,
  type ModelOptions,
  type ModelProfileOptions,
  model,
  type Prediction,
  type SequentialOptions,
  sequential,
} from './nn/model.js';
export * as regularizers from './nn/regularizers/index.js';
export type { Regularizer } from './nn/regularizers/regularizer.js';
export type { FreeShape } from './nn/shapes.js';
export type { SymbolicTensor } from './nn/symbolic.js';
export type { Callback, CallbackContext, EarlyStoppingOptions, Logs } from './nn/training/callbacks.js';
export * as callbacks from './nn/training/callbacks.js';
export type { FitOptions } from './nn/training/fit-options.js';
export { FitRun, type History, type StepEvent } from './nn/training/run.js';
export type { CompileOptions } from './nn/training/setup.js';
export { type ModelTuneOptions, tune } from './nn/tune.js';
export { verify } from './nn/verify.js';
export type { WeightBuilder } from './nn/weights.js';
export * as optimizers from './optim/index.js';
