/** What a benchmark gives: rows that print, compare and export. */

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
  /**
   * Milliseconds from a ready device and loaded library to the first loss, all compilation included; the engine's first case alone
   * compiles everything. `null` where it was not taken.
   */
  readonly first: number | null;
  /** Samples. */
  readonly runs: number;
  /** This row's median over Heddle's: above 1 Heddle is faster. `null` where either failed. */
  readonly ratio: number | null;
  /** Per step; `null` where the engine failed. */
  readonly calls: DeviceCalls | null;
  readonly failed: string | null;
}

/** One engine's timings of a case, before rows are compared. */
export interface Timing {
  readonly engine: EngineName;
  readonly version: string;
  readonly adapter: string;
  readonly samples: readonly number[];
  readonly first: number | null;
  readonly calls: DeviceCalls | null;
  readonly failed: string | null;
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
export function rowsOf(at: { suite: string; case: string; unit: string }, timings: readonly Timing[]): Row[] {
  const median = ({ samples, failed }: Timing): number | null =>
    failed !== null || samples.length === 0 ? null : quantile(samples, 0.5);
  const own = timings[0] ? median(timings[0]) : null;
  return timings.map((timing) => {
    const middle = median(timing);
    const { engine, version, adapter, samples, first, calls, failed } = timing;
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
      first,
      runs: samples.length,
      ratio: middle === null || own === null ? null : middle / own,
      calls,
      failed,
    };
  });
}
