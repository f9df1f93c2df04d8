/** Which of an op's kernels runs: the op's own first choice, unless a table of measurements knows better. */

import { HeddleError } from '../core/errors.js';
import { showShape } from '../core/shape.js';
import type { Node, TensorType } from '../ir/graph.js';
import type { Candidate, FusedPointwise, LowerRequest, OpDef } from '../ir/op.js';
import type { Capabilities } from '../kernels/kernel.js';
import type { FusedAttrs } from '../ops/fused.js';
import { structuralKey } from './structural-key.js';

/** What is asked of the op of `node`, with `used` telling which outputs anybody reads. */
export function requestFor(node: Node, used: readonly boolean[], capabilities: Capabilities): LowerRequest {
  return { inputs: node.inputs, outputs: node.outputs, attrs: node.attrs, used, capabilities };
}

/**
 * The key of a request in `capabilities.tuning`: op, types, which outputs are used, attributes. Constants of pointwise work stand there by
 * their dtype alone: a seed or a rate changes no kernel, and what was measured holds for all.
 */
export function candidateRequestKey(op: OpDef, request: LowerRequest): string {
  const types = (list: readonly TensorType[]): string =>
    list.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(',');
  const used = request.used.map((one) => (one ? '1' : '0')).join('');
  return `${op.name}(${types(request.inputs)})->${types(request.outputs)}|${used}|${attrsKey(request.attrs)}`;
}

function attrsKey(attrs: object): string {
  if (!('baseAttrs' in attrs)) return structuralKey(attrs);
  const { baseAttrs, epilogue, prologue } = attrs as FusedAttrs;
  const before = prologue ? `${pointwiseKey(prologue)}→` : '';
  return `${before}${structuralKey(baseAttrs)}${epilogue ? `+${pointwiseKey(epilogue)}` : ''}`;
}

function pointwiseKey({ program, operands, sides }: FusedPointwise): string {
  const steps = program.steps.map(({ row, args }) => `${row.name}(${args.join(',')})`).join(' ');
  const read = operands.map(({ input }) => input).join(',');
  const constants = program.constants.map(({ dtype }) => dtype).join(',');
  return `{${read};${constants};${steps};${program.results.join(',')};${sides.join(',')}}`;
}

/**
 * The candidate that lowers `request`. A tuning table may come from another version: a key that the op no longer offers leaves
 * the op's own choice. Throws a `HeddleError` for an op without kernels.
 */
export function chooseCandidate(op: OpDef, request: LowerRequest, scope = ''): Candidate {
  const candidates = op.candidates?.(request) ?? [];
  const tuned = request.capabilities.tuning.size
    ? request.capabilities.tuning.get(candidateRequestKey(op, request))
    : undefined;
  const chosen = candidates.find(({ key }) => key === tuned) ?? candidates[0];
  if (chosen) return chosen;
  throw new HeddleError({
    op: op.name,
    message: `the op has no kernel${scope ? ` (in ${scope})` : ''}`,
    roles: ['op'],
    values: { op: op.name, scope, inputs: request.inputs.map(({ shape }) => shape) },
    fix: 'give its definition candidates or decompose',
  });
}
