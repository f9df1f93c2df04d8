// The rows of benchmarks as text.
import { callsText, rateText, ratioText, threeDigits } from '../../bench/format.js';
import type { Roof } from '../../bench/roofline.js';
import type { Row } from '../../bench/row.js';
import { printTable } from '../../src/core/table.js';

/** One line for each row; `roof` tells which of its limits a rate is held against. */
export function benchTable(rows: readonly Row[], roof: Roof | null): string {
  const cells = rows.map((row) => {
    const { median, p10, p90 } = row;
    const head = [`${row.suite} ${row.case}`, `${row.engine} ${row.version}`, row.unit];
    if (median === null || p10 === null || p90 === null)
      return [...head, '', '', '', '', '', row.leftOut ?? `failed: ${row.failed}`];
    return [
      ...head,
      threeDigits(median),
      threeDigits(p10),
      threeDigits(p90),
      ratioText(row),
      rateText(row, roof),
      callsText(row),
    ];
  });
  const limits = roof
    ? `\nlimits of the adapter: ${threeDigits(roof.gflops)} GFLOP/s, ${threeDigits(roof.gbps)} GB/s`
    : '';
  const titles = ['case', 'engine', 'unit', 'median', 'p10', 'p90', 'ratio', 'rate', 'calls a step'];
  return `${printTable(titles, cells)}${limits}`;
}
