/**
 * The memory plan: every slot gets a buffer and an offset.
 *
 * Temporaries share a few arenas, so that a dispatch reads from some and writes to others, and memory is used again as soon as
 * its tensor is dead. Inputs lie in one buffer, constants in another; variables lie where their store has put them.
 */

import { HeddleError } from '../core/errors.js';
import { showShape } from '../core/shape.js';
import type { VariableArena } from '../ir/graph.js';
import type { Arg } from '../ir/op.js';
import type { Location } from '../ir/plan.js';
import type { Capabilities } from '../kernels/kernel.js';
import { lowerBoundOf, placePieces } from './memory/arenas.js';
import { piecesOf } from './memory/lifetimes.js';
import {
  aligned,
  membersOf,
  type Operand,
  type ScheduledProgram,
  type Slot,
  type Step,
  slotOf,
} from './program.js';

export interface MemoryPlan {
  /** Of every slot that the program binds, feeds or returns. */
  readonly places: ReadonlyMap<Slot, Location>;
  /** Bytes of each arena of temporaries. */
  readonly arenas: readonly number[];
  readonly inputBytes: number;
  readonly constants: readonly Operand[];
  readonly constantBytes: number;
  readonly variableArenas: readonly VariableArena[];
  readonly lowerBoundBytes: number;
}

/** Places all slots of `program`. Throws a `HeddleError` where a tensor is larger than the device can bind. */
export function planMemory(program: ScheduledProgram, capabilities: Capabilities): MemoryPlan {
  const places = new Map<Slot, Location>();
  for (const { slot } of [...program.inputs, ...program.outputs, ...operandsOf(program.steps)]) {
    if (slot.bytes === 0) places.set(slot, { buffer: { kind: 'constants' }, offset: 0, bytes: 0 });
  }

  const pieces = piecesOf(program);
  const { sizes, places: found } = placePieces(pieces, capabilities.maxBufferSize);
  pieces.forEach((piece, index) => {
    const { arena, offset } = found[index] as { arena: number; offset: number };
    piece.slots.forEach((slot, position) => {
      const at = offset + (piece.offsets[position] ?? 0);
      places.set(slot, { buffer: { kind: 'arena', index: arena }, offset: at, bytes: slot.bytes });
    });
  });

  const variableArenas = new Set<VariableArena>();
  const constants: Operand[] = [];
  let inputBytes = 0;
  let constantBytes = 0;
  for (const operand of [...program.inputs, ...operandsOf(program.steps), ...program.outputs]) {
    const { slot } = operand;
    const { home, bytes } = slot;
    if (home.kind === 'temporary') continue;
    if (home.kind === 'variable') variableArenas.add(home.variable.place().arena);
    if (places.has(slot)) continue;
    if (home.kind === 'variable') {
      const { arena, offset } = home.variable.place();
      places.set(slot, { buffer: { kind: 'variables', arena }, offset, bytes });
    } else if (home.kind === 'input') {
      places.set(slot, { buffer: { kind: 'inputs' }, offset: inputBytes, bytes });
      inputBytes += aligned(bytes);
    } else {
      places.set(slot, { buffer: { kind: 'constants' }, offset: constantBytes, bytes });
      constantBytes += aligned(bytes);
      constants.push(operand);
    }
  }
  const plan: MemoryPlan = {
    places,
    arenas: sizes,
    inputBytes,
    constants,
    constantBytes,
    variableArenas: [...variableArenas],
    lowerBoundBytes: lowerBoundOf(pieces),
  };
  checkLimits(program, plan, capabilities);
  return plan;
}

/** The range that an arg of `step` binds: one slot's, or all the 256-byte slots of a group. */
export function locate(step: Step, arg: Arg, places: ReadonlyMap<Slot, Location>): Location {
  const members = membersOf(arg).map((member) => {
    const place = places.get(slotOf(step, member));
    if (!place) throw new Error(`compiler: ${step.label} binds a tensor that has no place`);
    return place;
  });
  const start = members[0];
  const end = members.at(-1);
  if (!start || !end) throw new Error(`compiler: ${step.label} binds an empty group`);
  const last = arg.kind === 'group' ? aligned(end.bytes) : end.bytes;
  return { buffer: start.buffer, offset: start.offset, bytes: end.offset + last - start.offset };
}

function* operandsOf(steps: readonly Step[]): Generator<Operand> {
  for (const { inputs, outputs } of steps) {
    yield* inputs;
    for (const output of outputs) if (output) yield output;
  }
}

function checkLimits({ steps }: ScheduledProgram, plan: MemoryPlan, capabilities: Capabilities): void {
  const { maxStorageBufferBindingSize: binding, maxBufferSize: buffer } = capabilities;
  for (const step of steps) {
    for (const { args } of step.dispatches) {
      for (const arg of args) {
        const { bytes } = locate(step, arg, plan.places);
        if (bytes > binding) throw tooLarge(step, arg, bytes, 'a binding', binding);
      }
    }
  }
  const pools = [
    ...plan.arenas.map((bytes, index) => ({ role: `arena ${index} of temporaries`, bytes })),
    { role: 'the inputs', bytes: plan.inputBytes },
    { role: 'the constants', bytes: plan.constantBytes },
  ];
  for (const { role, bytes } of pools) {
    if (bytes <= buffer) continue;
    throw new HeddleError({
      op: 'compile',
      message: `${role} takes ${bytes} bytes, this device allows ${buffer} in one buffer`,
      roles: ['arenas'],
      values: { bytes, maxBufferSize: buffer },
      fix: 'use a smaller batch, or shard the data',
    });
  }
}

function tooLarge(step: Step, arg: Arg, bytes: number, what: string, limit: number): HeddleError {
  const operands = [...step.inputs, ...step.outputs.filter((output) => output !== null)];
  const slots = membersOf(arg).map((member) => slotOf(step, member));
  const shapes = slots.map((slot) => operands.find((operand) => operand.slot === slot)?.value.shape ?? []);
  return new HeddleError({
    op: step.label,
    message: `${slots[0]?.label ?? 'a tensor'} ${shapes.map(showShape).join(', ')} takes ${bytes} bytes, this device allows ${limit} in ${what}`,
    roles: ['tensor'],
    values: { bytes, limit, shapes },
    fix: 'use a smaller batch or smaller layers, or shard the data',
  });
}
