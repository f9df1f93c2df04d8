/**
 * The recurrent kernels on what the cases of their ops do not ask for: steps cut into dispatches (the very same bits), results that
 * nobody reads, one dispatch a step where the state is small, rows and units that fill no workgroup.
 */

import { apply, applyOne, type HostTensor, type Node, type Value } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { Candidate, LowerRequest, OpDef } from '../../src/ir/op.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { type RecurrentLimits, recurrentLimits } from '../../src/ops/recurrent/dispatches.js';
import { sequenceCandidates, sequenceGradientCandidates } from '../../src/ops/recurrent/lower.js';
import { SEQUENCE_OPS } from '../../src/ops/recurrent/sequence.js';
import { SEQUENCE_GRADIENT_OPS } from '../../src/ops/recurrent/sequence-gradient.js';
import {
  byRole,
  type Cell,
  GATES,
  type RecurrentShape,
  type Role,
  type SequenceAttrs,
  sequenceGradientInputs,
  sequenceInputs,
  sequenceOutputs,
  shapeOfRole,
} from '../../src/ops/recurrent/shape.js';
import { referenceWithBudget } from '../../src/reference/budget.js';
import { evaluateNode } from '../../src/reference/evaluate.js';
import { fill, hash } from '../kit/fill.js';
import { rawDevice, subgroupSizeOf } from '../kit/raw-device.js';
import { prepareCandidates, runCandidate } from '../kit/run-candidate.js';
import { check, compare, exact, type Failure, type GpuCase } from './kit.js';

interface Sequence extends Partial<SequenceAttrs> {
  readonly batch: number;
  readonly steps: number;
  readonly units: number;
  /** Of the outputs of the forward pass; default: all. */
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
  { batch: 5, steps: 3, units: 64, state: true, mask: true },
  { batch: 33, steps: 2, units: 20, dropout: true, used: [true, false, true, true] },
];

const CELLS: readonly Cell[] = ['lstm', 'gru', 'simpleRnn'];

