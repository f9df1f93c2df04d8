// The profile of a training step as text.
import { rateText, threeDigits } from '../../bench/format.js';
import type { TaskProfile } from '../../bench/profile.js';
import { printTable } from '../../src/core/table.js';

const HEADER = ['#', 'step', 'kernel', 'ms', 'spread', 'share', 'so far', 'rate, of the limit'];

/** A line on the whole, a row per dispatch, slowest first, and the limits that they are held against. */
export function profileTable({ task, source, repeat, whole, roof, dispatches }: TaskProfile): string {
  const sum = dispatches.reduce((total, { milliseconds }) => total + milliseconds, 0);
  const how = source === 'timestamps' ? 'by timestamps' : 'by the clock';
  let soFar = 0;
  const rows = [...dispatches]
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .map((row) => {
      soFar += row.share;
      return [
        String(row.index),
        row.step,
        row.kernel,
        threeDigits(row.milliseconds),
        percent(row.spread),
        percent(row.share),
        percent(soFar),
        rateText(row, roof),
      ];
    });
  return [
    `${task}: ${threeDigits(whole)} ms a step; its ${dispatches.length} dispatches alone ${threeDigits(sum)} ms (${how}, median of ${repeat})`,
    printTable(HEADER, rows),
    `limits of the adapter: ${threeDigits(roof.gflops)} GFLOP/s, ${threeDigits(roof.gbps)} GB/s; above 100 % data come from caches`,
  ].join('\n');
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
