/** A line chart over steps, drawn by uPlot at most once a frame, in the page's own colours. */

import uPlot from 'uplot';
import { Curve } from './curve.js';
import { showNumber } from './dom.js';

const HEIGHT = 220;
/** CSS variables, one for each line. */
const COLOURS = ['--line-1', '--line-2', '--line-3'];
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
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--grid'), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.#size(),
      padding: [10, 14, 0, 0],
      legend: { show: names.length > 1, live: false },
      cursor: { y: false },
      scales: {
        x: { time: false },
        y: { distr: logarithmic ? 3 : 1, ...(fraction ? { range: [0, 1] as [number, number] } : {}) },
      },
      axes: [
        { ...axis, size: 30 },
        {
          ...axis,
          size: 56,
          values: (_, splits) => splits.map((value) => (value === null ? '' : tick(value))),
        },
      ],
      series: [
        { label: 'step' },
        ...names.map((label, index) => ({
          label,
          stroke: colour(COLOURS[index % COLOURS.length] as string),
          width: 2,
          points: { show: false },
          spanGaps: true,
          value: (_: uPlot, value: number | null) => (value === null ? '' : showNumber(value)),
        })),
      ],
    };
  }
}

const tick = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-2 || Math.abs(value) >= 1e5)
    ? value.toExponential(0)
    : String(+value.toFixed(4));

/** Asked anew at each drawing, so that a change of scheme shows. */
const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name);
