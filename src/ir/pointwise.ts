/**
 * Pointwise work as data: a straight-line program over the elements of equally shaped (or broadcast) tensors. One program
 * may stand alone as a kernel, or enter another kernel as its epilogue or prologue.
 */

import type { DType } from '../core/dtype.js';
import type { Value } from './graph.js';

/** A row of the elementwise table: all that is known of one scalar function. */
export interface PointwiseRow {
  readonly name: string;
  /** Number of operands, constants included. */
  readonly arity: number;
  /** Result dtype; throws a `HeddleError` for operands it does not take. */
  dtype(operands: readonly DType[]): DType;
  /**
   * A WGSL expression over scalar arguments, or over vec4 arguments where `width` is 4 (then every literal and helper must
   * fit a vec4 too). `index` names the linear element index of (the first lane of) the result.
   */
  wgsl(args: readonly string[], context: WgslContext): string;
  /** WGSL functions that `wgsl` calls, each a whole declaration; equal texts are emitted once. */
  helpers?(context: WgslContext): readonly string[];
  /**
   * The value, in double precision. `index` is the linear element index of the result. Integer results may leave their
   * range: they are wrapped when they are stored.
   */
  js(args: readonly number[], index: number, types: PointwiseTypes): number;
  /** |∂f/∂x_i| at `args`, to carry the error of intermediate results. */
  slopes(args: readonly number[]): readonly number[];
  /** For functions with steps: the error that operands wrong by `errors` cause; without it, Σ slopes · errors. */
  carried?(args: readonly number[], errors: readonly number[]): number;
  /** Own error in units of the last place of the result, on any conforming device (`core/budgets.ts`). */
  ulps(args: readonly number[]): number;
  /** Cotangents of the operands as ordinary nodes; `null` where none flows. */
  vjp?(dy: Value, operands: readonly Value[], result: Value): readonly (Value | null)[];
  /** Depends on the element's index (random bits): it must run at its own shape. */
  readonly usesIndex?: boolean;
  /** So cheap that recomputing beats storing: it may be copied into each consumer. */
  readonly cheap?: boolean;
}

export interface PointwiseTypes {
  readonly operands: readonly DType[];
  readonly result: DType;
}

export interface WgslContext extends PointwiseTypes {
  readonly width: 1 | 4;
  readonly index: string;
}

/**
 * References are numbered: first the `operands`, then `constants`, then each step's result. Constants travel in the
 * kernel's parameters, so that their values never enter a shader.
 */
export interface PointwiseProgram {
  readonly operands: readonly DType[];
  readonly constants: readonly { readonly value: number; readonly dtype: DType }[];
  readonly steps: readonly PointwiseStep[];
  /** References of the results, first the main one. */
  readonly results: readonly number[];
}

export interface PointwiseStep {
  readonly row: PointwiseRow;
  readonly args: readonly number[];
  readonly dtype: DType;
}

/** The dtype of reference `ref` in `program`. */
export function dtypeOf(program: PointwiseProgram, ref: number): DType {
  const { operands, constants, steps } = program;
  const dtype =
    operands[ref] ??
    constants[ref - operands.length]?.dtype ??
    steps[ref - operands.length - constants.length]?.dtype;
  if (dtype === undefined) throw new RangeError(`pointwise program has no reference ${ref}`);
  return dtype;
}
