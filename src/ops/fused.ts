/**
 * What the fuse pass makes of several nodes: one node with one kernel.
 *
 * - `pointwiseNode`: a region of pointwise nodes as one program, results all of one shape.
 * - `fusedNode`: a base op with pointwise work behind one output (epilogue), in front of one input (prologue), or both.
 *
 * Both are defined by `decompose`, which rebuilds the ordinary nodes; their programs hold the rows themselves, and
 * `pointwiseOp` gives each row's op, so that no registry is needed.
 */

import { HeddleError } from '../core/errors.js';
import { broadcastShapes, type Shape, sameShape, showShape } from '../core/shape.js';
import { apply, type TensorType, type Value } from '../ir/graph.js';
import { scalar } from '../ir/leaves.js';
import type { FusedPointwise, OpDef } from '../ir/op.js';
import { dtypeOf, type PointwiseProgram } from '../ir/pointwise.js';
import { programValues } from './pointwise/evaluate.js';
import { bindingCount, pointwiseCandidates } from './pointwise/lower.js';
import { pointwiseOp } from './pointwise/op.js';
import { broadcastTo } from './structural.js';

export { bindingCount };

export interface PointwiseRegionAttrs {
  /** Operand i is input i. */
  readonly program: PointwiseProgram;
  /** The shape of every result; inputs broadcast to it. Rows that use their index run at this very shape. */
  readonly shape: Shape;
}

export interface FusedAttrs {
  readonly base: OpDef;
  readonly baseAttrs: object;
  /** Inputs of the base op: the node's first ones. */
  readonly baseInputs: number;
  readonly epilogue?: FusedPointwise;
  /**
   * Its operands may be any inputs of the node. The slot of the virtual input, `base.fusion.prologue`, holds one of them (so
   * that every input of a node is a value); kernels must not bind that slot as their input.
   */
  readonly prologue?: FusedPointwise;
  /** Type of the input that the prologue computes. */
  readonly virtual?: TensorType;
}

/** Rows by name, as a label for plans and profiles: `mul+add+relu`. */
export function programLabel({ steps }: PointwiseProgram): string {
  const names = steps.map(({ row }) => row.name);
  return names.length <= 4
    ? names.join('+') || 'copy'
    : `${names.slice(0, 3).join('+')}+${names.length - 3} more`;
}

/** The op of a region that is labelled so: labels differ, what it does is in the attributes. */
const makeRegionOp = (name: string): OpDef<PointwiseRegionAttrs> => ({
  name,
  infer(inputs, { program, shape }) {
    checkOperands(name, program, inputs);
    const fitted = broadcastShapes(name, [...inputs.map((input) => input.shape), shape]);
    if (!sameShape(fitted, shape)) {
      throw new HeddleError({
        op: name,
        message: `operands have shape ${showShape(fitted)}, the region ${showShape(shape)}`,
        roles: ['inputs', 'shape'],
        values: { fitted, shape },
        fix: 'give the region the shape that its operands broadcast to',
      });
    }
    return program.results.map((ref) => ({ shape, dtype: dtypeOf(program, ref) }));
  },
  decompose: (inputs, { program, shape }) => buildProgram(program, inputs, shape),
  reference(inputs, outputs, { program, shape }) {
    const values = programValues(program, inputs, shape);
    outputs.forEach((output, index) => {
      output.data.set(values[index] ?? []);
    });
  },
  candidates: (request) => pointwiseCandidates(request.attrs.program, request),
});

const regionOps = new Map<string, OpDef<PointwiseRegionAttrs>>();

/** The op of regions labelled as `program` is. */
export function pointwiseKernelOp(program: PointwiseProgram): OpDef<PointwiseRegionAttrs> {
  return memoised(regionOps, programLabel(program), makeRegionOp);
}

/**
 * One node for a whole region. `inputs` are the program's operands; the outputs are its results. Its kernel binds
 * `bindingCount(program)` tensors.
 */
export function pointwiseNode(
  program: PointwiseProgram,
  inputs: readonly Value[],
  shape: Shape,
  scope?: string,
): readonly Value[] {
  return apply(pointwiseKernelOp(program), inputs, { program, shape: [...shape] }, scope);
}

