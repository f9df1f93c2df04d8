/** Options that the recurrent layers have in common. */

import type { ActivationSpec } from '../../activations.js';
import { checkedFlag } from '../../checks.js';
import { type WeightRuleOptions, weightOptions } from '../weight-rules.js';

/** What goes in and comes out. */
export interface SequenceOptions {
  /** Whether the output is that of every step, `[batch, steps, units]`, or of the last one, `[batch, units]`. Default `false`. */
  readonly returnSequences?: boolean;
  /** Whether the last states, each `[batch, units]`, are outputs too, after the output itself. Default `false`. */
  readonly returnState?: boolean;
  /** Whether the steps are taken from the last to the first; with `returnSequences`, outputs come in that order too. Default `false`. */
  readonly goBackwards?: boolean;
  /**
   * Whether the states at the end of a batch are those that the next batch starts from, row by row, until `model.resetStates()` or
   * `layer.resetStates()`. It needs a fixed batch: `batchInputShape` of the first layer, or `layers.input({ shape, batchSize })`. Default `false`.
   */
  readonly stateful?: boolean;
}

export interface RecurrentOptions
  extends SequenceOptions,
    WeightRuleOptions<'kernel' | 'recurrent' | 'bias'> {
  /** Features of the output and of each state, a positive integer. */
  readonly units: number;
  /** Of the output, or of what a gate lets in. Default `tanh`. */
  readonly activation?: ActivationSpec;
  /** Default `true`. */
  readonly useBias?: boolean;
  /** Share of the input's features that become 0 while training, the same ones at all steps of a sequence, in [0, 1). Default 0. */
  readonly dropout?: number;
  /** The same of the state that the recurrent kernel sees. Default 0. */
  readonly recurrentDropout?: number;
  /** Of dropout, an unsigned 32-bit integer. Default: the model's. */
  readonly seed?: number;
}

export interface GatedOptions extends RecurrentOptions {
  /** Of the gates. Default `sigmoid`. */
  readonly recurrentActivation?: ActivationSpec;
}

export const SEQUENCE_OPTIONS = ['returnSequences', 'returnState', 'goBackwards', 'stateful'] as const;

export const RECURRENT_OPTIONS = [
  'units',
  'activation',
  'useBias',
  'dropout',
  'recurrentDropout',
  'seed',
  ...SEQUENCE_OPTIONS,
  ...weightOptions('kernel'),
  ...weightOptions('recurrent'),
  ...weightOptions('bias'),
] as const;

/** What Keras and TF.js have beside these. */
export const OTHER_NAMES: Readonly<Record<string, string>> = {
  unroll: 'leave it out: one dispatch runs all steps, however many',
  implementation: 'leave it out: the product of all steps with the kernel is always one',
  timeMajor: 'leave it out: sequences are [batch, steps, features]',
  inputDim: 'use inputShape: [steps, features]; null for steps that vary',
  inputLength: 'use inputShape: [steps, features]',
  initialState: 'apply the layer to a list: [x, h], for an lstm [x, h, c]',
  zeroOutputForMask:
    'multiply the output by the mask: a step that does not count repeats the output before it',
  activityRegularizer: 'regularize weights: kernelRegularizer, recurrentRegularizer, biasRegularizer',
};

export type CheckedSequence = Required<SequenceOptions>;

/** With defaults. Throws a HeddleError for anything but true and false. */
export function checkedSequence(label: string, options: SequenceOptions): CheckedSequence {
  const flag = (role: keyof SequenceOptions): boolean => checkedFlag(label, role, options[role] ?? false);
  return {
    returnSequences: flag('returnSequences'),
    returnState: flag('returnState'),
    goBackwards: flag('goBackwards'),
    stateful: flag('stateful'),
  };
}
