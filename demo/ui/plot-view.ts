/** Lines over a common x axis, such as a forecast over the true curve, drawn by uPlot. */

import uPlot from 'uplot';
import type { Plot, PlotLine } from '../driver/events.js';
import { axes, colour, lineColour } from './chart-style.js';

const HEIGHT = 300;

export class PlotView {
  readonly #place: HTMLElement;
  #plot: uPlot | null = null;
  /** What the plot was made for: other lines need another plot. */
  #names = '';

  constructor(place: HTMLElement) {
    this.#place = place;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot?.redraw());
  }

  clear(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  draw({ axes: labels, lines }: Pick<Plot, 'axes' | 'lines'>): void {
    const data = uPlot.join(lines.map(({ x, y }): uPlot.AlignedData => [[...x], [...y]]));
    const names = [...labels, ...lines.map(({ name }) => name)].join('\n');
    if (this.#plot && this.#names === names) {
      this.#plot.setData(data);
      return;
    }
    this.clear();
    this.#names = names;
    const models = lines.filter(({ kind }) => kind === 'model');
    const options = {
      ...this.#size(),
      padding: [10, 14, 0, 0] as uPlot.Padding,
      legend: { live: false },
      cursor: { y: false },
      scales: { x: { time: false } },
      axes: axes(labels),
      series: [{ label: labels[0] }, ...lines.map((line) => series(line, models.indexOf(line)))],
    };
    this.#plot = new uPlot(options, data, this.#place);
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.#place.clientWidth), height: HEIGHT };
  }
}

/** `index` is its place among the models, whose colours are those of the loss chart. */
function series({ name, kind }: PlotLine, index: number): uPlot.Series {
  const common = { label: name, spanGaps: true, points: { show: false } };
  if (kind === 'truth') return { ...common, stroke: colour('--text'), width: 1.5 };
  if (kind === 'baseline') return { ...common, stroke: colour('--muted'), width: 1.5, dash: [5, 4] };
  return { ...common, stroke: lineColour(index), width: 2 };
}
