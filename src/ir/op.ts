/**
 * One op, one place: everything that Heddle knows of an op is in one plain `OpDef`, which nodes hold directly.
 * There is no registry; adding an op touches no other file of the engine.
 */

import type { Capabilities, Launch } from '../kernels/kernel.js';
import type { HostTensor, Node, TensorType, Value } from './graph.js';
import type { PointwiseProgram, PointwiseRow } from './pointwise.js';

export interface OpDef<A extends object = object> {
  readonly name: string;

  /** Output types, or a `HeddleError` that names the roles and values at fault. */
  infer(inputs: readonly TensorType[], attrs: A): readonly TensorType[];

  /**
   * Cotangents of the inputs as ordinary nodes; `null` for an input that no gradient reaches (integers, indices). An op
   * without `vjp` is differentiated through `decompose`; an op with neither stops gradients with an error.
   */
  vjp?(context: VjpContext<A>): readonly (Value | null)[];

  /**
   * Outputs that exist for the backward pass alone. `vjp` is never given a cotangent there: where one arrives (second
   * derivatives), the op is differentiated through `decompose`.
   */
  readonly residuals?: readonly number[];

  /**
   * The definition as naive loops. Fills `outputs`; accumulates in doubles; float data may be Float32Array or
   * Float64Array. An op without `reference` is evaluated through `decompose`.
   */
  reference?(inputs: readonly HostTensor[], outputs: readonly HostTensor[], attrs: A): void;

  /** Fills `outputs` with Σ|terms| per float element, the scale of its rounding error. Default: |output|. */
  magnitude?(inputs: readonly HostTensor[], outputs: readonly HostTensor[], attrs: A): void;

  /**
   * How many terms one output element accumulates: the n of its budget c(n) (`core/budgets.ts`; c(n) = n for ops without a line there, so
   * that `terms: () => 3` allows three roundings). Without it n is 1, and an op without a line is exact.
   */
  terms?(inputs: readonly TensorType[], attrs: A): number;

  /** Multiplications and additions, one each, that its definition takes: what profiles and rooflines count. Left out where bytes decide. */
  flops?(inputs: readonly TensorType[], attrs: A): number;

  /**
   * How far each output may move when each input element moves by up to its error: one list per output. For ops that choose
   * (`max`, `argMax`); default: the op is taken for linear in each input, with `magnitude` as its sum of absolute terms.
   */
  carry?(
    inputs: readonly HostTensor[],
    errors: readonly Float64Array[],
    outputs: readonly HostTensor[],
    attrs: A,
  ): readonly Float64Array[];

  /**
   * For ops whose results feed back into them, step after step: `reference` and the budget of its rounding in one, each step taken from
   * what the device made of those before it (`actual`, one per output; `null`: not written). So judged, a fault shows where it happens,
   * and a budget is that of one step, whatever the weights do to the errors of many. Fills `outputs`; returns one budget per element.
   */
  following?(
    inputs: readonly HostTensor[],
    actual: readonly (HostTensor | null)[],
    outputs: readonly HostTensor[],
    attrs: A,
  ): readonly Float64Array[];

  /** The same maths in base ops: a fused op's meaning, and its oracle at small sizes. */
  decompose?(inputs: readonly Value[], attrs: A): readonly Value[];

  /** Kernel variants, best first by heuristic; each with a stable key. Never empty. */
  candidates?(request: LowerRequest<A>): readonly Candidate[];

  /** Which of its kernels is fastest depends so much on sizes and adapter that `tune` measures them. */
  readonly tunable?: boolean;

  /** Output 0 is input 0 under another shape: no kernel, the same memory. */
  readonly view?: boolean;

  /**
   * The op of the same inputs and attributes that gives the sum of input 1 over all but its last axis as a second output, where there is
   * one: the gradient of a bias beside that of a kernel.
   */
  withColumnSum?(inputs: readonly TensorType[], attrs: A): OpDef<A> | null;

  /** The output is the inputs side by side: an empty one may be left out, and a single one is the output. */
  readonly concatenates?: boolean;

  /** A row of the elementwise table; such ops are fused by the compiler and need no `candidates`. */
  readonly pointwise?: PointwiseRow;

  /** What the fuse pass may attach to this op's kernel. */
  readonly fusion?: FusionSupport;

  /** Not a pure function of inputs and attributes (a leaf): never merged with an equal node, never folded. */
  readonly leaf?: boolean;
}

export interface FusionSupport {
  /** Output whose elements may pass through a pointwise epilogue before they are stored, if any. */
  readonly epilogue?: number;
  /** Input whose elements may come from a pointwise prologue instead of memory, if any. */
  readonly prologue?: number;
}

export interface VjpContext<A extends object = object> {
  readonly node: Node<A>;
  readonly attrs: A;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Cotangents of the outputs; `null` where no gradient arrives. At least one is not `null`. */
  readonly dys: readonly (Value | null)[];
  /** Which inputs need a cotangent; others may be `null`. */
  readonly needs: readonly boolean[];
}

export interface LowerRequest<A extends object = object> {
  readonly inputs: readonly TensorType[];
  readonly outputs: readonly TensorType[];
  readonly attrs: A;
  /** Which outputs anybody reads: inference writes no residuals. */
  readonly used: readonly boolean[];
  readonly capabilities: Capabilities;
  /**
   * Pointwise work on output `fusion.epilogue`. Operand 0 of the program is that output's element; the others are
   * `operands`. Result 0 replaces the output; results 1, 2, … are side outputs of the same shape, appended to `outputs`.
   */
  readonly epilogue?: FusedPointwise;
  /** Pointwise work in front of input `fusion.prologue`: the program's operands are `operands`, its one result is the input. */
  readonly prologue?: FusedPointwise;
}

export interface FusedPointwise {
  readonly program: PointwiseProgram;
  /** Types of the extra operands, and which input of the fused node each is. */
  readonly operands: readonly { readonly type: TensorType; readonly input: number }[];
  /** Side results: which output of the fused node each is. */
  readonly sides: readonly number[];
}

export interface Candidate {
  /** Stable across versions: it is what a tuning table and a saved model name. */
  readonly key: string;
  lower(): Lowered;
}

export interface Lowered {
  /** Temporaries of this op alone; the memory plan places them. */
  readonly scratch: readonly TensorType[];
  readonly dispatches: readonly LoweredDispatch[];
}

export interface LoweredDispatch {
  readonly launch: Launch;
  /** One per binding of the kernel, in order. */
  readonly args: readonly Arg[];
}

/** What a binding refers to. */
export type Arg =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'output'; readonly index: number }
  | { readonly kind: 'scratch'; readonly index: number }
  /** Output `output` takes the memory of input `input` and overwrites it (an `inout` binding). */
  | { readonly kind: 'inout'; readonly input: number; readonly output: number }
  /**
   * Several tensors as one range, each at the next multiple of 256 bytes; the memory plan places them so. The range covers the
   * last one's padding too, so that a kernel may go over it in whole vec4s.
   */
  | { readonly kind: 'group'; readonly members: readonly Exclude<Arg, { kind: 'group' }>[] };

export const inputArg = (index: number): Arg => ({ kind: 'input', index });
export const outputArg = (index: number): Arg => ({ kind: 'output', index });
export const scratchArg = (index: number): Arg => ({ kind: 'scratch', index });
