/** `shaders/strided-copy.wgsl`: a strided region into a dense tensor. Every extent and stride is a parameter. */

import source from '../../shaders/strided-copy.wgsl?raw';
import { sizeOf } from '../core/shape.js';
import { assembleKernel } from './attachment.js';
import { counts, elementWorkgroups, wordAlias } from './elements.js';
import type { Kernel, Launch } from './kernel.js';

export interface StridedCopy {
  /** Of the result, outermost first; never empty. */
  readonly extents: readonly number[];
  /** Of the source, in words, for each axis of the result. */
  readonly strides: readonly number[];
  /** First word of the source. */
  readonly offset: number;
  /** Move four words at a time: the last extent, the offset and all strides but the last (which is 1) are multiples of 4. */
  readonly wide: boolean;
}

/** Bindings: source, result. */
export function stridedCopy(op: string, { extents, strides, offset, wide }: StridedCopy): Launch {
  const lanes = wide ? 4 : 1;
  const last = extents.length - 1;
  const units = extents.map((extent, axis) => (axis === last ? extent / lanes : extent));
  const steps = strides.map((stride, axis) => (axis === last ? stride : stride / lanes));
  const inner = units.slice(1).flatMap((extent, at) => [extent, steps[at + 1] ?? 1]);
  return {
    kernel: stridedCopyKernel(extents.length, wide),
    workgroups: elementWorkgroups(op, units),
    params: [sizeOf(units), offset / lanes, steps[0] ?? 1, ...inner],
  };
}

function stridedCopyKernel(rank: number, wide: boolean): Kernel {
  const names = ['count', 'offset', 'stride_0'];
  const steps: string[] = [];
  for (let axis = 1; axis < rank; axis++) {
    names.push(`extent_${axis}`, `stride_${axis}`);
    steps.unshift(`  at += (rest % params.extent_${axis}) * params.stride_${axis};
  rest /= params.extent_${axis};`);
  }
  const locate = `fn locate(i: u32) -> u32 {
  var rest = i;
  var at = params.offset;
${steps.join('\n')}
  return at + rest * params.stride_0;
}`;
  return assembleKernel({
    entryPoint: 'strided_copy',
    source,
    baked: [rank, wide],
    declarations: [wordAlias(wide), locate],
    params: counts(names),
    bindings: [
      { name: 'source', access: 'read', type: 'array<elem>' },
      { name: 'result', access: 'write', type: 'array<elem>' },
    ],
    attachments: [],
  });
}
