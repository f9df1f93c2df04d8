/** What a benchmark gives: rows that print, compare and export. */

import type { Cost } from './case.js';
import type { Roof } from './roofline.js';

export const ENGINES = ['heddle', 'tfjs', 'jax-js'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Calls to the device in one step, counted at the WebGPU interface, for every engine in the same way. */
export interface DeviceCalls {
  readonly dispatches: number;
  readonly passes: number;
  readonly submits: number;
  /** From buffer to buffer, readbacks included. */
  readonly copies: number;
  /** `queue.writeBuffer`. */
  readonly writes: number;
  readonly buffers: number;
  readonly bindGroups: number;
  readonly pipelines: number;
}

export interface Row {
  readonly suite: string;
  readonly case: string;
  readonly engine: EngineName;
  readonly version: string;
  readonly adapter: string;
  readonly unit: string;
  /** `null` where the engine failed; `failed` says why. */
  readonly median: number | null;
  readonly p10: number | null;
  readonly p90: number | null;
  /** Samples. */
  readonly runs: number;
  /** This row's median over Heddle's: above 1 Heddle is faster, or smaller. `null` where either failed. */
  readonly ratio: number | null;
  /** Where an engine ran beside itself and 1 lies outside the spread of its ratios: what they were. No ratio nearer to 1 means anything then. */
  readonly off: string | null;
  /** 10⁹ floating-point operations and bytes a second, and the fraction of the adapter's limit; `null` where no cost is known. */
  readonly gflops: number | null;
  readonly gbps: number | null;
  readonly ofLimit: number | null;
  /** Per step; `null` where the engine failed, and where nothing was timed. */
  readonly calls: DeviceCalls | null;
  readonly failed: string | null;
  /** Why it did not run, where that is no failure. */
  readonly leftOut: string | null;
}

/** One engine's samples of a case, before rows are compared. */
export interface Timing {
  readonly engine: EngineName;
  readonly version: string;
  readonly adapter: string;
  readonly samples: readonly number[];
  readonly calls: DeviceCalls | null;
  readonly failed: string | null;
  readonly leftOut?: string;
}

/** What the rows of a case have in common. */
export interface RowsOf {
  readonly suite: string;
  readonly case: string;
  readonly unit: string;
  /** Of one step, where samples are milliseconds of a step. */
  readonly cost?: Cost;
  readonly roof?: Roof;
  /** Whether one engine runs beside itself. */
  readonly control?: boolean;
}

/** The value below which the fraction `q` of `values` lies, between neighbours in proportion. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** The rows of one case. `timings[0]` is Heddle's, which the others are compared with. */
export function rowsOf(at: RowsOf, timings: readonly Timing[]): Row[] {
  const median = ({ samples, failed }: Timing): number | null =>
    failed !== null || samples.length === 0 ? null : quantile(samples, 0.5);
  const own = timings[0] ? median(timings[0]) : null;
  return timings.map((timing) => {
    const middle = median(timing);
    const { engine, version, adapter, samples, calls, failed, leftOut = null } = timing;
    return {
      suite: at.suite,
      case: at.case,
      engine,
      version,
      adapter,
      unit: at.unit,
      median: middle,
      p10: middle === null ? null : quantile(samples, 0.1),
      p90: middle === null ? null : quantile(samples, 0.9),
      runs: samples.length,
      ratio: middle === null || own === null ? null : middle / own,
      off: at.control && middle !== null && timings[0] ? offText(samples, timings[0].samples) : null,
      ...ratesOf(at, middle),
      calls,
      failed,
      leftOut,
    };
  });
}

/** Of fewer, all lie on one side of 1 by chance too often. */
const LEAST_RATIOS = 5;

/** Samples of one round are compared, as what else the machine did met both. `null` where 1 lies from the 10th to the 90th percentile. */
function offText(samples: readonly number[], own: readonly number[]): string | null {
  const ratios = own.flatMap((mine, round) => {
    const other = samples[round];
    return other === undefined ? [] : [other / mine];
  });
  if (ratios.length < LEAST_RATIOS) return null;
  const [low, high] = [quantile(ratios, 0.1), quantile(ratios, 0.9)];
  return low <= 1 && high >= 1 ? null : `${low.toFixed(3)} – ${high.toFixed(3)}`;
}

export type Rates = Pick<Row, 'gflops' | 'gbps' | 'ofLimit'>;

/** `milliseconds` is a step's time. */
export function ratesOf({ cost, roof }: Pick<RowsOf, 'cost' | 'roof'>, milliseconds: number | null): Rates {
  if (!cost || milliseconds === null) return { gflops: null, gbps: null, ofLimit: null };
  return {
    gflops: cost.flops / milliseconds / 1e6,
    gbps: cost.bytes / milliseconds / 1e6,
    ofLimit: roof ? leastMilliseconds(cost, roof) / milliseconds : null,
  };
}

/** The time that `cost` takes at best on an adapter: the longer one of its arithmetic and its traffic. */
export const leastMilliseconds = ({ flops, bytes }: Cost, { gflops, gbps }: Roof): number =>
  Math.max(flops / gflops, bytes / gbps) / 1e6;
