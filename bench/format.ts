/** Numbers of a row in words, the same in the page and in the terminal. */

import type { Roof } from './roofline.js';
import type { Rates, Row } from './row.js';

/** Three digits that count. */
export const threeDigits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value.toPrecision(3);

/** `1.12 ×`; of a control whose ratio is not 1 within its noise, `1.12 × ✕ not 1: 1.090 – 1.150`. */
export function ratioText({ ratio, off }: Row): string {
  if (ratio === null) return '';
  return `${ratio.toFixed(2)} ×${off === null ? '' : ` ✕ not 1: ${off}`}`;
}

/** Whether Heddle is ahead of this row, as far as the two digits behind the point tell; `null` where nothing is compared. */
export function isHeddleAhead(ratio: number | null): boolean | null {
  return ratio === null ? null : Math.round(100 * ratio) >= 100;
}

/** How fast, by whichever limit of the adapter is nearer: `4.1 GFLOP/s, 61 %`. */
export function rateText({ gflops, gbps, ofLimit }: Rates, roof: Roof | null): string {
  if (gflops === null || gbps === null) return '';
  const counts = !roof || gflops / roof.gflops >= gbps / roof.gbps;
  const rate = counts ? `${threeDigits(gflops)} GFLOP/s` : `${threeDigits(gbps)} GB/s`;
  return ofLimit === null ? rate : `${rate}, ${(100 * ofLimit).toFixed(0)} %`;
}

/** Per step; what a step creates is named only where it creates something. */
export function callsText({ calls }: Row): string {
  if (!calls) return '';
  const { dispatches, passes, submits, copies, writes, buffers, bindGroups, pipelines } = calls;
  const always = [
    [dispatches, 'dispatch', 'dispatches'],
    [passes, 'pass', 'passes'],
    [submits, 'submit', 'submits'],
  ] as const;
  const sometimes = [
    [copies, 'copy', 'copies'],
    [writes, 'write', 'writes'],
    [buffers, 'buffer', 'buffers'],
    [bindGroups, 'bind group', 'bind groups'],
    [pipelines, 'pipeline', 'pipelines'],
  ] as const;
  return [...always, ...sometimes.filter(([count]) => count > 0)]
    .map(([count, one, many]) => `${countText(count)} ${count > 0 && count <= 1 ? one : many}`)
    .join(', ');
}

/** `1/256` where one call serves 256 steps. */
function countText(count: number): string {
  const steps = 1 / count;
  const even = count > 0 && count < 1 && Math.abs(steps - Math.round(steps)) < 1e-6;
  return even ? `1/${Math.round(steps)}` : String(Number(count.toPrecision(3)));
}
