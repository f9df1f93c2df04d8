/** A profile as text. */

import { printTable } from '../core/table.js';
import type { Profile, ProfiledDispatch } from './profile.js';

const HEADER = ['#', 'step', 'kernel', 'variant', 'ms', 'spread', 'share', 'so far', 'GB/s', 'GFLOP/s'];

/** A line on the whole, then a row per dispatch, slowest first. `#` is the order of execution; `so far` adds the shares up. */
export function printProfile(profile: Omit<Profile, 'print'>): string {
  const { program, source, repeat, whole, dispatches } = profile;
  const sum = dispatches.reduce((total, { milliseconds }) => total + milliseconds, 0);
  const how = source === 'timestamps' ? 'by timestamps' : 'by the clock';
  let soFar = 0;
  const rows = [...dispatches]
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .map((row) => {
      soFar += row.share;
      return cells(row, soFar);
    });
  return [
    `${program}: ${digits(whole)} ms a run; its ${dispatches.length} dispatches alone ${digits(sum)} ms (${how}, median of ${repeat})`,
    printTable(HEADER, rows),
  ].join('\n');
}

function cells(row: ProfiledDispatch, soFar: number): string[] {
  const { index, step, kernel, variant, milliseconds, spread, share, bytes, flops } = row;
  return [
    String(index),
    step,
    kernel,
    variant,
    digits(milliseconds),
    `${(100 * spread).toFixed(0)} %`,
    `${(100 * share).toFixed(1)} %`,
    `${(100 * soFar).toFixed(1)} %`,
    rate(bytes, milliseconds),
    flops === undefined ? '' : rate(flops, milliseconds),
  ];
}

/** In 10⁹ a second. */
const rate = (amount: number, milliseconds: number): string =>
  milliseconds > 0 ? digits(amount / milliseconds / 1e6) : '';

/** Four significant digits, but no more than four behind the point. */
const digits = (value: number): string =>
  value.toFixed(value < 1 ? 4 : Math.max(0, 3 - Math.floor(Math.log10(value))));
