/** `shaders/reduce.wgsl`: sum, max or min over axes, with a prologue on the input and an epilogue on the result. */

import source from '../../shaders/reduce.wgsl?raw';
import type { Shape } from '../core/shape.js';
import {
  type Attachment,
  assembleKernel,
  paramValues,
  rowAndColumn,
  type TypedBinding,
} from './attachment.js';
import { foldWorkgroups, type Launch, type ParamDecl } from './kernel.js';
import { extentCode, layoutCode, offsetFunctions, type ReduceLayout } from './reduce-layout.js';
import { constants } from './specialise.js';

export type Reduction = 'sum' | 'max' | 'min';

export interface ReduceUse {
  readonly reduction: Reduction;
  readonly layout: ReduceLayout;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** WGSL scalars: as stored, as combined, and of the result after the epilogue. */
  readonly elem: string;
  readonly acc: string;
  readonly result: string;
  readonly prologue?: Attachment | undefined;
  readonly epilogue?: Attachment | undefined;
}

const PARAMS: readonly ParamDecl[] = [
  { name: 'outputs', type: 'u32' },
  { name: 'extent', type: 'u32' },
  { name: 'parts', type: 'u32' },
];

const COMBINE: Readonly<Record<Reduction, string>> = { sum: 'a + b', max: 'max(a, b)', min: 'min(a, b)' };
const SERIAL_WIDTH = 64;

/** One invocation per output. Bindings: x (unless a prologue computes it), y, then the attachments'. */
export function reduceSerial(use: ReduceUse): Launch {
  return launch(
    'reduce_serial',
    SERIAL_WIDTH,
    use,
    layoutCode(use.layout),
    Math.ceil(use.layout.outputs / SERIAL_WIDTH),
    1,
  );
}

/** One workgroup of `width` (a power of two) per output. Bindings as `reduceSerial`. */
export function reduceTree(use: ReduceUse, width: number): Launch {
  return launch('reduce_tree', width, use, layoutCode(use.layout), use.layout.outputs, 1);
}

/**
 * First pass: `parts` partial results per output, in a tensor of `outputs · parts` elements of type `acc`. Bindings: x (unless
 * a prologue computes it), partial results, then the prologue's.
 */
export function reduceSplit(use: ReduceUse, parts: number): Launch {
  const first = { ...use, result: use.acc, epilogue: undefined };
  const groups = Math.ceil((use.layout.outputs * parts) / SERIAL_WIDTH);
  return launch('reduce_split', SERIAL_WIDTH, first, layoutCode(use.layout), groups, parts);
}

/** Second pass over what `reduceSplit` left. Bindings: partial results, y, then the epilogue's. */
export function reduceParts(use: ReduceUse, parts: number, width: number | null): Launch {
  const inner = use.layout.reducedInnermost;
  const [base, offset] = inner ? ['output * params.extent', 'r'] : ['output', 'r * params.outputs'];
  const places = {
    key: `parts;${inner ? 'inner' : 'outer'}`,
    code: [extentCode(null), ...offsetFunctions(base, offset)].join('\n'),
  };
  const second = { ...use, elem: use.acc, prologue: undefined, layout: { ...use.layout, extent: parts } };
  const { outputs } = use.layout;
  if (width !== null) return launch('reduce_tree', width, second, places, outputs, 1);
  return launch('reduce_serial', SERIAL_WIDTH, second, places, Math.ceil(outputs / SERIAL_WIDTH), 1);
}

function launch(
  entryPoint: string,
  width: number,
  use: ReduceUse,
  places: { readonly key: string; readonly code: string },
  groups: number,
  parts: number,
): Launch {
  const { reduction, layout, inputShape, outputShape, elem, acc, result, prologue, epilogue } = use;
  const loaded = prologue ? `prologue(${rowAndColumn('index', inputShape)})` : 'x[index]';
  const stored = epilogue ? `epilogue(value, ${rowAndColumn('output', outputShape)})` : 'value';
  const x: TypedBinding = { name: 'x', access: 'read', type: `array<${elem}>` };
  const y: TypedBinding = { name: 'y', access: 'write', type: `array<${result}>` };
  const kernel = assembleKernel({
    entryPoint,
    source,
    baked: [reduction, elem, acc, result, width, layout.reducedInnermost, places.key, loaded, stored],
    declarations: [
      `alias acc = ${acc};`,
      constants({ WIDTH: width, PART_INNERMOST: layout.reducedInnermost }),
      places.code,
      `fn load(index: u32) -> acc { return acc(${loaded}); }`,
      `fn initial(index: u32) -> acc { return ${reduction === 'sum' ? 'acc(0)' : 'load(index)'}; }`,
      `fn combine(a: acc, b: acc) -> acc { return ${COMBINE[reduction]}; }`,
      `fn store(output: u32, value: acc) { y[output] = ${stored}; }`,
    ],
    params: PARAMS,
    bindings: prologue ? [y] : [x, y],
    attachments: [prologue, epilogue],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(groups),
    params: paramValues([layout.outputs, layout.extent, parts], [prologue, epilogue]),
  };
}
