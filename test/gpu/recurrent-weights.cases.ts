/**
 * The kernels that sum the gradients of recurrent weights, on what the cases of the layers do not ask for: gradients that nobody reads,
 * rows and columns that fill no tile, sums in many parts. All numbers are small integers, so that every order of addition is exact.
 */

import { apply, applyOne, type HostTensor, type Value } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { LowerRequest } from '../../src/ir/op.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { weightGradientCandidates } from '../../src/ops/recurrent/lower.js';
import {
  type Cell,
  GATES,
  shapeOfRole,
  type WeightGradientAttrs,
  weightGradientInputs,
} from '../../src/ops/recurrent/shape.js';
import { recurrentWeightGradientOp } from '../../src/ops/recurrent/weight-gradient.js';
import { evaluateNode } from '../../src/reference/evaluate.js';
import { fill, hash } from '../kit/fill.js';
import { rawDevice } from '../kit/raw-device.js';
import { prepareCandidates, runCandidate } from '../kit/run-candidate.js';
import { exact, type Failure, type GpuCase } from './kit.js';

interface Sums extends Partial<Omit<WeightGradientAttrs, 'cell'>> {
  readonly cell: Cell;
  readonly batch: number;
  readonly steps: number;
  readonly features: number;
  readonly units: number;
  /** Of the gradients of kernel, recurrent kernel and bias. Default: all. */
  readonly used?: readonly boolean[];
}

const BOTH = [false, true];

const SUMS: readonly Sums[] = [
  { cell: 'lstm', batch: 3, steps: 30, features: 4, units: 20, state: true },
  { cell: 'lstm', batch: 2, steps: 1, features: 1, units: 4, dropout: true, used: [true, false, false] },
  { cell: 'lstm', batch: 1, steps: 70, features: 9, units: 5, directions: BOTH, used: [false, true, false] },
  { cell: 'gru', batch: 5, steps: 33, features: 3, units: 12, state: true, dropout: true, directions: BOTH },
  { cell: 'gru', batch: 4, steps: 40, features: 8, units: 6, mask: true, dropout: true, directions: [true] },
  { cell: 'gru', batch: 2, steps: 3, features: 2, units: 16, used: [false, false, true] },
  { cell: 'simpleRnn', batch: 7, steps: 10, features: 5, units: 33, used: [false, true, true] },
];

export const cases: GpuCase[] = SUMS.map((sums) => ({
  name: JSON.stringify(sums),
  run: () => checkSums(sums),
}));

async function checkSums({ batch, steps, features, units, used, ...given }: Sums): Promise<Failure[]> {
  const attrs: WeightGradientAttrs = {
    directions: [false],
    state: false,
    mask: false,
    dropout: false,
    ...given,
  };
  const { cell, directions } = attrs;
  const shape = {
    ...{ cell, batch, steps, features, units },
    directions: directions.length,
    gates: GATES[cell],
  };
  const inputs: HostTensor[] = weightGradientInputs(attrs).map((role) =>
    fill({ shape: shapeOfRole(role, shape, attrs), fill: 'integers' }, hash(role), 0),
  );
  const leaves = inputs.map((input, index) =>
    applyOne(inputOp, [], { name: `input ${index}`, shape: input.shape, dtype: input.dtype }),
  );
  const { node } = apply(recurrentWeightGradientOp, leaves, attrs)[0] as Value;
  const expected = evaluateNode(node, inputs, 'float32');
  const device = await rawDevice();
  const failures: Failure[] = [];
  for (const software of [true, false]) {
    const request: LowerRequest<WeightGradientAttrs> = {
      inputs,
      outputs: node.outputs,
      attrs,
      used: used ?? [true, true, true],
      capabilities: { ...DEFAULT_CAPABILITIES, software },
    };
    const candidates = weightGradientCandidates(request);
    await prepareCandidates(device, candidates);
    for (const candidate of candidates) {
      const actual = await runCandidate(device, candidate, request, inputs);
      actual.forEach((tensor, output) => {
        if (!tensor) return;
        const label = `${candidate.key}, output ${output}`;
        failures.push(...exact(label, tensor.data, expected[output]?.data ?? []));
      });
    }
  }
  return failures;
}
