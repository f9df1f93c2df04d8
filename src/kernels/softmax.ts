/** `shaders/softmax.wgsl`: softmax or its logarithm along an axis, with an epilogue on the result. */

import source from '../../shaders/softmax.wgsl?raw';
import { type Shape, sizeOf } from '../core/shape.js';
import { type Attachment, assembleKernel, paramValues, rowAndColumn } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { extentCode } from './reduce-layout.js';
import { constants } from './specialise.js';

export interface SoftmaxUse {
  readonly log: boolean;
  readonly shape: Shape;
  readonly axis: number;
  /** WGSL scalar of the result after the epilogue. */
  readonly result: string;
  readonly epilogue?: Attachment | undefined;
}

const SERIAL_WIDTH = 64;

/** One invocation per row. Bindings: x, y, then the epilogue's. */
export function softmaxSerial(use: SoftmaxUse): Launch {
  return launch('softmax_serial', SERIAL_WIDTH, use, Math.ceil(rowsOf(use) / SERIAL_WIDTH));
}

/** One workgroup of `width` (a power of two) per row. Bindings as `softmaxSerial`. */
export function softmaxTree(use: SoftmaxUse, width: number): Launch {
  return launch('softmax_tree', width, use, rowsOf(use));
}

const rowsOf = ({ shape, axis }: SoftmaxUse): number => sizeOf(shape) / (shape[axis] ?? 1);

function launch(entryPoint: string, width: number, use: SoftmaxUse, groups: number): Launch {
  const { log, shape, axis, result, epilogue } = use;
  const extent = shape[axis] ?? 1;
  const inner = sizeOf(shape.slice(axis + 1));
  // Along the outermost axis the extent is a batch, which is never baked.
  const baked = axis === 0 ? null : extent;
  const stored = epilogue ? `epilogue(value, ${rowAndColumn('index', shape)})` : 'value';
  const kernel = assembleKernel({
    entryPoint,
    source,
    baked: [log ? 'log' : 'plain', width, inner, baked ?? 'n', result, stored],
    declarations: [
      constants({ WIDTH: width, INNER: inner }),
      extentCode(baked),
      `fn finish(distance: f32, total: f32) -> f32 { return ${log ? 'distance - log(total)' : 'exp(distance) / total'}; }`,
      `fn store(index: u32, value: f32) { y[index] = ${stored}; }`,
    ],
    params: [
      { name: 'rows', type: 'u32' },
      { name: 'extent', type: 'u32' },
    ],
    bindings: [
      { name: 'x', access: 'read', type: 'array<f32>' },
      { name: 'y', access: 'write', type: `array<${result}>` },
    ],
    attachments: [epilogue],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(groups),
    params: paramValues([rowsOf(use), extent], [epilogue]),
  };
}
