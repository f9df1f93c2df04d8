/** What a model expects of its data. */

import type { DType } from '../engine/index.js';

/** A shape whose `null` extents are free; the batch dimension comes first. */
export type FreeShape = readonly (number | null)[];

export interface ColumnSpec {
  /** The name by which data may be given, and which errors use. */
  readonly name: string;
  /** `null`: any shape will do (the target of a loss of the user's own). */
  readonly shape: FreeShape | null;
  readonly dtype: DType;
  /** Labels: whole numbers from 0 to `classes` − 1, one for each position of `shape`. */
  readonly classes?: number;
}

/** Whole numbers from `least` to `most`. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** What such a number is: `token id`. */
  readonly what: string;
  /** Who asks for it. */
  readonly layer: string;
  /** What to do about others. */
  readonly fix: string;
}

export interface DataSpec {
  readonly inputs: readonly ColumnSpec[];
  readonly targets: readonly ColumnSpec[];
  /** Which numbers inputs of these shapes may hold, in order; `null`: any. */
  readonly ranges?: (shapes: readonly (readonly number[])[]) => readonly (NumberRange | null)[];
}
