/** `shaders/pad.wgsl`: a tensor surrounded by a constant. Every extent is a parameter. */

import source from '../../shaders/pad.wgsl?raw';
import { sizeOf } from '../core/shape.js';
import { assembleKernel } from './attachment.js';
import { counts, elementWorkgroups, wordAlias } from './elements.js';
import type { Kernel, Launch } from './kernel.js';

export interface PaddedAxis {
  readonly source: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Bindings: source, result. `axes` is never empty; `valueBits` is the constant as a word; `wide` moves four words at a time
 * (every number of the last axis is a multiple of 4).
 */
export function pad(op: string, axes: readonly PaddedAxis[], valueBits: number, wide: boolean): Launch {
  const units = axes.map(({ source, before, after }, axis) => {
    const lanes = wide && axis === axes.length - 1 ? 4 : 1;
    return { source: source / lanes, before: before / lanes, extent: (before + source + after) / lanes };
  });
  const extents = units.map((unit) => unit.extent);
  return {
    kernel: padKernel(axes.length, wide),
    workgroups: elementWorkgroups(op, extents),
    params: [
      sizeOf(extents),
      valueBits,
      ...units.flatMap((unit, axis) => [...(axis === 0 ? [] : [unit.extent]), unit.before, unit.source]),
    ],
  };
}

function padKernel(rank: number, wide: boolean): Kernel {
  const names = ['count', 'value', 'before_0', 'source_extent_0'];
  const steps: string[] = [];
  for (let axis = 1; axis < rank; axis++) {
    names.push(`extent_${axis}`, `before_${axis}`, `source_extent_${axis}`);
    steps.unshift(`  {
    let c = rest % params.extent_${axis} - params.before_${axis};
    rest /= params.extent_${axis};
    inside = inside && c < params.source_extent_${axis};
    at += c * scale;
    scale *= params.source_extent_${axis};
  }`);
  }
  const locate = `fn locate(i: u32) -> u32 {
  var rest = i;
  var at = 0u;
  var scale = 1u;
  var inside = true;
${steps.join('\n')}
  let c = rest - params.before_0;
  return select(OUTSIDE, at + c * scale, inside && c < params.source_extent_0);
}`;
  return assembleKernel({
    entryPoint: 'pad',
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
