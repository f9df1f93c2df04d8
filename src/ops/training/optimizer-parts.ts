/** What adam and sgd share: the rule for ranges of equal layout, their arguments as groups, and when a result may be kept. */

import { HeddleError } from '../../core/errors.js';
import { sameShape, showShape, sizeOf } from '../../core/shape.js';
import type { HostTensor, TensorType, Value } from '../../ir/graph.js';
import type { Arg, Lowered } from '../../ir/op.js';
import { beginStep } from '../../kernels/begin-step.js';
import type { Launch } from '../../kernels/kernel.js';
import { fitOneWorkgroup, type UpdateSettings } from '../../kernels/optimizers.js';

type Member = Exclude<Arg, { kind: 'group' }>;

/** The scalars that an update needs, each uint32 [], in the order of their consecutive 256-byte slots: a part of `CONTROL_ORDER`. */
export const STEP_CONTROL = ['step', 'apply', 'fault'] as const;

export interface StepArguments {
  /** uint32 []: t, from 1. `step`, `apply` and `fault` lie in consecutive slots. */
  readonly step: Value;
  /** uint32 []: where 0, nothing changes. */
  readonly apply: Value;
  /** uint32 []: set to 1 where a result is not finite; that element keeps its old values. */
  readonly fault: Value;
  /**
   * Whether the update begins the step, as in a graph program, which has no tail to count its steps: before anything else it
   * sets step + 1, apply = 1, fault = 0. Default `false`.
   */
  readonly begins?: boolean;
}

/** The control scalars that an update goes by. */
export const begun = (
  control: Readonly<Record<(typeof STEP_CONTROL)[number], HostTensor>>,
  begins: boolean,
): Record<(typeof STEP_CONTROL)[number], number> => {
  const [step = 0, applied = 0, fault = 0] = STEP_CONTROL.map((name) => control[name].data[0] as number);
  return begins ? { step: step + 1, apply: 1, fault: 0 } : { step, apply: applied, fault };
};

/** `update` of tensors of `sizes` elements, its control bound last. It begins the step itself where it can, else a dispatch before it does. */
export function lowerUpdate(
  sizes: readonly number[],
  begins: boolean,
  update: (settings: UpdateSettings) => Launch,
  args: readonly Arg[],
): Lowered {
  const itself = begins && fitOneWorkgroup(sizes);
  const before = begins && !itself ? [{ launch: beginStep(), args: args.slice(-1) }] : [];
  return { scratch: [], dispatches: [...before, { launch: update({ begins: itself }), args }] };
}

/** Tensors `inputs first … first + count − 1` as one range that is read. */
export const readGroup = (first: number, count: number): Arg => ({
  kind: 'group',
  members: Array.from({ length: count }, (_, index): Member => ({ kind: 'input', index: first + index })),
});

/** Inputs from `input` on that become outputs from `output` on, as one range that is updated in place. */
export const updateGroup = (input: number, output: number, count: number): Arg => ({
  kind: 'group',
  members: Array.from({ length: count }, (_, index): Member => {
    return { kind: 'inout', input: input + index, output: output + index };
  }),
});

/** Throws unless all `lists` are float32 tensors of the shapes of the first, and `scalars` are uint32 scalars, learning rate first. */
export function checkUpdate(
  op: string,
  lists: Readonly<Record<string, readonly TensorType[]>>,
  learningRate: TensorType | undefined,
  scalars: Readonly<Record<string, TensorType | undefined>>,
): void {
  const names = Object.keys(lists);
  const [lead = []] = Object.values(lists);
  for (const [name, list] of Object.entries(lists)) {
    const odd = lead.findIndex(
      ({ shape }, index) => list[index]?.dtype !== 'float32' || !sameShape(shape, list[index].shape),
    );
    if (odd < 0 && list.length === lead.length && lead.length > 0) continue;
    const found = list[Math.max(0, odd)];
    throw new HeddleError({
      op,
      message:
        `${name}[${Math.max(0, odd)}] is ${found?.dtype} ${showShape(found?.shape ?? [])}, ` +
        `${names[0]} has ${lead.length} tensors, this one of shape ${showShape(lead[Math.max(0, odd)]?.shape ?? [])}`,
      roles: [names[0] ?? '', name],
      values: { [name]: list.map(({ shape }) => shape), [names[0] ?? '']: lead.map(({ shape }) => shape) },
      fix: 'give each variable one float32 tensor of its shape in every list',
    });
  }
  const wrong = Object.entries(scalars).find(
    ([, type]) => type?.dtype !== 'uint32' || sizeOf(type.shape) !== 1,
  );
  if (wrong || learningRate?.dtype !== 'float32' || sizeOf(learningRate.shape) !== 1) {
    throw new HeddleError({
      op,
      message: `${wrong ? wrong[0] : 'learningRate'} has the wrong type`,
      roles: ['learningRate', ...Object.keys(scalars)],
      values: { learningRate, ...scalars },
      fix: `pass a float32 scalar as learningRate and uint32 scalars as ${Object.keys(scalars).join(', ')}`,
    });
  }
}

/** Whether every one of `values` is finite as a float32, which is what a device stores. */
export const allFinite = (...values: number[]): boolean =>
  values.every((value) => Number.isFinite(Math.fround(value)));
