/**
 * Every kernel variant of every op case, alone on raw WebGPU, against the reference: each node that a case builds (and its gradients) is
 * lowered by each of its candidates and run on the inputs that the reference gives it. Whatever differs is the kernel's fault. The first
 * large enough use of each kernel is run with folded workgroups too.
 */

import { gradients } from '../../src/compiler/autodiff.js';
import { expand } from '../../src/compiler/passes/expand.js';
import type { HostArray } from '../../src/core/dtype.js';
import { sizeOf } from '../../src/core/shape.js';
import { type HostTensor, type Node, rootsOf, topologicalOrder, type Value } from '../../src/ir/graph.js';
import type { Candidate, LowerRequest } from '../../src/ir/op.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { referenceWithBudget } from '../../src/reference/budget.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { folded, foldingKernels } from '../kit/folded.js';
import { FULL } from '../kit/full.js';
import { buildCase, caseName, opCases } from '../kit/op-cases.js';
import { rawDevice, subgroupSizeOf } from '../kit/raw-device.js';
import { prepareCandidates, runCandidate } from '../kit/run-candidate.js';
import { weightedSum } from '../kit/weighted-sum.js';
import type { OpCase } from '../ops/case.js';
import { compare, equal, type Failure, type GpuCase } from './kit.js';

export const cases: GpuCase[] = opCases
  .filter((one) => FULL || !one.full)
  .map((one) => ({ name: caseName(one), run: () => checkCase(one) }));

async function checkCase(one: OpCase): Promise<Failure[]> {
  const device = await rawDevice();
  const nodes = evaluatedNodes(one).map(([node, inputs]) => ({
    node,
    inputs,
    runs: runsOf(one, node, inputs, subgroupSizeOf(device)),
  }));
  await prepareCandidates(
    device,
    nodes.flatMap(({ runs }) => runs.map(({ candidate }) => candidate)),
  );
  const failures: Failure[] = [];
  for (const { node, inputs, runs } of nodes) {
    if (runs.length > 0) failures.push(...(await checkNode(device, node, inputs, runs, one.exact === true)));
  }
  return failures;
}

/** The nodes with kernels that a case and its gradients consist of once the compiler has taken them apart, each with float32 inputs. */
function evaluatedNodes(one: OpCase): [Node, HostTensor[]][] {
  const { outputs, inputs, feeds } = buildCase(one);
  const floats = inputs.filter((input) => input.dtype === 'float32');
  const differentiable = one.gradients !== false && floats.length > 0;
  const roots = differentiable
    ? [
        ...outputs,
        ...present(gradients([weightedSum(outputs, { integers: one.exact === true })], [null], floats)),
      ]
    : [...outputs];
  const apart = expand({
    inputs: [],
    outputs: roots.map((value, index) => ({ name: `${index}`, value })),
    updates: [],
  });
  const nodes = topologicalOrder(rootsOf(apart)).filter(
    ({ op, outputs: made }) => op.candidates && !op.view && made.some(({ shape }) => sizeOf(shape) > 0),
  );
  const values = [...new Set(nodes.flatMap(({ inputs }) => inputs))];
  const tensors = evaluateValues(values, feeds, { precision: 'float32' });
  const known = new Map(values.map((value, index) => [value, tensors[index] as HostTensor]));
  return nodes.map((node) => [node, node.inputs.map((input) => known.get(input) as HostTensor)]);
}

const present = (values: readonly (Value | null)[]): Value[] => values.filter((value) => value !== null);

/** A variant, and what it was made for. */
interface Run {
  readonly candidate: Candidate;
  readonly request: LowerRequest;
}

/** The variants of `node` for software adapters and for others, without those that this page has run on these very shapes. */
function runsOf(
  { chosenOnly = false }: OpCase,
  node: Node,
  inputs: readonly HostTensor[],
  subgroupSize: number,
): Run[] {
  return [true, false].flatMap((software) => {
    const request: LowerRequest = {
      inputs,
      outputs: node.outputs,
      attrs: node.attrs,
      used: node.outputs.map(() => true),
      capabilities: { ...DEFAULT_CAPABILITIES, software, subgroupSize },
    };
    const candidates = node.op.candidates?.(request) ?? [];
    return unseen(node, request, chosenOnly && !FULL ? candidates.slice(0, 1) : candidates)
      .flatMap((candidate) => (isFirstToFold(candidate) ? [candidate, folded(candidate)] : [candidate]))
      .map((candidate) => ({ candidate, request }));
  });
}

async function checkNode(
  device: GPUDevice,
  node: Node,
  inputs: readonly HostTensor[],
  runs: readonly Run[],
  isExact: boolean,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const expected = referenceWithBudget(node, inputs);
  for (const { candidate, request } of runs) {
    const actual = await runCandidate(device, candidate, request, inputs);
    actual.forEach((tensor, index) => {
      if (!tensor || sizeOf(tensor.shape) === 0) return;
      const label = `${node.op.name} by ${candidate.key}, output ${index}`;
      const want = expected.values[index]?.data as HostArray;
      failures.push(
        ...(isExact && tensor.dtype === 'float32'
          ? equal(label, tensor.data, Float32Array.from(want))
          : compare(label, tensor.data, want, expected.budgets[index] as Float64Array)),
      );
    });
  }
  return failures;
}

function unseen(node: Node, request: LowerRequest, candidates: readonly Candidate[]): Candidate[] {
  const shapes = [...request.inputs, ...request.outputs]
    .map(({ dtype, shape }) => `${dtype}[${shape.join(',')}]`)
    .join(' ');
  return candidates.filter(({ key }) => {
    const mark = `${node.id} ${key} ${shapes}`;
    if (seen.has(mark)) return false;
    seen.add(mark);
    return true;
  });
}

const seen = new Set<string>();

/** Whether a kernel of `candidate` has not been run with folded workgroups before. */
function isFirstToFold(candidate: Candidate): boolean {
  const fresh = foldingKernels(candidate).filter((entryPoint) => !foldedKernels.has(entryPoint));
  for (const entryPoint of fresh) foldedKernels.add(entryPoint);
  return fresh.length > 0;
}

const foldedKernels = new Set<string>();
