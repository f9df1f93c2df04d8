/**
 * A program between graph and plan: lowered steps over *slots*. A slot is memory that has no address yet; views, and results
 * that overwrite an input, share one.
 */

import { deviceBytes } from '../core/dtype.js';
import type { Node, Value, VariableRef } from '../ir/graph.js';
import type { ConstantAttrs } from '../ir/leaves.js';
import type { Arg, LoweredDispatch } from '../ir/op.js';

/** Every tensor starts at a multiple of this, and members of a group follow one another at it. */
export const ALIGNMENT = 256;

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Where a slot's memory comes from. */
export type Home =
  | { readonly kind: 'temporary' }
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'variable'; readonly variable: VariableRef }
  | { readonly kind: 'constant'; readonly content: ConstantAttrs };

export interface Slot {
  readonly bytes: number;
  /** For errors and tables: which value it was made for. */
  readonly label: string;
  readonly home: Home;
}

/** A value and the memory that holds it. */
export interface Operand {
  readonly value: Value;
  readonly slot: Slot;
}

/** One lowered node. */
export interface Step {
  readonly node: Node;
  readonly label: string;
  readonly variant: string;
  readonly inputs: readonly Operand[];
  /** `null` where nobody reads the output and no dispatch writes it. */
  readonly outputs: readonly (Operand | null)[];
  readonly scratch: readonly Slot[];
  readonly dispatches: readonly LoweredDispatch[];
}

export interface NamedOperand extends Operand {
  readonly name: string;
}

/** What `lower` makes of a graph. Steps are in an order in which each one's inputs exist. */
export interface LoweredProgram {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly inputs: readonly NamedOperand[];
  readonly outputs: readonly NamedOperand[];
  readonly updates: readonly { readonly variable: VariableRef; readonly value: Operand }[];
}

/** What `schedule` makes of it: steps in their final order, copies included, nothing left to decide but addresses. */
export interface ScheduledProgram {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly inputs: readonly NamedOperand[];
  readonly outputs: readonly NamedOperand[];
  /** Temporaries that must lie one after the other, in this order. */
  readonly blocks: readonly (readonly Slot[])[];
}

export const temporary = (value: Value, label: string): Slot => ({
  bytes: deviceBytes(value.shape, value.dtype),
  label,
  home: { kind: 'temporary' },
});

export const isTemporary = (slot: Slot): boolean => slot.home.kind === 'temporary';

export type SingleArg = Exclude<Arg, { kind: 'group' }>;

/** The single args that a binding covers. */
export const membersOf = (arg: Arg): readonly SingleArg[] => (arg.kind === 'group' ? arg.members : [arg]);

/** The slot that an arg of `step` means, once what is overwritten in place shares a slot with what it becomes. */
export function slotOf(step: Step, arg: SingleArg): Slot {
  const slot =
    arg.kind === 'input'
      ? step.inputs[arg.index]?.slot
      : arg.kind === 'output'
        ? step.outputs[arg.index]?.slot
        : arg.kind === 'scratch'
          ? step.scratch[arg.index]
          : step.inputs[arg.input]?.slot;
  if (slot) return slot;
  throw new Error(
    `compiler: ${step.label} (${step.variant}) binds ${JSON.stringify(arg)}, which it does not have`,
  );
}
