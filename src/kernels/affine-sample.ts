/** `shaders/affine-sample.wgsl`: images through affine maps. Every extent is a parameter. */

import source from '../../shaders/affine-sample.wgsl?raw';
import { type Shape, sizeOf } from '../core/shape.js';
import { assembleKernel } from './attachment.js';
import { counts, elementWorkgroups } from './elements.js';
import type { Launch } from './kernel.js';
import { constants } from './specialise.js';

export interface AffineSampleUse {
  readonly fillMode: 'reflect' | 'nearest' | 'wrap' | 'constant';
  readonly fillValue: number;
  readonly interpolation: 'bilinear' | 'nearest';
}

/** The cell that stands for cell `i`; -1 for the fill value. */
const CELL_OF: Readonly<Record<AffineSampleUse['fillMode'], string>> = {
  nearest: 'return clamp(i, 0, extent - 1);',
  constant: 'return select(i, -1, i < 0 || i >= extent);',
  wrap: 'return (i % extent + extent) % extent;',
  reflect:
    'let within = (i % (2 * extent) + 2 * extent) % (2 * extent); return min(within, 2 * extent - 1 - within);',
};

/** Bindings: x [N, H, W, C], transforms [N, 6], y [N, P, Q, C]. */
export function affineSample(op: string, image: Shape, result: Shape, use: AffineSampleUse): Launch {
  const { fillMode, fillValue, interpolation } = use;
  const [, height = 1, width = 1, channels = 1] = image;
  const [, rows = 1, columns = 1] = result;
  const lanes = channels % 4 === 0 ? 4 : 1;
  return {
    kernel: assembleKernel({
      entryPoint: 'affine_sample',
      source,
      baked: [fillMode, interpolation, lanes],
      declarations: [
        `alias elem = ${lanes === 4 ? 'vec4<f32>' : 'f32'};`,
        constants({ NEAREST: interpolation === 'nearest' }),
        `fn cell_of(i: i32, extent: i32) -> i32 { ${CELL_OF[fillMode]} }`,
      ],
      params: [
        ...counts(['units', 'channels', 'height', 'width', 'rows', 'columns']),
        { name: 'fill', type: 'f32' },
      ],
      bindings: [
        { name: 'x', access: 'read', type: 'array<elem>' },
        { name: 'transforms', access: 'read', type: 'array<f32>' },
        { name: 'y', access: 'write', type: 'array<elem>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, result, lanes),
    params: [sizeOf(result) / lanes, channels / lanes, height, width, rows, columns, fillValue],
  };
}
