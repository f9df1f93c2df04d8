/**
 * `shaders/recurrent-weights.wgsl` and `shaders/recurrent-weights-combine.wgsl`: the gradients of a recurrent layer's weights. All
 * extents travel in parameters: one compiled shader serves every layer.
 */

import source from '../../shaders/recurrent-weights.wgsl?raw';
import combineSource from '../../shaders/recurrent-weights-combine.wgsl?raw';
import { assembleKernel, type TypedBinding } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { constants } from './specialise.js';

/** Sums over `batch` sequences of `steps` steps; shapes as the shader draws them. */
export interface RecurrentWeights {
  readonly batch: number;
  readonly steps: number;
  readonly features: number;
  readonly units: number;
  readonly gates: number;
  /** One per direction: whether it runs backwards. */
  readonly directions: readonly boolean[];
  /** There is a state before the first step; else it is 0. */
  readonly state: boolean;
  /** Where the dropout factors of a sequence lie in its row of the `factors` binding, if there are any. */
  readonly factors: { readonly at: number; readonly stride: number } | null;
  /** The third gate's recurrent gradient is a tensor of its own (gru). */
  readonly carry: boolean;
  /** Rows of db; 0 where there is no bias. */
  readonly biasRows: number;
  /** Whether anybody reads dW, dR and db. */
  readonly used: readonly [boolean, boolean, boolean];
}

/** Columns of an invocation's tile of eight rows. */
export const WEIGHT_TILES = [16, 8, 4] as const;
export type WeightTile = (typeof WEIGHT_TILES)[number];

/** B·T in `parts` pieces of `chunk`, each summed into its own copy of the result. */
export interface StepSplit {
  readonly parts: number;
  readonly chunk: number;
}

/** About `parts` pieces, none empty. */
export function splitSteps({ batch, steps }: RecurrentWeights, parts: number): StepSplit {
  const chunk = Math.max(1, Math.ceil((batch * steps) / parts));
  return { parts: Math.max(1, Math.ceil((batch * steps) / chunk)), chunk };
}

const HEIGHT = 8;
const LANES = 16;
const COMBINE_LANES = 64;

export const weightColumns = ({ directions, gates, units }: RecurrentWeights): number =>
  directions.length * gates * units;

/** Rows of [dW; dR; db], those that nobody reads left out. */
export function weightRows({ used, features, units, biasRows }: RecurrentWeights): {
  readonly dw: number;
  readonly dr: number;
  readonly db: number;
  readonly all: number;
} {
  const dw = used[0] ? features : 0;
  const dr = used[1] ? units : 0;
  const db = used[2] ? biasRows : 0;
  return { dw, dr, db, all: dw + dr + db };
}

/** How many tiles one part of the sum needs; those of bias rows among them. */
export function weightTileCount(use: RecurrentWeights, width: WeightTile): number {
  const { dw, dr, db } = weightRows(use);
  const across = use.directions.length * use.gates * Math.ceil(use.units / width);
  return across * (Math.ceil(dw / HEIGHT) + Math.ceil(dr / HEIGHT) + db);
}

/**
 * Bindings: x, sequence, state if there is one, the factors if there are any, dgates, dcarry if there is one; then, `whole`, those of
 * dW, dR and db that are used, else `split.parts` copies of them as one matrix.
 */
export function recurrentWeights(
  use: RecurrentWeights,
  width: WeightTile,
  split: StepSplit,
  whole: boolean,
): Launch {
  const { units, gates, directions, features, steps, batch } = use;
  const rows = weightRows(use);
  const gateTiles = Math.ceil(units / width);
  const xTiles = Math.ceil(rows.dw / HEIGHT);
  const hTiles = Math.ceil(rows.dr / HEIGHT);
  const tiles = weightTileCount(use, width) * split.parts;
  const params: Readonly<Record<string, number>> = {
    features,
    units,
    gates,
    width: directions.length * units,
    columns: weightColumns(use),
    steps,
    inner: batch * steps,
    backwards: directions.reduce((bits, backwards, at) => bits + (backwards ? 2 ** at : 0), 0),
    factors_at: use.factors?.at ?? 0,
    factors_stride: use.factors?.stride ?? 0,
    x_tiles: xTiles,
    h_tiles: hTiles,
    row_tiles: xTiles + hTiles + rows.db,
    gate_tiles: gateTiles,
    column_tiles: directions.length * gates * gateTiles,
    tiles,
    h_above: rows.dw,
    bias_above: rows.dw + rows.dr,
    rows: rows.all,
    parts: split.parts,
    chunk: split.chunk,
  };
  const xLanes = lanesOf(features);
  const hLanes = lanesOf(units);
  const hType = arrayOf(hLanes);
  const hasFactors = use.factors !== null;
  const read = (name: string, type: string): TypedBinding => ({ name, access: 'read', type });
  const results = whole ? usedResults(use) : ['partial'];
  const kernel = assembleKernel({
    entryPoint: 'recurrent_weights',
    source,
    baked: [width, xLanes, hLanes, use.state, hasFactors, use.carry, ...results],
    declarations: [
      'alias elem4 = vec4<f32>;',
      constants({
        QUADS: width / 4,
        X_LANES: xLanes,
        H_LANES: hLanes,
        STATE: use.state,
        FACTORS: hasFactors,
        CARRY: use.carry,
      }),
      loadFour('x_load', 'x', xLanes),
      loadFour('h_load', 'sequence', hLanes),
      loadFour('state_load', use.state ? 'state' : null, hLanes),
      loadFour('factor_load', hasFactors ? 'factors' : null, 1),
      loadFour('gates_load', 'dgates', hLanes),
      loadFour('carry_load', use.carry ? 'dcarry' : null, hLanes),
      whole ? storeWhole(use, hLanes) : storePartial(hLanes),
    ],
    params: Object.keys(params).map((name) => ({ name, type: 'u32' })),
    bindings: [
      read('x', arrayOf(xLanes)),
      read('sequence', hType),
      ...(use.state ? [read('state', hType)] : []),
      ...(hasFactors ? [read('factors', arrayOf(1))] : []),
      read('dgates', hType),
      ...(use.carry ? [read('dcarry', hType)] : []),
      ...results.map((name): TypedBinding => ({ name, access: 'write', type: hType })),
    ],
    attachments: [],
  });
  return { kernel, workgroups: foldWorkgroups(Math.ceil(tiles / LANES)), params: Object.values(params) };
}

