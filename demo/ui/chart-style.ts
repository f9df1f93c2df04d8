/** How all charts of the page look, in its own colours. */

import type uPlot from 'uplot';

/** CSS variables, one for each line. */
const COLOURS = ['--line-1', '--line-2', '--line-3'];

/** Asked anew at each drawing, so that a change of scheme shows. */
export const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name);

/** Of the line at `index`; there are three. */
export const lineColour = (index: number): (() => string) =>
  colour(COLOURS[index % COLOURS.length] as string);

/** The x axis, then the y axis. `labels` say what they count: steps, which have thousands, where there are none. */
export function axes(labels: readonly [x: string, y: string] | null = null): uPlot.Axis[] {
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--grid'), width: 1 },
    ticks: { show: false },
  };
  const values: uPlot.Axis.Values = (_, splits) => splits.map((value) => (value === null ? '' : tick(value)));
  const [x, y] = labels ? labels.map((label) => ({ label, labelSize: 18, labelGap: 0, values })) : [];
  return [
    { ...axis, ...x, size: 30 },
    { ...axis, ...y, size: 56, values },
  ];
}

const tick = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-2 || Math.abs(value) >= 1e5)
    ? value.toExponential(0)
    : String(+value.toFixed(4));
