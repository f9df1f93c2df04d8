/** A chart of a suite's rows as they come in, drawn by uPlot. */

import uPlot from 'uplot';
import type { Row } from '../row.js';
import type { SuiteChart } from '../suites/index.js';

const HEIGHT = 260;
/** CSS variables, one for each line. */
const COLOURS = ['--heddle', '--second', '--third'];

/** The name and the number of a case such as `lstm/100`. */
function placeOf({ case: name }: Row): readonly [line: string, x: number] {
  const [line = '', x = ''] = name.split('/');
  return [line, Number(x)];
}

/** Adds the figure of `chart` to `place`; what it gives takes rows. */
export function drawSuiteChart(place: HTMLElement, chart: SuiteChart): (rows: readonly Row[]) => void {
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  caption.textContent = chart.title;
  figure.append(caption);
  place.append(figure);
  const lines = new Map<string, [x: number[], y: number[]]>();
  let plot: uPlot | null = null;
  new ResizeObserver(() => plot?.setSize(sizeIn(figure))).observe(figure);
  return (rows) => {
    for (const row of rows) {
      const place = (chart.place ?? placeOf)(row);
      const y = chart.y(row);
      if (y === null || place === null) continue;
      const [name, x] = place;
      const line = lines.get(name) ?? [[], []];
      lines.set(name, line);
      line[0].push(x);
      line[1].push(y);
    }
    if (lines.size === 0) return;
    plot?.destroy();
    plot = new uPlot(optionsOf(chart, [...lines.keys()], figure), uPlot.join([...lines.values()]), figure);
  };
}

const sizeIn = (figure: HTMLElement): { width: number; height: number } => ({
  width: Math.max(240, figure.clientWidth),
  height: HEIGHT,
});

const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name);

function optionsOf(
  { x, logarithmic = false }: SuiteChart,
  names: readonly string[],
  figure: HTMLElement,
): uPlot.Options {
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    ...sizeIn(figure),
    padding: [10, 24, 0, 0],
    legend: { live: false },
    cursor: { y: false },
    scales: {
      x: { time: false, ...(logarithmic ? { distr: 3, log: 2 } : {}) },
      y: { range: (_, __, most) => [0, 1.05 * most] },
    },
    axes: [
      { ...axis, label: x, labelSize: 18, labelGap: 0, size: 30 },
      { ...axis, size: 56 },
    ],
    series: [
      { label: x },
      ...names.map((label, index) => ({
        label,
        stroke: colour(COLOURS[index % COLOURS.length] as string),
        width: 2,
        points: { show: true, size: 5 },
        spanGaps: true,
      })),
    ],
  };
}
