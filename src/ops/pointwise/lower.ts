/** Stand-alone pointwise programs as launches of the pointwise kernel. */

import { HeddleError } from '../../core/errors.js';
import { type Shape, sizeOf } from '../../core/shape.js';
import type { TensorType } from '../../ir/graph.js';
import type { Arg, Candidate, LowerRequest } from '../../ir/op.js';
import { inputArg, outputArg } from '../../ir/op.js';
import { dtypeOf, type PointwiseProgram } from '../../ir/pointwise.js';
import { type PointwiseCode, pointwiseLaunch } from '../../kernels/pointwise.js';
import { broadcastStrides, fourNeighbours, indexTerms, sumTerms } from './broadcast-index.js';
import {
  codeKey,
  constantParams,
  loadElement,
  loadFour,
  programBody,
  splat,
  storageType,
  toStorage,
  type Width,
} from './wgsl.js';

/** A vector may be a batch of scalars, whose size changes: only long ones are worth a second shader. */
const LONG_VECTOR = 4096;

/** Storage bindings of the stand-alone kernel of `program`: one per operand and result; constants need none. */
export const bindingCount = (program: PointwiseProgram): number =>
  program.operands.length + program.results.length;

/**
 * Variants of the kernel that computes `program` at the shape of `request.outputs`: operand i is input i, result i is output
 * i, unused outputs are left out. `pointwise/vec4` where rows of four fit, `pointwise/scalar` always.
 */
export function pointwiseCandidates(
  program: PointwiseProgram,
  request: Pick<LowerRequest, 'inputs' | 'outputs' | 'used'>,
): readonly Candidate[] {
  const shape = request.outputs[0]?.shape ?? [];
  if (sizeOf(shape) >= 2 ** 32) {
    throw new HeddleError({
      op: program.steps.at(-1)?.row.name ?? 'pointwise',
      message: `the result has ${sizeOf(shape)} elements, more than a 32-bit index can reach`,
      roles: ['result'],
      values: { shape },
      fix: 'split the work into smaller tensors',
    });
  }
  const widths: readonly Width[] = fitsFour(shape, request.inputs) ? [4, 1] : [1];
  return widths.map((width) => candidate(program, request, shape, width));
}

function candidate(
  program: PointwiseProgram,
  request: Pick<LowerRequest, 'inputs' | 'outputs' | 'used'>,
  shape: Shape,
  width: Width,
): Candidate {
  return {
    key: width === 4 ? 'pointwise/vec4' : 'pointwise/scalar',
    lower() {
      const { code, args } = emitElement(program, request, shape, width);
      const launch = pointwiseLaunch(code, Math.ceil(sizeOf(shape) / width));
      return { scratch: [], dispatches: [{ launch, args }] };
    },
  };
}

/** Whether rows of four fit, decided without the outermost extent where there is another. */
function fitsFour(shape: Shape, operands: readonly TensorType[]): boolean {
  const [outermost = 0] = shape;
  const even =
    shape.length === 1
      ? outermost % 4 === 0 && outermost >= LONG_VECTOR
      : shape.length > 1 && sizeOf(shape.slice(1)) % 4 === 0;
  if (!even) return false;
  return operands.every(
    (operand) => fourNeighbours(shape, broadcastStrides(operand.shape, shape)) !== 'scatter',
  );
}

/** `fn element(unit: u32)` with its bindings. */
function emitElement(
  program: PointwiseProgram,
  { inputs, used }: Pick<LowerRequest, 'inputs' | 'used'>,
  shape: Shape,
  width: Width,
): { readonly code: PointwiseCode; readonly args: readonly Arg[] } {
  const index = width === 1 ? 'unit' : 'first';
  const types: string[] = [];
  const loads = inputs.map(({ shape: operand, dtype }, position) => {
    const strides = broadcastStrides(operand, shape);
    const offset = sumTerms(indexTerms(index, shape, strides, true));
    const four = width === 4 && fourNeighbours(shape, strides) === 'walk';
    types.push(`array<${storageType(dtype, four ? 4 : 1)}>`);
    if (four) return loadFour(`in${position}`, offset, dtype);
    const element = loadElement(`in${position}`, offset, dtype);
    return width === 1 ? element : splat(element, dtype);
  });
  const inner = programBody(
    program,
    inputs.map((_, position) => `x${position}`),
    {
      width,
      index,
      constants: 'c',
    },
  );
  const stored = program.results.flatMap((_, position) => (used[position] === false ? [] : [position]));
  const stores = stored.map((position) => {
    const dtype = dtypeOf(program, program.results[position] as number);
    types.push(`array<${storageType(dtype, width)}>`);
    return `  out${position}[unit] = ${toStorage(inner.results[position] as string, dtype, width)};`;
  });
  const body = [
    ...inner.helpers,
    'fn element(unit: u32) {',
    ...(width === 4 ? ['  let first = unit * 4u;'] : []),
    ...loads.map((load, position) => `  let x${position} = ${load};`),
    ...inner.lines,
    ...stores,
    '}',
  ].join('\n');
  const code: PointwiseCode = {
    key: codeKey(program, types, body),
    variant: width === 4 ? 'vec4' : 'scalar',
    code: body,
    bindings: [
      ...inputs.map((_, position) => ({ name: `in${position}`, access: 'read' as const })),
      ...stored.map((position) => ({ name: `out${position}`, access: 'write' as const })),
    ],
    types,
    ...constantParams(program, 'c'),
  };
  return { code, args: [...inputs.map((_, position) => inputArg(position)), ...stored.map(outputArg)] };
}
