/**
 * A plan: everything that a runtime needs to run a program, as plain data. Which kernels, in which order, over which ranges
 * of which buffers. The compiler writes it, the runtime encodes it, the verifier reads it; none of them imports another.
 */

import type { Kernel } from '../kernels/kernel.js';
import type { Node, TensorType, VariableArena } from './graph.js';

/** A buffer that a plan refers to. */
export type BufferRef =
  /** One of the plan's own arenas of temporaries. */
  | { readonly kind: 'arena'; readonly index: number }
  /** A buffer of a variable store. */
  | { readonly kind: 'variables'; readonly arena: VariableArena }
  /** The fed inputs, all in one buffer, only ever read by dispatches. */
  | { readonly kind: 'inputs' }
  /** The plan's constants, all in one buffer. */
  | { readonly kind: 'constants' };

export interface Location {
  readonly buffer: BufferRef;
  /** Bytes; a multiple of 256. */
  readonly offset: number;
  /** Bytes of the range, a multiple of 4. */
  readonly bytes: number;
}

/** A tensor with its place, for feeding, reading back and verifying. */
export interface PlacedTensor {
  readonly type: TensorType;
  readonly location: Location;
}

export interface PlannedDispatch {
  readonly kernel: Kernel;
  readonly workgroups: readonly [number, number, number];
  /** Match `kernel.params`. */
  readonly params: readonly number[];
  /** One per binding of the kernel. */
  readonly bindings: readonly Location[];
}

/** One lowered node: the unit that prints, profiles and verifies. */
export interface PlanStep {
  readonly node: Node;
  readonly label: string;
  /** The candidate's key. */
  readonly variant: string;
  readonly dispatches: readonly PlannedDispatch[];
  /** The node's inputs (constants included) and its used outputs (`null` where unused). */
  readonly inputs: readonly PlacedTensor[];
  readonly outputs: readonly (PlacedTensor | null)[];
}

export interface Plan {
  readonly name: string;
  readonly steps: readonly PlanStep[];
  /** Byte sizes of the arenas of temporaries. */
  readonly arenas: readonly number[];
  readonly inputs: readonly (PlacedTensor & { readonly name: string })[];
  readonly inputBytes: number;
  readonly outputs: readonly (PlacedTensor & { readonly name: string })[];
  readonly constants: readonly (PlacedTensor & { readonly data: ArrayBuffer })[];
  readonly constantBytes: number;
  /** Arenas of variable stores that the plan reads or writes. */
  readonly variableArenas: readonly VariableArena[];
  /** Bytes of temporaries that the plan allocates: the sum of `arenas`. */
  readonly peakBytes: number;
  /** The largest sum, over all moments, of the aligned sizes of the temporaries alive then: no plan needs less. */
  readonly lowerBoundBytes: number;
}