/** Adds `parts` copies. Bindings: partial, then those of dW, dR and db that are used. */
export function recurrentWeightsCombine(use: RecurrentWeights, parts: number): Launch {
  const lanes = lanesOf(use.units);
  const rows = weightRows(use);
  const rowValues = weightColumns(use) / lanes;
  const results = usedResults(use);
  const params = {
    size: rows.all * rowValues,
    dr_start: rows.dw * rowValues,
    db_start: (rows.dw + rows.dr) * rowValues,
    parts,
  };
  const kernel = assembleKernel({
    entryPoint: 'recurrent_weights_combine',
    source: combineSource,
    baked: [lanes, ...results],
    declarations: [
      `alias value = ${lanes === 4 ? 'vec4<f32>' : 'f32'};`,
      ...RESULTS.map((name) => {
        const body = results.includes(name) ? ` ${name}[index] = sum; ` : '';
        return `fn store_${name}(index: u32, sum: value) {${body}}`;
      }),
    ],
    params: Object.keys(params).map((name) => ({ name, type: 'u32' })),
    bindings: [
      { name: 'partial', access: 'read', type: 'array<value>' },
      ...results.map((name): TypedBinding => ({ name, access: 'write', type: 'array<value>' })),
    ],
    attachments: [],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(Math.ceil(params.size / COMBINE_LANES)),
    params: Object.values(params),
  };
}

const RESULTS = ['dw', 'dr', 'db'] as const;

const usedResults = ({ used }: RecurrentWeights): string[] => RESULTS.filter((_, index) => used[index]);

type Lanes = 1 | 4;
const lanesOf = (extent: number): Lanes => (extent % 4 === 0 ? 4 : 1);
const arrayOf = (lanes: Lanes): string => (lanes === 4 ? 'array<vec4<f32>>' : 'array<f32>');

/** Four neighbours; zeros, never asked for, where there is no binding. */
function loadFour(name: string, binding: string | null, lanes: Lanes): string {
  const head = `fn ${name}(at: vec4<u32>) -> elem4`;
  if (binding === null) return `${head} { return elem4(); }`;
  if (lanes === 4) return `${head} { return ${binding}[at.x]; }`;
  return `${head} { return elem4(${FOUR.map((i) => `${binding}[at.${i}]`).join(', ')}); }`;
}

const FOUR = ['x', 'y', 'z', 'w'] as const;
const STORE = 'fn store_four(tile: Tile, row: u32, column: u32, left: u32, value: elem4) {';

const storePartial = (lanes: Lanes): string => `${STORE}
  let at = (tile.part * params.rows + tile.above + row) * params.columns + column;
${storeLines('partial', lanes)}
}`;

function storeWhole(use: RecurrentWeights, lanes: Lanes): string {
  const kinds = { dw: 'X_ROWS', dr: 'H_ROWS', db: 'BIAS_ROW' } as const;
  const stores = RESULTS.filter((_, index) => use.used[index]).map(
    (name) => `  if (tile.kind == ${kinds[name]}) {\n${storeLines(name, lanes)}\n  }`,
  );
  return [STORE, '  let at = row * params.columns + column;', ...stores, '}'].join('\n');
}

function storeLines(binding: string, lanes: Lanes): string {
  if (lanes === 4) return `  ${binding}[at / 4u] = value;`;
  return FOUR.map((lane, i) => {
    const store = `${binding}[at + ${i}u] = value.${lane};`;
    return i === 0 ? `  ${store}` : `  if (left > ${i}u) { ${store} }`;
  }).join('\n');
}
