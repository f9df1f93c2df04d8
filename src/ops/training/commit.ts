/**
 * `commit`: what layers make for weights of their own (moving averages), kept only where the step is. Internal to training; no gradient.
 */

import { HeddleError } from '../../core/errors.js';
import { sameShape, showShape, sizeOf } from '../../core/shape.js';
import { apply, type Value } from '../../ir/graph.js';
import { inputArg, type OpDef } from '../../ir/op.js';
import { commit as commitKernel } from '../../kernels/commit.js';
import { cut } from './named.js';
import { readGroup, updateGroup } from './optimizer-parts.js';

/** Inputs: kept × n, values × n, apply. Outputs: kept × n afterwards, in place: the values where apply is not 0. */
export const commitOp: OpDef = {
  name: 'commit',
  infer(inputs) {
    const [kept = [], values = [], [applied] = []] = parts(inputs);
    const odd = kept.findIndex(
      ({ shape, dtype }, i) => values[i]?.dtype !== dtype || !sameShape(shape, values[i].shape),
    );
    const whole = kept.length > 0 && kept.every(({ dtype }) => dtype === 'float32');
    if (odd < 0 && whole && applied?.dtype === 'uint32' && sizeOf(applied.shape) === 1) return kept;
    const at = Math.max(0, odd);
    throw new HeddleError({
      op: 'commit',
      message: `value ${at} is ${values[at]?.dtype} ${showShape(values[at]?.shape ?? [])}, its place ${kept[at]?.dtype} ${showShape(kept[at]?.shape ?? [])}`,
      roles: ['kept', 'values', 'apply'],
      values: { kept, values, apply: applied },
      fix: 'give a float32 value of its shape for each variable, and a uint32 scalar',
    });
  },
  reference(inputs, outputs) {
    const [kept = [], values = [], [applied] = []] = parts(inputs);
    const taken = applied?.data[0] === 0 ? kept : values;
    outputs.forEach((output, index) => {
      output.data.set(taken[index]?.data ?? []);
    });
  },
  candidates({ inputs }) {
    const [kept = []] = parts(inputs);
    const count = kept.length;
    const launch = commitKernel(kept.map(({ shape }) => sizeOf(shape)));
    const args = [updateGroup(0, 0, count), readGroup(count, count), inputArg(2 * count)];
    return [{ key: 'commit', lower: () => ({ scratch: [], dispatches: [{ launch, args }] }) }];
  },
};

const parts = <T>(inputs: readonly T[]): T[][] => {
  const count = (inputs.length - 1) / 2;
  return cut(inputs, [count, count, 1]);
};

export interface CommitArguments {
  /** float32; variables whose places form one range. */
  readonly kept: readonly Value[];
  /** Of the same shapes. */
  readonly values: readonly Value[];
  /** uint32 []: where 0, nothing changes. */
  readonly apply: Value;
}

/** `kept` afterwards: `values` where `apply` is not 0. */
export const commit = ({ kept, values, apply: applied }: CommitArguments): readonly Value[] =>
  apply(commitOp, [...kept, ...values, applied], {});
