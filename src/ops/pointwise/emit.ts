/**
 * Pointwise programs as WGSL inside another kernel: `epilogue` on a kernel's output, `prologue` in front of one of its inputs.
 *
 * The kernel appends what it gets: bindings and types after its own, params and their values after its own, args after its
 * own, and `code` in place of the default block's identity function. Tensors are seen as a matrix [size / cols, cols] with
 * cols = the last extent (1 for a scalar), so that a tensor of rank 1 is one row.
 */

import type { Shape } from '../../core/shape.js';
import type { TensorType } from '../../ir/graph.js';
import type { Arg, FusedPointwise } from '../../ir/op.js';
import { inputArg, outputArg } from '../../ir/op.js';
import { dtypeOf, type PointwiseProgram } from '../../ir/pointwise.js';
import type { BindingDecl, ParamDecl } from '../../kernels/kernel.js';
import { broadcastStrides, indexTerms, sumTerms } from './broadcast-index.js';
import {
  codeKey,
  constantParams,
  fromStorage,
  loadElement,
  type ProgramBody,
  programBody,
  storageType,
  toStorage,
} from './wgsl.js';

export interface EmittedPointwise {
  /** Equal keys mean equal code and declarations; the constants' values are not in it. */
  readonly key: string;
  /** `helpers`, then `body`. */
  readonly code: string;
  /** Whole WGSL functions that `body` calls. */
  readonly helpers: readonly string[];
  /** The function `epilogue` or `prologue`. */
  readonly body: string;
  /** Operands (read), then side outputs (write), to append after the kernel's own. */
  readonly bindings: readonly BindingDecl[];
  /** WGSL type of each binding, such as `array<f32>`. */
  readonly types: readonly string[];
  /** Constants, to append to the kernel's `Params`. */
  readonly params: readonly ParamDecl[];
  readonly paramValues: readonly number[];
  /** One per binding. */
  readonly args: readonly Arg[];
}

/**
 * `fn epilogue(value: T, row: u32, col: u32) -> U`, called once for each element of `output`: applies the program to `value`,
 * stores side results at the element's index and returns the main one. T and U are storage types (bool is u32): T that of the
 * program's operand 0, U that of its result 0. Of `output`, only the shape matters.
 */
export function emitEpilogue(fused: FusedPointwise, output: TensorType): EmittedPointwise {
  const { program, operands, sides } = fused;
  const loads = operands.map(({ type }, position) => elementAt(`e_in${position}`, type, output.shape));
  const taken = dtypeOf(program, 0);
  const value = fromStorage('value', taken, 1);
  const inner = programBody(program, [value, ...loads], {
    width: 1,
    index: linearIndex(output.shape),
    constants: 'e_c',
  });
  const stores = sides.map((_, position) => {
    const stored = toStorage(inner.results[position + 1] as string, resultDtype(program, position + 1), 1);
    return `  e_out${position + 1}[${linearIndex(output.shape)}] = ${stored};`;
  });
  const main = resultDtype(program, 0);
  const body = [
    `fn epilogue(value: ${storageType(taken, 1)}, row: u32, col: u32) -> ${storageType(main, 1)} {`,
    ...inner.lines,
    ...stores,
    `  return ${toStorage(inner.results[0] as string, main, 1)};`,
    '}',
  ].join('\n');
  return assemble(fused, inner, body, 'e');
}

/** `fn prologue(row: u32, col: u32) -> T`: the element of the virtual tensor `input`, computed from the program's operands. */
export function emitPrologue(fused: FusedPointwise, input: TensorType): EmittedPointwise {
  const { program, operands } = fused;
  const loads = operands.map(({ type }, position) => elementAt(`p_in${position}`, type, input.shape));
  const inner = programBody(program, loads, { width: 1, index: linearIndex(input.shape), constants: 'p_c' });
  const main = resultDtype(program, 0);
  const body = [
    `fn prologue(row: u32, col: u32) -> ${storageType(main, 1)} {`,
    ...inner.lines,
    `  return ${toStorage(inner.results[0] as string, main, 1)};`,
    '}',
  ].join('\n');
  return assemble(fused, inner, body, 'p');
}

function assemble(fused: FusedPointwise, inner: ProgramBody, body: string, prefix: string): EmittedPointwise {
  const { program, operands, sides } = fused;
  const code = [...inner.helpers, body].join('\n');
  const types = [
    ...operands.map(({ type }) => `array<${storageType(type.dtype, 1)}>`),
    ...sides.map((_, position) => `array<${storageType(resultDtype(program, position + 1), 1)}>`),
  ];
  return {
    key: codeKey(program, types, code),
    code,
    helpers: inner.helpers,
    body,
    bindings: [
      ...operands.map((_, position): BindingDecl => ({ name: `${prefix}_in${position}`, access: 'read' })),
      ...sides.map((_, position): BindingDecl => ({ name: `${prefix}_out${position + 1}`, access: 'write' })),
    ],
    types,
    ...constantParams(program, `${prefix}_c`),
    args: [...operands.map(({ input }) => inputArg(input)), ...sides.map(outputArg)],
  };
}

function resultDtype(program: PointwiseProgram, result: number): TensorType['dtype'] {
  return dtypeOf(program, program.results[result] as number);
}

/** The linear index of (`row`, `col`) in a tensor of `shape`. */
function linearIndex(shape: Shape): string {
  if (shape.length === 0) return '0u';
  return shape.length === 1 ? 'col' : `(row * ${shape.at(-1)}u + col)`;
}

/** The element of a broadcast operand that belongs to (`row`, `col`) of a tensor of `shape`. */
function elementAt(buffer: string, { shape: operand, dtype }: TensorType, shape: Shape): string {
  const last = shape.length - 1;
  const strides = broadcastStrides(operand, shape);
  const terms = [
    ...indexTerms('row', shape.slice(0, Math.max(0, last)), strides.slice(0, Math.max(0, last)), true),
    ...indexTerms('col', shape.slice(last), strides.slice(last), last === 0),
  ];
  return loadElement(buffer, sumTerms(terms), dtype);
}
