/**
 * What the kernels of all recurrent cells share (`shaders/lstm.wgsl`, `gru.wgsl`, `simple-rnn.wgsl`): how rows and units are cut into
 * workgroups, the range of steps, and the WGSL that reaches inputs and outputs, there or not.
 *
 * A kernel is assembled of parts: a binding with the functions that use it, or the same functions without the binding. Its launch binds
 * tensors by the names of `kernel.bindings`.
 */

import { assembleKernel, type TypedBinding } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { constants } from './specialise.js';

/** B, T, H, and for each direction whether it runs backwards. */
export interface RecurrentExtents {
  readonly batch: number;
  readonly steps: number;
  readonly units: number;
  readonly directions: readonly boolean[];
}

/** WGSL functions of an `elem`, and what tells them from others. */
export interface CellFunctions {
  readonly key: string;
  readonly code: readonly string[];
}

export interface RecurrentUse extends RecurrentExtents {
  readonly state: boolean;
  readonly mask: boolean;
  readonly dropout: boolean;
  /** The cell's activations for elems of 4 units or 1. */
  functions(width: 1 | 4): CellFunctions;
}

/** How one dispatch cuts its work. */
export interface RecurrentTile {
  /**
   * `rows`: an invocation has `each` rows in its registers; `single`: one row a workgroup, whose invocations take turns; `shared`: as `rows`,
   * but a workgroup is one subgroup, or part of one. Its invocations make all units of their rows one after the other, and so wait for nobody,
   * and load R for each other.
   */
  readonly kind: 'rows' | 'single' | 'shared';
  /** Units of an elem; 4 only where H is a multiple. */
  readonly width: 1 | 4;
  /** Batch rows of a workgroup, and of an invocation. */
  readonly rows: number;
  readonly each: number;
  /** Elems of an invocation, where a kernel takes several. */
  readonly quads: number;
  /** Elems of units that a workgroup makes: all of them, unless a dispatch makes one step. */
  readonly unitsHere: number;
  readonly lanes: number;
  /** One step a dispatch. */
  readonly stepwise: boolean;
}

/** Steps from `begin` up to `end`, in the direction's own order. */
export interface StepRange {
  readonly begin: number;
  readonly end: number;
}

/** A binding with the WGSL functions that reach it; without the binding, the functions do without. */
export interface KernelPart {
  readonly binding?: TypedBinding;
  readonly code: readonly string[];
}

const PARAMS = (['batch', 'steps', 'begin', 'end'] as const).map((name) => ({ name, type: 'u32' as const }));

/** `rows` has a column for each step of the mask, then one for each factor. */
export const rowsWidth = (use: RecurrentUse): string =>
  `${use.mask ? 'params.steps' : '0u'} + ${use.dropout ? 'DIRECTIONS * UNITS * WIDTH' : '0u'}`;

export interface RecurrentKernel {
  readonly entryPoint: string;
  readonly source: string;
  readonly parts: readonly KernelPart[];
  /** Constants of this kernel alone. */
  readonly baked?: Readonly<Record<string, number | boolean>>;
}

/** The launch of `kernel` over `range`. */
export function recurrentLaunch(
  use: RecurrentUse,
  tile: RecurrentTile,
  range: StepRange,
  { entryPoint, source, parts, baked }: RecurrentKernel,
): Launch {
  const { kind, width, rows, each, quads, unitsHere, lanes, stepwise } = tile;
  const shared = kind === 'shared';
  const elems = use.units / width;
  const functions = use.functions(width);
  const values = {
    WIDTH: width,
    UNITS: elems,
    UNITS_HERE: unitsHere,
    DIRECTIONS: use.directions.length,
    BACKWARDS: use.directions.reduce((bits, backwards, index) => bits | (Number(backwards) << index), 0),
    ROWS: rows,
    EACH: each,
    QUADS: quads,
    LANES: lanes,
    // How often the invocations of a workgroup take their turns.
    TURNS: Math.ceil(((rows / each) * (unitsHere / quads)) / lanes),
    STEPWISE: stepwise,
    SHARED: shared,
    ...baked,
  };
  const bindings = parts.flatMap(({ binding }) => binding ?? []);
  const kernel = assembleKernel({
    entryPoint,
    source,
    baked: [
      ...Object.values(values),
      use.mask,
      use.dropout,
      functions.key,
      ...bindings.map(({ name, access }) => `${name}:${access}`),
    ],
    declarations: [
      ...(shared ? SUBGROUPS : []),
      invocationOf(shared),
      `alias elem = ${elemOf(width)};`,
      constants(values),
      ...parts.flatMap(({ code }) => code),
      ...functions.code,
    ],
    params: PARAMS,
    bindings,
    attachments: [],
  });
  const [x, y] = foldWorkgroups(Math.ceil(use.batch / rows));
  const blocks = Math.ceil(elems / unitsHere) * use.directions.length;
  return { kernel, workgroups: [x, y, blocks], params: [use.batch, use.steps, range.begin, range.end] };
}

export const elemOf = (width: 1 | 4): string => (width === 4 ? 'vec4<f32>' : 'f32');

/** `name[at]`, and unit k of the elems that begin at `at`. */
const unitOf = (name: string, width: 1 | 4): string =>
  width === 4 ? `${name}[at + k / 4u][k % 4u]` : `${name}[at + k]`;

