/** A line chart over steps, drawn by uPlot at most once a frame, in the page's own colours. */

import uPlot from 'uplot';
import { axes, lineColour } from './chart-style.js';
import { Curve } from './curve.js';
import { showNumber } from './dom.js';

const HEIGHT = 220;
/** A logarithmic axis has no place for 0. */
const LEAST = 1e-12;

export interface ChartOptions {
  readonly logarithmic?: boolean;
  /** The y axis from 0 to 1. */
  readonly fraction?: boolean;
}

export class Chart {
  readonly #place: HTMLElement;
  readonly #curves = new Map<string, Curve>();
  #options: ChartOptions = {};
  #plot: uPlot | null = null;
  #frame = 0;

  constructor(place: HTMLElement) {
    this.#place = place;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot?.redraw());
  }

  /** Starts over, without lines. */
  clear(options: ChartOptions): void {
    this.#options = options;
    this.#curves.clear();
    this.#plot?.destroy();
    this.#plot = null;
  }

  add(series: string, step: number, value: number): void {
    let curve = this.#curves.get(series);
    if (!curve) {
      curve = new Curve();
      this.#curves.set(series, curve);
      this.#plot?.destroy();
      this.#plot = null;
    }
    curve.add(step, this.#options.logarithmic ? Math.max(value, LEAST) : value);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw(): void {
    this.#frame = 0;
    const tables = [...this.#curves.values()].map(({ x, y }): uPlot.AlignedData => [x, y]);
    if (tables.length === 0) return;
    const data = uPlot.join(tables);
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = new uPlot(this.#plotOptions(), data, this.#place);
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.#place.clientWidth), height: HEIGHT };
  }

  #plotOptions(): uPlot.Options {
    const { logarithmic = false, fraction = false } = this.#options;
    const names = [...this.#curves.keys()];
    return {
      ...this.#size(),
      padding: [10, 14, 0, 0],
      legend: { show: names.length > 1, live: false },
      cursor: { y: false },
      scales: {
        x: { time: false },
        y: { distr: logarithmic ? 3 : 1, ...(fraction ? { range: [0, 1] as [number, number] } : {}) },
      },
      axes: axes(),
      series: [
        { label: 'step' },
        ...names.map((label, index) => ({
          label,
          stroke: lineColour(index),
          width: 2,
          points: { show: false },
          spanGaps: true,
          value: (_: uPlot, value: number | null) => (value === null ? '' : showNumber(value)),
        })),
      ],
    };
  }
}
