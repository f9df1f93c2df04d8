/**
 * Convolutions as their kernels see them. The convolution and the gradient to its input are one sum over windows; the gradient
 * to the filter is a sum over lines of places. All extents travel in parameters: one compiled shader serves every layer.
 */

import type { Attachment } from './attachment.js';

/** [height, width]. */
export type Pair = readonly [number, number];

/**
 * result[n, i, j, o] = Σ source[n, h, w, c] · filter[tap, c, o]; the taps of place i along an axis as `shaders/convolution-direct.wgsl`
 * draws them.
 */
export interface WindowSum {
  readonly batch: number;
  readonly result: Pair;
  readonly resultChannels: number;
  readonly source: Pair;
  readonly sourceChannels: number;
  readonly groups: number;
  /** Extents of the filter. */
  readonly cells: Pair;
  /** Neighbouring places that meet different taps; 1 forward. */
  readonly phases: Pair;
  /** Source cells from a place to the next of its phase. */
  readonly moves: Pair;
  /** Cells before the first source cell: −padding forward, padding backward. */
  readonly before: Pair;
  readonly dilations: Pair;
  /** Source cells from a tap to the next of its phase; negative backward. */
  readonly steps: Pair;
  /** Rows of the filter from a tap to the next of its phase. */
  readonly filterSteps: Pair;
  /** No tap ever lies outside the source. */
  readonly inside: boolean;
  /** The filter [cells, C / groups, K] is read with K as the result's channels; else as the source's. */
  readonly forward: boolean;
  readonly epilogue?: Attachment | undefined;
}

/** filter[r, s, c, k] = Σ x[n, p·stride + r·dilation − before, …, c] · dy[n, p, q, k]. */
export interface FilterSum {
  readonly batch: number;
  readonly input: Pair;
  readonly channels: number;
  readonly output: Pair;
  readonly filters: number;
  readonly groups: number;
  readonly cells: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly before: Pair;
  readonly inside: boolean;
  /** Also Σ dy[n, p, q, k]. */
  readonly columnSum: boolean;
  readonly epilogue?: Attachment | undefined;
}

/** Lines in `parts` pieces of `chunk`, each summed into its own copy of the result. */
export interface LineSplit {
  readonly parts: number;
  readonly chunk: number;
}

export const lines = ({ batch, output }: FilterSum): number => batch * output[0];

/** About `parts` pieces, none empty. */
export function splitLines(use: FilterSum, parts: number): LineSplit {
  const chunk = Math.max(1, Math.ceil(lines(use) / parts));
  return { parts: Math.ceil(lines(use) / chunk), chunk };
}

/** Rows of the filter seen as [rows, filters]. */
export const filterRows = ({ cells, channels, groups }: FilterSum): number =>
  (cells[0] * cells[1] * channels) / groups;

/** One filter for each channel, and channels in quads: then a vec4 is four independent convolutions. */
export const isQuadDepthwise = (channels: number, filters: number, groups: number): boolean =>
  groups === channels && filters === channels && channels % 4 === 0;

/** Parameters that address the source of a window sum and its taps; channel counts divided by `lanes`. */
export function windowParams(use: WindowSum, lanes: 1 | 4 = 1): Record<string, number> {
  const perAxis = (name: string, pair: Pair): Record<string, number> => ({
    [`${name}_h`]: pair[0] >>> 0,
    [`${name}_w`]: pair[1] >>> 0,
  });
  const depth = lanes === 1 ? use.groups : use.groups / lanes;
  const columns = use.resultChannels / use.groups;
  const inner = use.sourceChannels / use.groups;
  const [filters, perGroup] = use.forward ? [use.resultChannels, inner] : [use.sourceChannels, columns];
  return {
    ...perAxis('result', use.result),
    result_channels: use.resultChannels / lanes,
    ...perAxis('source', use.source),
    source_channels: use.sourceChannels / lanes,
    columns,
    inner,
    ...perAxis('cells', use.cells),
    ...perAxis('phases', use.phases),
    ...perAxis('moves', use.moves),
    ...perAxis('before', use.before),
    ...perAxis('dilation', use.dilations),
    ...perAxis('step', use.steps),
    ...perAxis('filter_step', use.filterSteps),
    filter_tap: (perGroup * filters) / lanes,
    filter_inner: use.forward ? filters : 1,
    filter_column: use.forward ? 1 : filters,
    filter_group: filters / lanes / depth,
  };
}

/** Parameters that address x and dy in a filter sum; channel counts divided by `lanes`. */
export function filterParams(use: FilterSum, split: LineSplit, lanes: 1 | 4 = 1): Record<string, number> {
  return {
    filters: use.filters / lanes,
    per_group: use.channels / use.groups,
    columns: use.filters / use.groups,
    channels: use.channels / lanes,
    lines: lines(use),
    parts: split.parts,
    chunk: split.chunk,
    input_h: use.input[0],
    input_w: use.input[1],
    output_h: use.output[0],
    output_w: use.output[1],
    cells_w: use.cells[1],
    stride_h: use.strides[0],
    stride_w: use.strides[1],
    dilation_h: use.dilations[0],
    dilation_w: use.dilations[1],
    before_h: use.before[0],
    before_w: use.before[1],
  };
}

export const u32Params = (values: Readonly<Record<string, number>>) =>
  Object.keys(values).map((name) => ({ name, type: 'u32' as const }));

/** `finish`: the epilogue on one element or on each of four channels (`col` counts in quads there). */
export function finishElement(lanes: 1 | 4, result: string): string {
  const head = `fn finish(value: elem, row: u32, col: u32) -> ${lanes === 4 ? `vec4<${result}>` : result}`;
  if (lanes === 1) return `${head} { return epilogue(value, row, col); }`;
  const parts = ['x', 'y', 'z', 'w'].map((part, i) => `epilogue(value.${part}, row, col * 4u + ${i}u)`);
  return `${head} { return vec4<${result}>(${parts.join(', ')}); }`;
}

/** What stands in place of an epilogue where none is attached. */
export const IDENTITY_EPILOGUE = 'fn epilogue(value: f32, row: u32, col: u32) -> f32 { return value; }';
