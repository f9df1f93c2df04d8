/** `shaders/commit.wgsl`: values into their places, unless the step is refused. Every extent is a parameter. */

import source from '../../shaders/commit.wgsl?raw';
import { assembleKernel } from './attachment.js';
import { counts, elementWorkgroups } from './elements.js';
import type { Launch } from './kernel.js';
import { memberRange } from './member-range.js';

/** Bindings: what is kept, the values (each the range of all tensors), applied. `sizes` are the tensors' elements. */
export function commit(sizes: readonly number[]): Launch {
  const quads = memberRange(sizes).words / 4;
  return {
    kernel: assembleKernel({
      entryPoint: 'commit',
      source,
      baked: [],
      declarations: [],
      params: counts(['quads']),
      bindings: [
        { name: 'kept', access: 'inout', type: 'array<vec4<u32>>' },
        { name: 'values', access: 'read', type: 'array<vec4<u32>>' },
        { name: 'applied', access: 'read', type: 'array<u32>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups('commit', [quads]),
    params: [quads],
  };
}
