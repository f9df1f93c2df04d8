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
  const params: Record<string, number> = {
    result_channels: use.resultChannels / lanes,
    source_channels: use.sourceChannels / lanes,
  };
  const pairs = {
    result: use.result,
    source: use.source,
    cells: use.cells,
    phases: use.phases,
    moves: use.moves,
    before: use.before,
    dilation: use.dilations,
    step: use.steps,
    filter_step: use.filterSteps,
  };
  for (const [name, [down, across]] of Object.entries(pairs)) {
    params[`${name}_h`] = down >>> 0; // negative ones wrap, as sums with them do
    params[`${name}_w`] = across >>> 0;
  }
  const filters = use.forward ? use.resultChannels : use.sourceChannels;
  const perGroup = (use.forward ? use.sourceChannels : use.resultChannels) / use.groups;
  params.filter_tap = (perGroup * filters) / lanes;
  params.filter_group = filters / use.groups;
  return params;
}

/** Parameters that address x and dy in a filter sum; channel counts divided by `lanes`. */
export function filterParams(use: FilterSum, split: LineSplit, lanes: 1 | 4 = 1): Record<string, number> {
  return {
    per_group: use.channels / use.groups,
    channels: use.channels / lanes,
    lines: lines(use),
    parts: split.parts,
    chunk: split.chunk,
    source_h: use.input[0],
    source_w: use.input[1],
    output_h: use.output[0],
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
