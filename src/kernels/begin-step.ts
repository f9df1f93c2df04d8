/** `shaders/begin-step.wgsl`: counts a step of a graph program. */

import source from '../../shaders/begin-step.wgsl?raw';
import { assembleKernel } from './attachment.js';
import type { Launch } from './kernel.js';

/** Binding: control (step, apply, fault), in place. */
export function beginStep(): Launch {
  return {
    kernel: assembleKernel({
      entryPoint: 'begin_step',
      source,
      baked: [],
      declarations: [],
      params: [],
      bindings: [{ name: 'control', access: 'inout', type: 'array<u32>' }],
      attachments: [],
    }),
    workgroups: [1, 1, 1],
    params: [],
  };
}