export const cases: GpuCase[] = CELLS.flatMap((cell) =>
  SEQUENCES.flatMap((sequence) => [
    { name: `${cell} forward ${JSON.stringify(sequence)}`, run: () => checkForward(cell, sequence) },
    { name: `${cell} backward ${JSON.stringify(sequence)}`, run: () => checkBackward(cell, sequence) },
  ]),
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

const extentsOf = (cell: Cell, { batch, steps, units, directions = [false] }: Sequence): RecurrentShape => ({
  cell,
  batch,
  steps,
  units,
  directions: directions.length,
  gates: GATES[cell],
  features: 0,
});

const tensorsOf = (cell: Cell, roles: readonly Role[], sequence: Sequence): HostTensor[] =>
  roles.map((role) =>
    tensorOf(role, shapeOfRole(role, extentsOf(cell, sequence), attrsOf(cell, sequence)), sequence),
  );

function nodeOf<A extends object>(op: OpDef<A>, inputs: readonly HostTensor[], attrs: A): Node {
  const leaves = inputs.map(({ shape, dtype }, index) =>
    applyOne(inputOp, [], { name: `input ${index}`, shape, dtype }),
  );
  return (apply(op, leaves, attrs)[0] as Value).node;
}

/** Those of the device, one dispatch a step among them; and as many dispatches as two steps ask for. */
function limitsOf(cell: Cell, sequence: Sequence): readonly RecurrentLimits[] {
  const own = recurrentLimits({ ...DEFAULT_CAPABILITIES, software: true });
  const { batch, units, directions = [false] } = sequence;
  const step = 2 * batch * units * units * GATES[cell] * directions.length;
  return [
    { ...own, stepwiseFrom: 1 },
    { milliseconds: 2, flopsPerMillisecond: step, stepwiseFrom: Number.POSITIVE_INFINITY },
  ];
}

const requestOf = async <A extends object>(
  node: Node,
  inputs: readonly HostTensor[],
  attrs: A,
  used: readonly boolean[] | undefined,
): Promise<LowerRequest<A>> => ({
  inputs,
  outputs: node.outputs,
  attrs,
  used: used ?? node.outputs.map(() => true),
  capabilities: { ...DEFAULT_CAPABILITIES, subgroupSize: subgroupSizeOf(await rawDevice()) },
});

/** The kernels for software adapters and those for others, once each. */
function bothKinds<A extends object>(
  request: LowerRequest<A>,
  candidates: (request: LowerRequest<A>) => readonly Candidate[],
): readonly Candidate[] {
  const found = [true, false].flatMap((software) =>
    candidates({ ...request, capabilities: { ...request.capabilities, software } }),
  );
  return [...new Map(found.map((candidate) => [candidate.key, candidate])).values()];
}

async function checkForward(cell: Cell, sequence: Sequence): Promise<Failure[]> {
  const attrs = attrsOf(cell, sequence);
  const inputs = tensorsOf(cell, sequenceInputs(attrs), sequence);
  const node = nodeOf(SEQUENCE_OPS[cell], inputs, attrs);
  const request = await requestOf(node, inputs, attrs, sequence.used);
  const lists = limitsOf(cell, sequence).map((limits) =>
    bothKinds(request, (one) => sequenceCandidates(cell, one, limits)),
  );
  return checkCandidates({ node, inputs, request, steps: sequence.steps, lists });
}

/** The gates and states are those of a forward pass; without an initial state, nobody reads its gradient. */
async function checkBackward(cell: Cell, sequence: Sequence): Promise<Failure[]> {
  const forward = attrsOf(cell, sequence);
  const given = tensorsOf(cell, sequenceInputs(forward), sequence);
  const made = evaluateNode(nodeOf(SEQUENCE_OPS[cell], given, forward), given, 'float32');
  const known = {
    ...byRole(sequenceInputs(forward), given),
    ...byRole(sequenceOutputs(cell), made),
  };
  const attrs = { ...forward, dsequence: !forward.mask || forward.state, dfinals: forward.mask };
  const roles = sequenceGradientInputs(cell, attrs);
  const fresh = byRole(roles, tensorsOf(cell, roles, sequence));
  const inputs = roles.map((role) => (known[role] ?? fresh[role]) as HostTensor);
  const node = nodeOf(SEQUENCE_GRADIENT_OPS[cell], inputs, attrs);
  const used = node.outputs.map((_, index) => index + 1 < node.outputs.length || attrs.state);
  const request = await requestOf(node, inputs, attrs, used);
  const lists = limitsOf(cell, sequence).map((limits) =>
    bothKinds(request, (one) => sequenceGradientCandidates(cell, one, limits)),
  );
  return checkCandidates({ node, inputs, request, steps: sequence.steps, lists });
}

interface Check {
  readonly node: Node;
  readonly inputs: readonly HostTensor[];
  readonly request: LowerRequest;
  readonly steps: number;
  /** Of all steps at once, and in dispatches of two. */
  readonly lists: readonly (readonly Candidate[])[];
}

async function checkCandidates({ node, inputs, request, steps, lists }: Check): Promise<Failure[]> {
  const [whole = [], chunked = []] = lists;
  const device = await rawDevice();
  await prepareCandidates(device, [...whole, ...chunked]);
  const expected = referenceWithBudget(node, inputs);
  const failures: Failure[] = [];
  let cuts = 0;
  for (const candidate of whole) {
    const actual = await runCandidate(device, candidate, request, inputs);
    const cut = chunked.find(({ key }) => key === candidate.key);
    cuts += cut ? dispatchesOf(cut) - dispatchesOf(candidate) : 0;
    const parts = cut && (await runCandidate(device, cut, request, inputs));
    actual.forEach((tensor, output) => {
      if (!tensor) return;
      const label = `${candidate.key}, output ${output}`;
      const want = expected.values[output]?.data ?? [];
      failures.push(...compare(label, tensor.data, want, expected.budgets[output] ?? 0));
      if (parts) failures.push(...exact(`${label} in dispatches`, parts[output]?.data ?? [], tensor.data));
    });
  }
  if (steps > 2) failures.push(...check('dispatches more', cuts > 0, 'some', String(cuts)));
  return failures;
}

const dispatchesOf = (candidate: Candidate): number => candidate.lower().dispatches.length;
