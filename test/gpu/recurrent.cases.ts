/**
 * The recurrent kernels on what the cases of their ops do not ask for: steps cut into dispatches (the very same bits), results that
 * nobody reads, one dispatch a step where the state is small, rows and units that fill no workgroup.
 */

import { apply, applyOne, type HostTensor, type Node, type Value } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { Candidate, LowerRequest } from '../../src/ir/op.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { sequenceCandidates } from '../../src/ops/recurrent/lower.js';
import { SEQUENCE_OPS } from '../../src/ops/recurrent/sequence.js';
import {
  type Cell,
  GATES,
  type Role,
  type SequenceAttrs,
  sequenceInputs,
  shapeOfRole,
} from '../../src/ops/recurrent/shape.js';
import { type RecurrentLimits, recurrentLimits } from '../../src/ops/recurrent/tiles.js';
import { referenceWithBudget } from '../../src/reference/budget.js';
import { fill, hash } from '../kit/fill.js';
import { rawDevice } from '../kit/raw-device.js';
import { prepareCandidates, runCandidate } from '../kit/run-candidate.js';
import { compare, exact, type Failure, type GpuCase } from './kit.js';

interface Sequence extends Partial<SequenceAttrs> {
  readonly batch: number;
  readonly steps: number;
  readonly units: number;
  /** Of the outputs of the forward pass, then of the backward pass; default: all. */
  readonly used?: readonly boolean[];
}

const SEQUENCES: readonly Sequence[] = [
  { batch: 1, steps: 2, units: 1 },
  { batch: 3, steps: 3, units: 5, state: true, mask: true, dropout: true },
  {
    batch: 3,
    steps: 4,
    units: 8,
    directions: [false, true],
    state: true,
    mask: true,
    dropout: true,
    cellState: true,
  },
  { batch: 9, steps: 3, units: 12, directions: [true] },
  { batch: 9, steps: 3, units: 12, directions: [false, true], mask: true, used: [false, true, false, false] },
  { batch: 33, steps: 2, units: 20, dropout: true, used: [true, false, true, true] },
];

const CELLS: readonly Cell[] = ['lstm'];

export const cases: GpuCase[] = CELLS.flatMap((cell) =>
  SEQUENCES.map((sequence) => ({
    name: `${cell} forward ${JSON.stringify(sequence)}`,
    run: () => checkForward(cell, sequence),
  })),
);

function attrsOf(cell: Cell, { batch, steps, units, used, ...given }: Sequence): SequenceAttrs {
  return {
    directions: [false],
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
    state: false,
    mask: false,
    dropout: false,
    bias: cell === 'gru',
    ...given,
    cellState: cell === 'lstm' && (given.cellState ?? false),
  };
}

/** Weights shrink with the number of units, so that errors do not grow from step to step; about a third of the steps is masked. */
function tensorOf(role: Role, shape: readonly number[], { mask, steps, units }: Sequence): HostTensor {
  const filled = fill({ shape }, hash(role), 0);
  const columns = shape.at(-1) ?? 1;
  const scale = role === 'recurrentKernel' ? 0.5 / Math.sqrt(units) : 1;
  filled.data.forEach((value, at) => {
    const masked = role === 'rows' && mask && at % columns < steps;
    filled.data[at] = Math.fround(masked ? Number(value > -0.5) : value * scale);
  });
  return filled;
}

function nodeOf(cell: Cell, sequence: Sequence): { node: Node; inputs: HostTensor[] } {
  const attrs = attrsOf(cell, sequence);
  const { batch, steps, units } = sequence;
  const shape = {
    cell,
    batch,
    steps,
    units,
    directions: attrs.directions.length,
    gates: GATES[cell],
    features: 0,
  };
  const inputs = sequenceInputs(attrs).map((role) =>
    tensorOf(role, shapeOfRole(role, shape, attrs), sequence),
  );
  const leaves = inputs.map(({ shape: own, dtype }, index) =>
    applyOne(inputOp, [], { name: `input ${index}`, shape: own, dtype }),
  );
  const [first] = apply(SEQUENCE_OPS[cell], leaves, attrs);
  return { node: (first as Value).node, inputs };
}

/** Those of the device, no step stepwise unless it must; everything stepwise too; two steps to a dispatch. */
function limitsOf(software: boolean, sequence: Sequence, cell: Cell): readonly RecurrentLimits[] {
  const own = recurrentLimits({ ...DEFAULT_CAPABILITIES, software });
  const { batch, units, directions = [false] } = sequence;
  const step = 2 * batch * units * units * GATES[cell] * directions.length;
  return [
    { ...own, stepwiseFrom: 1 },
    { milliseconds: 2, flopsPerMillisecond: step, stepwiseFrom: Number.POSITIVE_INFINITY },
  ];
}

async function checkForward(cell: Cell, sequence: Sequence): Promise<Failure[]> {
  const { node, inputs } = nodeOf(cell, sequence);
  const request: LowerRequest<SequenceAttrs> = {
    inputs,
    outputs: node.outputs,
    attrs: node.attrs as SequenceAttrs,
    used: sequence.used ?? node.outputs.map(() => true),
    capabilities: { ...DEFAULT_CAPABILITIES, software: true },
  };
  const [whole = [], chunked = []] = limitsOf(true, sequence, cell).map((limits) =>
    sequenceCandidates(cell, request, limits),
  );
  return checkCandidates({ node, inputs, request, whole, chunked });
}

interface Check {
  readonly node: Node;
  readonly inputs: readonly HostTensor[];
  readonly request: LowerRequest;
  readonly whole: readonly Candidate[];
  readonly chunked: readonly Candidate[];
}

async function checkCandidates({ node, inputs, request, whole, chunked }: Check): Promise<Failure[]> {
  const device = await rawDevice();
  await prepareCandidates(device, [...whole, ...chunked]);
  const expected = referenceWithBudget(node, inputs);
  const failures: Failure[] = [];
  for (const candidate of whole) {
    const actual = await runCandidate(device, candidate, request, inputs);
    const cut = chunked.find(({ key }) => key === candidate.key);
    const parts = cut && (await runCandidate(device, cut, request, inputs));
    actual.forEach((tensor, output) => {
      if (!tensor) return;
      const label = `${candidate.key}, output ${output}`;
      const want = expected.values[output]?.data ?? [];
      failures.push(...compare(label, tensor.data, want, expected.budgets[output] ?? 0));
      if (parts) failures.push(...exact(`${label} in dispatches`, parts[output]?.data ?? [], tensor.data));
    });
  }
  return failures;
}
