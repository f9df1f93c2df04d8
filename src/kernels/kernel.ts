/**
 * What a GPU program is to the rest of Heddle: WGSL text, its bindings and its parameters. Data only, no GPU object.
 *
 * Binding 0 of group 0 is always the kernel's parameters (`var<uniform> params: Params`): extents and constants that vary
 * without a new shader. Tensors follow at bindings 1, 2, … in the order of `bindings`.
 */

/** How a dispatch uses a binding. `write` covers every element; `inout` reads and overwrites in place. */
export type Access = 'read' | 'write' | 'inout';

export interface BindingDecl {
  readonly name: string;
  readonly access: Access;
}

export type ParamType = 'u32' | 'i32' | 'f32';

/** One member of the `Params` struct, in order. */
export interface ParamDecl {
  readonly name: string;
  readonly type: ParamType;
}

export interface Kernel {
  /** Equal keys mean equal `code`: name, variant and everything that was baked in. */
  readonly key: string;
  /** Also the label in profiles, errors and plans. */
  readonly entryPoint: string;
  readonly code: string;
  readonly bindings: readonly BindingDecl[];
  readonly params: readonly ParamDecl[];
}

/** A kernel with the numbers of one use. `params` match `kernel.params` one to one. */
export interface Launch {
  readonly kernel: Kernel;
  readonly workgroups: readonly [number, number, number];
  readonly params: readonly number[];
}

/** What an adapter can do; what candidates and the memory plan may count on. Names follow WebGPU's limits. */
export interface Capabilities {
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly minStorageBufferOffsetAlignment: number;
  /** A CPU pretending to be a GPU: barriers are dear, so kernels without workgroup memory win. */
  readonly software: boolean;
  /** The fewest invocations that share values without memory (a subgroup of `enable subgroups`); 1 where WGSL has none. */
  readonly subgroupSize: number;
  /** From `candidateRequestKey` to a candidate's key, where measurements overrule the heuristics. */
  readonly tuning: ReadonlyMap<string, string>;
}

/** WebGPU's guaranteed limits. */
export const DEFAULT_CAPABILITIES: Capabilities = {
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
  minStorageBufferOffsetAlignment: 256,
  software: false,
  subgroupSize: 1,
  tuning: new Map(),
};

/**
 * Workgroups for `count` of them in one row, folded into y where one dimension is not enough. Kernels compute the linear
 * id as `wid.y * FOLD_WIDTH + wid.x` and return early past the end.
 */
export const FOLD_WIDTH = 32_768;
export function foldWorkgroups(count: number): [number, number, number] {
  return count <= FOLD_WIDTH ? [Math.max(1, count), 1, 1] : [FOLD_WIDTH, Math.ceil(count / FOLD_WIDTH), 1];
}
