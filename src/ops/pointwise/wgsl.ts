/**
 * A pointwise program as the body of a WGSL function. In registers a `bool` is WGSL's own; in memory and at the borders of
 * an epilogue it is a `u32` of 0 or 1.
 */

import type { DType } from '../../core/dtype.js';
import { WGSL_TYPE } from '../../core/dtype.js';
import { dtypeOf, type PointwiseProgram } from '../../ir/pointwise.js';
import type { ParamDecl } from '../../kernels/kernel.js';

export type Width = 1 | 4;

/** The storage type of one element, or of four neighbours. */
export const storageType = (dtype: DType, width: Width): string =>
  width === 1 || dtype === 'uint8' ? WGSL_TYPE[dtype] : `vec4<${WGSL_TYPE[dtype]}>`;

/** A register's expression from what was loaded: `word` holds a value of `storageType`. */
export function fromStorage(word: string, dtype: DType, width: Width): string {
  if (dtype !== 'bool') return word;
  return width === 1 ? `(${word} != 0u)` : `(${word} != vec4<u32>(0u))`;
}

/** The inverse of `fromStorage`. */
export function toStorage(register: string, dtype: DType, width: Width): string {
  if (dtype !== 'bool') return register;
  return width === 1 ? `select(0u, 1u, ${register})` : `select(vec4<u32>(0u), vec4<u32>(1u), ${register})`;
}

/** One element of `buffer` at element `offset` (an expression that may be repeated), as a register. */
export function loadElement(buffer: string, offset: string, dtype: DType): string {
  if (dtype !== 'uint8') return fromStorage(`${buffer}[${offset}]`, dtype, 1);
  return `((${buffer}[(${offset}) / 4u] >> ((${offset}) % 4u * 8u)) & 255u)`;
}

/** Four neighbours from `offset`, a multiple of 4; `buffer` holds vec4s, or packed words for uint8. */
export function loadFour(buffer: string, offset: string, dtype: DType): string {
  const word = `${buffer}[(${offset}) / 4u]`;
  if (dtype !== 'uint8') return fromStorage(word, dtype, 4);
  return `((vec4<u32>(${word}) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u))`;
}

const REGISTER_TYPE: Readonly<Record<DType, string>> = { ...WGSL_TYPE, bool: 'bool' };

/** `register`, a scalar, in all four lanes. */
export const splat = (register: string, dtype: DType): string => `vec4<${REGISTER_TYPE[dtype]}>(${register})`;

export interface ProgramBody {
  readonly helpers: readonly string[];
  readonly lines: readonly string[];
  /** Registers of the program's results. */
  readonly results: readonly string[];
}

/**
 * Statements for `program`. `operands` are registers; constant `i` is `params.<constants>i`; `index` is the linear index of
 * the (first) element.
 */
export function programBody(
  program: PointwiseProgram,
  operands: readonly string[],
  { width, index, constants }: { readonly width: Width; readonly index: string; readonly constants: string },
): ProgramBody {
  const registers = [...operands];
  const helpers = new Set<string>();
  const lines: string[] = [];
  program.constants.forEach(({ dtype }, position) => {
    const value = fromStorage(`params.${constants}${position}`, dtype, 1);
    registers.push(width === 1 ? value : splat(value, dtype));
  });
  program.steps.forEach(({ row, args, dtype }, position) => {
    const context = { width, operands: args.map((ref) => dtypeOf(program, ref)), result: dtype, index };
    for (const helper of row.helpers?.(context) ?? []) helpers.add(helper.trim());
    const names = args.map((ref) => registers[ref] as string);
    lines.push(`  let s${position} = ${row.wgsl(names, context)};`);
    registers.push(`s${position}`);
  });
  return { helpers: [...helpers], lines, results: program.results.map((ref) => registers[ref] as string) };
}

/** Constants as kernel parameters `<prefix>0`, `<prefix>1`, …, and their values. */
export function constantParams(
  program: PointwiseProgram,
  prefix: string,
): { readonly params: readonly ParamDecl[]; readonly paramValues: readonly number[] } {
  return {
    params: program.constants.map(({ dtype }, position) => ({
      name: `${prefix}${position}`,
      type: WGSL_TYPE[dtype],
    })),
    paramValues: program.constants.map(({ value }) => value),
  };
}

/** A short readable key of a program's code: its rows, and a hash of all that enters the shader, declarations included. */
export function codeKey(program: PointwiseProgram, types: readonly string[], code: string): string {
  const names = program.steps.map(({ row }) => row.name);
  const shown = names.length <= 4 ? names : [...names.slice(0, 3), `${names.length - 3}more`];
  const declared = [...types, ...program.constants.map(({ dtype }) => WGSL_TYPE[dtype])].join();
  return `${shown.join('_') || 'copy'}.${hash(`${declared}\n${code}`)}`;
}

/** FNV-1a over two 32-bit lanes with different starts, as 16 hexadecimal digits. */
function hash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x6b43a9b5;
  for (let position = 0; position < text.length; position++) {
    const unit = text.charCodeAt(position);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + position), 0x01000193);
    high ^= high >>> 15;
  }
  return [low, high].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
}
