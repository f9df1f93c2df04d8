/** `shaders/broadcast.wgsl`: a tensor repeated along axes. */

import source from '../../shaders/broadcast.wgsl?raw';
import { assembleKernel } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';

const WIDTH = 64;

/** `size` elements, each the one at `sourceOf`, a WGSL expression of `index`. Bindings: x, y, both as words. */
export function broadcast(size: number, sourceOf: string): Launch {
  const kernel = assembleKernel({
    entryPoint: 'broadcast',
    source,
    baked: [sourceOf],
    declarations: [`fn source_of(index: u32) -> u32 { return ${sourceOf}; }`],
    params: [{ name: 'size', type: 'u32' }],
    bindings: [
      { name: 'x', access: 'read', type: 'array<u32>' },
      { name: 'y', access: 'write', type: 'array<u32>' },
    ],
    attachments: [],
  });
  return { kernel, workgroups: foldWorkgroups(Math.ceil(size / WIDTH)), params: [size] };
}