const makeFusedOp = (name: string): OpDef<FusedAttrs> => ({
  name,
  infer(inputs, attrs) {
    const { base, baseAttrs, epilogue, prologue } = attrs;
    if (prologue) checkOperands(name, prologue.program, operandsOf(prologue, inputs));
    const outputs = [...base.infer(baseTypes(inputs, attrs), baseAttrs)];
    if (!epilogue) return outputs;
    const at = epilogueOutput(attrs);
    const main = outputs[at] as TensorType;
    checkOperands(name, epilogue.program, [main, ...operandsOf(epilogue, inputs)]);
    const [replaced, ...sides] = epilogue.program.results.map((ref) => ({
      shape: main.shape,
      dtype: dtypeOf(epilogue.program, ref),
    }));
    if (replaced) outputs[at] = replaced;
    return [...outputs, ...sides];
  },
  decompose(inputs, attrs) {
    const { base, baseAttrs, baseInputs, epilogue, prologue, virtual } = attrs;
    const real = inputs.slice(0, baseInputs);
    if (prologue && virtual) {
      const [value] = buildProgram(prologue.program, operandsOf(prologue, inputs), virtual.shape);
      if (value) real[prologueInput(attrs)] = value;
    }
    const outputs = [...apply(base, real, baseAttrs)];
    if (!epilogue) return outputs;
    const at = epilogueOutput(attrs);
    const main = outputs[at] as Value;
    const [replaced, ...sides] = buildProgram(
      epilogue.program,
      [main, ...operandsOf(epilogue, inputs)],
      main.shape,
    );
    if (replaced) outputs[at] = replaced;
    return [...outputs, ...sides];
  },
  flops: (inputs, attrs) => attrs.base.flops?.(baseTypes(inputs, attrs), attrs.baseAttrs) ?? 0,
  candidates(request) {
    const { base, baseAttrs, epilogue, prologue } = request.attrs;
    const { capabilities, outputs, used } = request;
    const inputs = [
      ...baseTypes(request.inputs, request.attrs),
      ...request.inputs.slice(request.attrs.baseInputs),
    ];
    const fusion = { ...(epilogue && { epilogue }), ...(prologue && { prologue }) };
    return base.candidates?.({ inputs, outputs, attrs: baseAttrs, used, capabilities, ...fusion }) ?? [];
  },
});

const fusedOps = new Map<string, OpDef<FusedAttrs>>();

/** The op of `attrs`' base with programs so labelled: `square→sum`, `matmul+add+relu`. */
export function fusedOp({ base, epilogue, prologue }: FusedAttrs): OpDef<FusedAttrs> {
  const before = prologue ? `${programLabel(prologue.program)}→` : '';
  const after = epilogue ? `+${programLabel(epilogue.program)}` : '';
  return memoised(fusedOps, `${before}${base.name}${after}`, makeFusedOp);
}

/**
 * One node for `attrs.base` with its pointwise work. `inputs`: first the base op's (with a prologue, one of the prologue's operands
 * stands in the virtual input's slot), then extra operands; `FusedPointwise.operands[i].input` counts in this list. Outputs:
 * first the base op's, one of them replaced by the epilogue's main result, then its side results;
 * `FusedPointwise.sides[i]` counts in that list.
 */
export function fusedNode(attrs: FusedAttrs, inputs: readonly Value[], scope?: string): readonly Value[] {
  const { base, epilogue, prologue, virtual } = attrs;
  const missing =
    (epilogue && base.fusion?.epilogue === undefined) ||
    (prologue && (base.fusion?.prologue === undefined || !virtual));
  if (missing) {
    throw new HeddleError({
      op: base.name,
      message: 'cannot be fused so',
      roles: ['epilogue', 'prologue'],
      values: { fusion: base.fusion, virtual },
      fix: 'fuse only what its `fusion` allows, and give `virtual` with a prologue',
    });
  }
  return apply(fusedOp(attrs), inputs, attrs, scope);
}

const epilogueOutput = ({ base }: FusedAttrs): number => base.fusion?.epilogue ?? 0;
const prologueInput = ({ base }: FusedAttrs): number => base.fusion?.prologue ?? 0;

/** The base op's input types, the virtual one in its slot. */
function baseTypes(inputs: readonly TensorType[], attrs: FusedAttrs): TensorType[] {
  const { baseInputs, virtual } = attrs;
  return inputs
    .slice(0, baseInputs)
    .map((input, index) => (virtual && index === prologueInput(attrs) ? virtual : input));
}

const operandsOf = <T>({ operands }: FusedPointwise, inputs: readonly T[]): T[] =>
  operands.map(({ input }) => inputs[input] as T);

/** `program` as ordinary nodes over `operands`, each result at `shape`. */
function buildProgram(program: PointwiseProgram, operands: readonly Value[], shape: Shape): Value[] {
  const values = [...operands, ...program.constants.map(({ value, dtype }) => scalar(value, dtype))];
  for (const { row, args } of program.steps) {
    const inputs = args.map((ref) => values[ref] as Value);
    const [value] = apply(pointwiseOp(row), inputs, row.usesIndex ? { shape } : {});
    if (value) values.push(value);
  }
  return program.results.map((ref) => broadcastTo(values[ref] as Value, shape));
}

function checkOperands(op: string, program: PointwiseProgram, types: readonly TensorType[]): void {
  const dtypes = types.map(({ dtype }) => dtype);
  const fits =
    dtypes.length === program.operands.length && dtypes.every((dtype, i) => dtype === program.operands[i]);
  if (fits) return;
  throw new HeddleError({
    op,
    message: `the program takes ${program.operands.join(', ')}, it is given ${dtypes.join(', ')}`,
    roles: ['inputs'],
    values: { operands: program.operands, given: dtypes },
    fix: 'pass one value per operand of the program, in order',
  });
}

function memoised<T>(known: Map<string, T>, name: string, make: (name: string) => T): T {
  const found = known.get(name) ?? make(name);
  known.set(name, found);
  return found;
}