const LOAD = (fn: string, value: string): string => `fn ${fn}(at: u32) -> elem { return ${value}; }`;
const LOAD_UNIT = (fn: string, value: string): string =>
  `fn ${fn}(at: u32, k: u32) -> f32 { return ${value}; }`;
const STORE = (fn: string, name: string | null): string =>
  `fn ${fn}(at: u32, value: elem) {${name === null ? '' : ` ${name}[at] = value; `}}`;

const typed = (name: string, access: TypedBinding['access'], width: 1 | 4): TypedBinding => ({
  name,
  access,
  type: `array<${elemOf(width)}>`,
});

/** A tensor that is always read. */
export const readPart = (name: string, width: 1 | 4): KernelPart => ({
  binding: typed(name, 'read', width),
  code: [],
});

/** A tensor that is read and, where `stores`, overwritten in place by `store`. */
export const inPlacePart = (name: string, width: 1 | 4, stores: boolean, store: string): KernelPart => ({
  binding: typed(name, stores ? 'inout' : 'read', width),
  code: [STORE(store, stores ? name : null)],
});

/** A tensor that some functions read where it is there; the others give zeros. */
export const loadPart = (
  name: string,
  width: 1 | 4,
  loads: Readonly<Record<string, boolean>>,
): KernelPart => ({
  ...(Object.values(loads).includes(true) && { binding: typed(name, 'read', width) }),
  code: Object.entries(loads).map(([fn, there]) => LOAD(fn, there ? `${name}[at]` : 'elem()')),
});

/** `count` elems of R, or of R transposed: loaded by each invocation, or where it is `shared` by one for all. */
export function kernelPart({ kind, width }: RecurrentTile, count: number): KernelPart {
  const elems = [0, 1, 2, 3].map((index) => {
    if (index >= count) return 'elem()';
    return kind === 'shared'
      ? `subgroupBroadcast(share, ${index}u)`
      : `recurrent_kernel[at + ${index}u * stride]`;
  });
  return {
    binding: typed('recurrent_kernel', 'read', width),
    code: [
      'fn kernel_elems(lane: u32, at: u32, stride: u32) -> array<elem, 4> {',
      ...(kind === 'shared'
        ? [`  let share = recurrent_kernel[at + min(lane, ${count - 1}u) * stride];`]
        : []),
      `  return array<elem, 4>(${elems.join(', ')});`,
      '}',
    ],
  };
}

/** Whether all invocations take the same way depends on the parameters and their workgroup alone, which is more than a compiler can see. */
const SUBGROUPS = ['enable subgroups;', 'diagnostic(off, subgroup_uniformity);'];

const invocationOf = (shared: boolean): string => `struct Invocation {
  @builtin(workgroup_id) wid: vec3<u32>,
  @builtin(${shared ? 'subgroup_invocation_id' : 'local_invocation_index'}) lane: u32,
}`;

/** The initial state: zeros where there is none. */
export const statePart = ({ state }: RecurrentUse, width: 1 | 4): KernelPart => ({
  ...(state && { binding: typed('state', 'read', width) }),
  code: [
    LOAD('initial', state ? 'state[at]' : 'elem()'),
    LOAD_UNIT('initial_h', state ? unitOf('state', width) : '0.0'),
  ],
});

/** The mask and the factors of recurrent dropout. */
export function rowsPart(use: RecurrentUse, width: 1 | 4): KernelPart {
  const { mask, dropout } = use;
  const line = `row * (${rowsWidth(use)})`;
  const first = `${line} + ${mask ? 'params.steps' : '0u'}`;
  const four = 'elem(rows[at], rows[at + 1u], rows[at + 2u], rows[at + 3u])';
  return {
    ...((mask || dropout) && { binding: { name: 'rows', access: 'read', type: 'array<f32>' } }),
    code: [
      `fn counts(row: u32, t: u32) -> bool { return ${mask ? `rows[${line} + t] > 0.5` : 'true'}; }`,
      // `unit` is an elem, `k` a unit, both of all directions.
      dropout
        ? `fn factors(row: u32, unit: u32) -> elem { let at = ${first} + unit * WIDTH; return ${width === 4 ? four : 'rows[at]'}; }`
        : 'fn factors(row: u32, unit: u32) -> elem { return elem(1); }',
      `fn factor(row: u32, k: u32) -> f32 { return ${dropout ? `rows[${first} + k]` : '1.0'}; }`,
    ],
  };
}

/** A tensor that steps write and later ones read, where it is `kept`; `name` also names the functions. */
export const keptPart = (name: string, width: 1 | 4, kept: boolean): KernelPart => ({
  ...(kept && { binding: typed(name, 'inout', width) }),
  code: [LOAD(`load_${name}`, kept ? `${name}[at]` : 'elem()'), STORE(`store_${name}`, kept ? name : null)],
});

/** Unit k of a kept sequence. */
export const keptUnit = (name: string, width: 1 | 4, load: string): string =>
  LOAD_UNIT(load, unitOf(name, width));

/** Tensors that are written where somebody reads them, each by a function of its own. */
export const storePart = (
  name: string,
  width: 1 | 4,
  stores: Readonly<Record<string, boolean>>,
): KernelPart => ({
  ...(Object.values(stores).includes(true) && { binding: typed(name, 'write', width) }),
  code: Object.entries(stores).map(([fn, used]) => STORE(fn, used ? name : null)),
});
