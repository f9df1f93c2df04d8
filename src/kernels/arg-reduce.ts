/** `shaders/arg-reduce.wgsl`: the position of the largest element along an axis, with an epilogue on the position. */

import source from '../../shaders/arg-reduce.wgsl?raw';
import type { Shape } from '../core/shape.js';
import { type Attachment, assembleKernel, paramValues, rowAndColumn } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { layoutCode, type ReduceLayout } from './reduce-layout.js';
import { constants } from './specialise.js';

export interface ArgReduceUse {
  readonly layout: ReduceLayout;
  readonly outputShape: Shape;
  /** WGSL scalars: of the input, and of the result after the epilogue. */
  readonly elem: string;
  readonly result: string;
  readonly epilogue?: Attachment | undefined;
}

const SERIAL_WIDTH = 64;

/** One invocation per output. Bindings: x, y, then the epilogue's. */
export const argMaxSerial = (use: ArgReduceUse): Launch =>
  launch('arg_max_serial', SERIAL_WIDTH, use, Math.ceil(use.layout.outputs / SERIAL_WIDTH));

/** One workgroup of `width` (a power of two) per output. Bindings as `argMaxSerial`. */
export const argMaxTree = (use: ArgReduceUse, width: number): Launch =>
  launch('arg_max_tree', width, use, use.layout.outputs);

function launch(entryPoint: string, width: number, use: ArgReduceUse, groups: number): Launch {
  const { layout, outputShape, elem, result, epilogue } = use;
  const places = layoutCode(layout);
  const stored = epilogue ? `epilogue(value, ${rowAndColumn('output', outputShape)})` : 'value';
  const kernel = assembleKernel({
    entryPoint,
    source,
    baked: [elem, result, width, places.key, stored],
    declarations: [
      `alias elem = ${elem};`,
      constants({ WIDTH: width }),
      places.code,
      'fn load(index: u32) -> elem { return x[index]; }',
      `fn store(output: u32, value: i32) { y[output] = ${stored}; }`,
    ],
    params: [
      { name: 'outputs', type: 'u32' },
      { name: 'extent', type: 'u32' },
    ],
    bindings: [
      { name: 'x', access: 'read', type: `array<${elem}>` },
      { name: 'y', access: 'write', type: `array<${result}>` },
    ],
    attachments: [epilogue],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(groups),
    params: paramValues([layout.outputs, layout.extent], [epilogue]),
  };
}
