/**
 * Pointwise work that enters a hand-written kernel, and the assembly of a kernel from its file, what is baked into it and
 * what is attached to it.
 */

import { HeddleError } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { BindingDecl, Kernel, ParamDecl } from './kernel.js';
import { bindingsBlock, paramsBlock, specialise } from './specialise.js';

/** An `epilogue` or `prologue` function with the bindings and parameters that it reads. */
export interface Attachment {
  /** Structural: equal keys mean equal code. */
  readonly key: string;
  /** Whole WGSL functions that `body` calls; two attachments of one kernel may share some. */
  readonly helpers: readonly string[];
  readonly body: string;
  readonly bindings: readonly BindingDecl[];
  /** The WGSL type of each binding. */
  readonly types: readonly string[];
  readonly params: readonly ParamDecl[];
  readonly paramValues: readonly number[];
}

export type TypedBinding = BindingDecl & { readonly type: string };

export interface KernelParts {
  readonly entryPoint: string;
  readonly source: string;
  /** Everything baked in, in order; part of the key. */
  readonly baked: readonly (string | number | boolean)[];
  /** Declarations that stand in the default block: constants, aliases, functions. */
  readonly declarations: readonly string[];
  readonly params: readonly ParamDecl[];
  readonly bindings: readonly TypedBinding[];
  readonly attachments: readonly (Attachment | undefined)[];
}

/** The kernel whose default block holds the parameters, bindings, `declarations` and attached functions, in this order. */
export function assembleKernel(parts: KernelParts): Kernel {
  const { entryPoint, source, baked, declarations } = parts;
  const attached = parts.attachments.filter((one) => one !== undefined);
  const params = [...parts.params, ...attached.flatMap((one) => one.params)];
  const own = parts.bindings.map(({ name, access }) => ({ name, access }));
  const bindings = [...own, ...attached.flatMap((one) => one.bindings)];
  const types = [...parts.bindings.map((one) => one.type), ...attached.flatMap((one) => one.types)];
  const block = [
    paramsBlock(params),
    bindingsBlock(bindings, types),
    ...declarations,
    ...new Set(attached.flatMap((one) => one.helpers)),
    ...attached.map((one) => one.body),
  ];
  return {
    key: [entryPoint, ...baked, ...attached.map((one) => one.key)].join(';'),
    entryPoint,
    code: specialise(source, block.join('\n')),
    bindings,
    params,
  };
}

/** Own parameter values followed by those of the attachments, as `assembleKernel` orders them. */
export function paramValues(
  own: readonly number[],
  attachments: readonly (Attachment | undefined)[],
): number[] {
  return [...own, ...attachments.flatMap((one) => one?.paramValues ?? [])];
}

/**
 * `row, col` of a linear index of a tensor seen as [size / cols, cols], as WGSL arguments. The extent of a rank-1 tensor is a
 * batch, which is never baked: there row is 0.
 */
export function rowAndColumn(index: string, shape: readonly number[]): string {
  const cols = shape.at(-1) ?? 1;
  return shape.length < 2 ? `0u, ${index}` : `${index} / ${cols}u, ${index} % ${cols}u`;
}

/** Throws where an element of `shape` has no u32 index. */
export function requireIndexable(op: string, shape: readonly number[]): void {
  if (sizeOf(shape) < 2 ** 32) return;
  throw new HeddleError({
    op,
    message: `[${shape.join(',')}] has ${sizeOf(shape)} elements; kernels index at most 2^32 - 1`,
    roles: ['x'],
    values: { shape },
    fix: 'split the tensor',
  });
}
