/**
 * How the matmul kernels reach the elements of A and B: WGSL functions for the specialise blocks. A transpose is nothing but
 * another address, and vec4 loads are used where the contiguous extent is a multiple of 4.
 *
 * Both operands are seen alike, as [lanes, K]: the lanes of A are its rows, those of B its columns.
 */

import type { ParamDecl } from './kernel.js';

/** A merged batch axis: its extent and how far A and B move along it, in elements (0 where one repeats). */
export interface BatchAxis {
  readonly extent: number;
  readonly stepA: number;
  readonly stepB: number;
}

/** One operand as a kernel sees it. */
export interface OperandView {
  readonly name: 'a' | 'b';
  /** The parameter that holds the number of lanes. */
  readonly lanes: 'rows' | 'columns';
  /** Lanes are contiguous in memory; else K is. */
  readonly lanesContiguous: boolean;
  /** The buffer is `array<elem4>`. */
  readonly vec4: boolean;
}

/** Invocations of a subgroup that load lanes for each other. */
export type Sharers = 4 | 8;

const FOUR = 'vec4<u32>(0u, 1u, 2u, 3u)';

/** `x_base(start, lane, k)` and `x_load(base, k)`: four lanes at one k. */
export function laneLoads(view: OperandView): string {
  const { name, lanes, lanesContiguous, vec4 } = view;
  const signature = `fn ${name}_base(start: u32, lane: u32, k: u32) -> vec4<u32>`;
  const load = `fn ${name}_load(base: vec4<u32>, k: u32) -> elem4`;
  if (lanesContiguous && vec4) {
    return [
      `${signature} { return vec4<u32>((start + k * params.${lanes} + min(lane, params.${lanes} - 4u)) / 4u); }`,
      `${load} { return ${name}[base.x + k * (params.${lanes} / 4u)]; }`,
    ].join('\n');
  }
  const clamped = `min(vec4<u32>(lane) + ${FOUR}, vec4<u32>(params.${lanes} - 1u))`;
  const [base, step] = lanesContiguous
    ? [`vec4<u32>(start + k * params.${lanes}) + ${clamped}`, `k * params.${lanes}`]
    : [`vec4<u32>(start + k) + ${clamped} * params.inner`, 'k'];
  return [
    `${signature} { return ${base}; }`,
    `${load} { let at = base + ${step}; return ${fourLoads(name)}; }`,
  ].join('\n');
}

/**
 * `x_base(start, lane, own, k)` and `x_load(base, k)`: eight lanes at one k, as two vec4, for all of a subgroup of `sharers`
 * invocations. Number `own` of them loads the lanes own, own + sharers, … and tells the others.
 */
export function sharedLoads({ name, lanes, lanesContiguous }: OperandView, sharers: Sharers): string {
  const step = lanesContiguous ? `k * params.${lanes}` : 'k';
  const stride = lanesContiguous ? '' : ' * params.inner';
  const lane = `min(vec2<u32>(lane + own) + vec2<u32>(0u, ${sharers}u), vec2<u32>(params.${lanes} - 1u))`;
  const own = sharers === 8 ? `${name}[at.x]` : `vec2<elem>(${name}[at.x], ${name}[at.y])`;
  const told = [0, 1, 2, 3, 4, 5, 6, 7].map(
    (i) => `subgroupBroadcast(own${sharers === 8 ? '' : i < 4 ? '.x' : '.y'}, ${i % sharers}u)`,
  );
  return `fn ${name}_base(start: u32, lane: u32, own: u32, k: u32) -> vec2<u32> {
  return vec2<u32>(start + ${step}) + ${lane}${stride};
}
fn ${name}_load(base: vec2<u32>, k: u32) -> Eight {
  let at = base + ${step};
  let own = ${own};
  return Eight(elem4(${told.slice(0, 4).join(', ')}), elem4(${told.slice(4).join(', ')}));
}`;
}

/** `x_at(start, lane, k)`: one element. */
export function elementLoad({ name, lanes, lanesContiguous }: OperandView): string {
  const at = lanesContiguous ? `k * params.${lanes} + lane` : 'lane * params.inner + k';
  return `fn ${name}_at(start: u32, lane: u32, k: u32) -> elem { return ${name}[start + ${at}]; }`;
}

/** `x_block(start, lane, k, end)`: four lanes at four k, as one vec4 of lanes for each k, zero from k = end on. */
export function blockLoad({ name, lanes, lanesContiguous, vec4 }: OperandView): string {
  const lane4 = `min(vec4<u32>(lane) + ${FOUR}, vec4<u32>(params.${lanes} - 1u))`;
  const k4 = `min(vec4<u32>(k) + ${FOUR}, vec4<u32>(params.inner - 1u))`;
  const vectors = `${name}[at.x], ${name}[at.y], ${name}[at.z], ${name}[at.w]`;
  const loads = ['x', 'y', 'z', 'w'].map(
    (i) => `  let ${i} = ${lanesContiguous ? `lane_at + k_at.${i}` : `lane_at.${i} + k_at`};`,
  );
  const rows = ['x', 'y', 'z', 'w'].map((i) => fourLoads(name, i)).join(', ');
  const made = lanesContiguous ? 'Quad' : 'turn';
  const body = vec4
    ? [
        lanesContiguous
          ? `  let at = (vec4<u32>(start + min(lane, params.${lanes} - 4u)) + ${k4} * params.${lanes}) / 4u;`
          : `  let at = (vec4<u32>(start + min(k, params.inner - 4u)) + ${lane4} * params.inner) / 4u;`,
        `  return keep(${made}(${vectors}), k, end);`,
      ]
    : [
        `  let lane_at = vec4<u32>(start) + ${lane4}${lanesContiguous ? '' : ' * params.inner'};`,
        `  let k_at = ${k4}${lanesContiguous ? ` * params.${lanes}` : ''};`,
        ...loads,
        `  return keep(${made}(${rows}), k, end);`,
      ];
  return [`fn ${name}_block(start: u32, lane: u32, k: u32, end: u32) -> Quad {`, ...body, '}'].join('\n');
}

/** `batch_start(batch)`: where the batch's matrices of A and B start, in elements. */
export function batchStart(axes: number): string {
  const lines = ['fn batch_start(batch: u32) -> vec2<u32> {'];
  if (axes === 0) lines.push('  return vec2<u32>(0u);');
  else {
    lines.push('  var rest = batch;', '  var start = vec2<u32>(0u);');
    for (let axis = axes - 1; axis > 0; axis--) {
      lines.push(
        `  start += rest % params.batch${axis} * vec2<u32>(params.step_a${axis}, params.step_b${axis});`,
        `  rest /= params.batch${axis};`,
      );
    }
    lines.push('  return start + rest * vec2<u32>(params.step_a0, params.step_b0);');
  }
  return [...lines, '}'].join('\n');
}

/** What `batchStart` reads. */
export function batchParams(axes: readonly BatchAxis[]): {
  readonly decls: readonly ParamDecl[];
  readonly values: readonly number[];
} {
  const u32 = (name: string): ParamDecl => ({ name, type: 'u32' });
  return {
    decls: axes.flatMap((_, axis) => [u32(`batch${axis}`), u32(`step_a${axis}`), u32(`step_b${axis}`)]),
    values: axes.flatMap(({ extent, stepA, stepB }) => [extent, stepA, stepB]),
  };
}

const fourLoads = (name: string, at = 'at'): string =>
  `elem4(${name}[${at}.x], ${name}[${at}.y], ${name}[${at}.z], ${name}[${at}.w])`;
