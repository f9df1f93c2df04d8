/** Numbers of a row in words, the same in the page and in the terminal. */

import type { Row } from './row.js';

/** Three digits that count. */
export const timeText = (milliseconds: number): string =>
  milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds.toPrecision(3);

export const ratioText = ({ ratio }: Row): string => (ratio === null ? '' : `${ratio.toFixed(2)} ×`);

/** Of the first step, compilation included. */
export const firstText = ({ first }: Row): string =>
  first === null ? '' : first >= 1000 ? `${(first / 1000).toPrecision(3)} s` : `${timeText(first)} ms`;

/** Per step; what a step creates is named only where it creates something. */
export function callsText({ calls }: Row): string {
  if (!calls) return '';
  const { dispatches, passes, submits, copies, writes, buffers, bindGroups, pipelines } = calls;
  const always = [
    [dispatches, 'dispatches'],
    [passes, 'passes'],
    [submits, 'submits'],
  ] as const;
  const sometimes = [
    [copies, 'copies'],
    [writes, 'writes'],
    [buffers, 'buffers'],
    [bindGroups, 'bind groups'],
    [pipelines, 'pipelines'],
  ] as const;
  return [...always, ...sometimes.filter(([count]) => count > 0)]
    .map(([count, name]) => `${countText(count)} ${name}`)
    .join(', ');
}

/** `1/256` where one call serves 256 steps. */
function countText(count: number): string {
  const steps = 1 / count;
  const even = count > 0 && count < 1 && Math.abs(steps - Math.round(steps)) < 1e-6;
  return even ? `1/${Math.round(steps)}` : String(Number(count.toPrecision(3)));
}
