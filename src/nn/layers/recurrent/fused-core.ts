/**
 * The core of `simpleRNN`, `gru` and `lstm`: all steps by one op where a kernel knows the activations, step by step in base ops otherwise.
 */

import { HeddleError, isKernelActivation, ops, type Tensor, type Variable } from '../../../engine/index.js';
import { type ActivationSpec, resolveActivation } from '../../activations.js';
import { checkedCount } from '../../checks.js';
import type { Pass, Passed, RecurrentCore } from './core.js';
import { dropoutFactors } from './dropout-factors.js';
import type { GatedOptions } from './options.js';
import { runSteps } from './run-steps.js';
import type { CellStep } from './steps.js';
import { type RecurrentWeights, recurrentWeights } from './weights.js';

/** What the three differ in. */
export interface CellKind {
  readonly gates: number;
  /** How many states, each of as many features as there are units. */
  readonly states: number;
  /** Rows of the bias: 1 means it is a vector. */
  readonly biasRows: number;
  readonly unitForgetBias: boolean;
  /** Gives sequence and last states; `null` where there is none for these options. */
  readonly fused: FusedOp | null;
  readonly step: CellStep;
}

/** What the ops of the three have in common. */
export type FusedOp = (
  x: Tensor,
  kernel: Tensor,
  recurrentKernel: Tensor,
  bias: Tensor | null,
  options: FusedOptions,
) => readonly Tensor[];

export interface FusedOptions {
  readonly activation: string;
  readonly recurrentActivation: string;
  readonly initialState?: readonly Tensor[];
  readonly mask?: Tensor;
  readonly recurrentDropout?: Tensor;
  readonly goBackwards?: boolean;
  readonly bidirectional?: boolean;
  /** `lstm`: whether c is among the last states. */
  readonly cellState: boolean;
}

/** @throws HeddleError for options out of range and unknown names. */
export function fusedCore(label: string, options: GatedOptions, kind: CellKind): RecurrentCore {
  const { activation = 'tanh', recurrentActivation = 'sigmoid' } = options;
  const units = checkedCount(label, 'units', options.units);
  const functions = {
    activation: resolveActivation(label, activation),
    recurrentActivation: resolveActivation(label, recurrentActivation),
  };
  const factorsOf = dropoutFactors(label, options);
  const names = kind.fused ? kernelNames(activation, recurrentActivation) : null;
  const build = recurrentWeights(label, options, { units, ...kind });
  return {
    units,
    stateSizes: Array.from({ length: kind.states }, () => units),
    build(builder, input, directions) {
      const weights = build(builder, input, directions);
      return (pass) => {
        checkFeatures(label, pass.x, weights.kernel);
        const { inputs, recurrent } = factorsOf(pass, units);
        const seen = inputs ? { ...pass, x: ops.mul(pass.x, inputs) } : pass;
        const dropped = recurrent ? { recurrentDropout: recurrent } : {};
        return kind.fused && names
          ? runFused(kind.fused, seen, weights, { ...names, ...dropped })
          : runSteps(seen, weights, { ...kind, ...functions, units, factors: recurrent });
      };
    },
  };
}

type Names = Pick<FusedOptions, 'activation' | 'recurrentActivation'>;

/** The names, where kernels know both. */
function kernelNames(activation: ActivationSpec, recurrentActivation: ActivationSpec): Names | null {
  const known = isKernelActivation(activation) && isKernelActivation(recurrentActivation);
  return known ? { activation, recurrentActivation } : null;
}

function runFused(
  op: FusedOp,
  { x, directions, states, mask, wantsStates }: Pass,
  { kernel, recurrentKernel, bias }: RecurrentWeights,
  options: Omit<FusedOptions, 'cellState'>,
): Passed {
  const [sequence, ...finals] = op(x, kernel, recurrentKernel, bias, {
    ...options,
    cellState: wantsStates,
    ...(states ? { initialState: states } : {}),
    ...(mask ? { mask } : {}),
    ...(directions.length === 2 ? { bidirectional: true } : { goBackwards: directions[0] === true }),
  });
  return { sequence: sequence as Tensor, last: finals[0] as Tensor, states: finals };
}

function checkFeatures(label: string, x: Tensor, kernel: Variable): void {
  const features = x.shape.at(-1);
  const expected = kernel.shape[0];
  if (features === expected) return;
  throw new HeddleError({
    op: label,
    message: `input has ${features} features, kernel expects ${expected}; input [${x.shape.join(',')}], kernel [${kernel.shape.join(',')}]`,
    roles: ['input', 'kernel'],
    values: { input: x.shape, kernel: kernel.shape },
    fix: `pass [batch, steps, ${expected}], or make the model with another inputShape`,
  });
}
