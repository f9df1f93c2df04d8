/** `shaders/convolution-direct.wgsl` and `shaders/convolution-filter-direct.wgsl`: without tiles, for tiny and depthwise sums. */

import windowSource from '../../shaders/convolution-direct.wgsl?raw';
import filterSource from '../../shaders/convolution-filter-direct.wgsl?raw';
import { assembleKernel, paramValues, type TypedBinding } from './attachment.js';
import {
  type FilterSum,
  filterParams,
  filterRows,
  finishElement,
  IDENTITY_EPILOGUE,
  isQuadDepthwise,
  type LineSplit,
  u32Params,
  type WindowSum,
  windowParams,
} from './convolution.js';
import { TAPS_AT } from './convolution-operands.js';
import { foldWorkgroups, type Launch } from './kernel.js';

const LANES = 64;
/** Neighbours of a row that one invocation of a window sum makes. */
const PLACES = 4;

const elemOf = (lanes: 1 | 4, scalar = 'f32'): string => (lanes === 4 ? `vec4<${scalar}>` : scalar);

/** Bindings: source, filter, result, then the epilogue's. `resultType` is the WGSL scalar after the epilogue. */
export function convolutionDirect(use: WindowSum, resultType: string): Launch {
  const lanes = isQuadDepthwise(use.sourceChannels, use.resultChannels, use.groups) ? 4 : 1;
  const rowTasks = use.phases[1] * Math.ceil(Math.ceil(use.result[1] / use.phases[1]) / PLACES);
  const size = (use.batch * use.result[0] * rowTasks * use.resultChannels) / lanes;
  const filters = use.forward ? use.resultChannels : use.sourceChannels;
  const params = {
    size,
    row_tasks: rowTasks,
    ...windowParams(use, lanes),
    columns: use.resultChannels / use.groups,
    inner: use.sourceChannels / use.groups,
    filter_inner: use.forward ? filters : 1,
    filter_column: use.forward ? 1 : filters,
  };
  const kernel = assembleKernel({
    entryPoint: 'convolution_direct',
    source: windowSource,
    baked: [lanes, resultType],
    declarations: [
      `alias elem = ${elemOf(lanes)};`,
      TAPS_AT,
      ...(use.epilogue ? [] : [IDENTITY_EPILOGUE]),
      finishElement(lanes, resultType),
    ],
    params: u32Params(params),
    bindings: [
      { name: 'source', access: 'read', type: 'array<elem>' },
      { name: 'weight', access: 'read', type: 'array<elem>' },
      { name: 'result', access: 'write', type: `array<${elemOf(lanes, resultType)}>` },
    ],
    attachments: [use.epilogue],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(Math.ceil(size / LANES)),
    params: paramValues(Object.values(params), [use.epilogue]),
  };
}

/** Bindings: x, dy, result (with `split.parts` copies), the column sum if asked for, then the epilogue's. */
export function convolutionFilterDirect(use: FilterSum, split: LineSplit, resultType: string): Launch {
  const lanes = isQuadDepthwise(use.channels, use.filters, use.groups) ? 4 : 1;
  const size = (filterRows(use) * use.filters) / lanes;
  const params = {
    size,
    ...filterParams(use, split, lanes),
    filters: use.filters / lanes,
    columns: use.filters / use.groups,
    output_w: use.output[1],
  };
  const bindings: TypedBinding[] = [
    { name: 'x', access: 'read', type: 'array<elem>' },
    { name: 'dy', access: 'read', type: 'array<elem>' },
    { name: 'result', access: 'write', type: `array<${elemOf(lanes, resultType)}>` },
  ];
  if (use.columnSum) bindings.push({ name: 'column_sum', access: 'write', type: 'array<elem>' });
  const kernel = assembleKernel({
    entryPoint: 'convolution_filter_direct',
    source: filterSource,
    baked: [lanes, resultType, use.columnSum],
    declarations: [
      `alias elem = ${elemOf(lanes)};`,
      `const COLUMN_SUM = ${use.columnSum};`,
      `fn store_sum(index: u32, value: elem) {${use.columnSum ? ' column_sum[index] = value; ' : ''}}`,
      ...(use.epilogue ? [] : [IDENTITY_EPILOGUE]),
      finishElement(lanes, resultType),
    ],
    params: u32Params(params),
    bindings,
    attachments: [use.epilogue],
  });
  const each = size + (use.columnSum ? use.filters / lanes : 0);
  return {
    kernel,
    workgroups: foldWorkgroups(Math.ceil((each * split.parts) / LANES)),
    params: paramValues(Object.values(params), [use.epilogue]),
  };
}
