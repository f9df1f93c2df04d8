// Drawings for the report, as SVG text: a loss curve, and nothing that a chart library would be needed for.
import type { Curve } from '../../demo/ui/curve.js';

const WIDTH = 720;
const HEIGHT = 240;
const LEFT = 64;
const BOTTOM = 28;
const TOP = 10;
const RIGHT = 12;
const COLOURS = ['#2f6fde', '#d9762b', '#2a9560'];
const LEAST = 1e-12;

/** Text as HTML and SVG hold it. */
export const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign,
  );

/** One line for each curve, over steps; a logarithmic y axis where values span more than two decades. */
export function lineChart(curves: ReadonlyMap<string, Curve>, label: string): string {
  const values = [...curves.values()].flatMap(({ y }) => y);
  const steps = [...curves.values()].flatMap(({ x }) => x);
  if (values.length === 0) return '';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const logarithmic = high > 100 * Math.max(low, LEAST);
  const scale = (value: number): number => (logarithmic ? Math.log10(Math.max(value, LEAST)) : value);
  const [bottom, top] = logarithmic ? [scale(low), scale(high)] : [Math.min(0, low), high];
  const last = Math.max(...steps);
  const first = Math.min(...steps);
  const x = (step: number): number =>
    LEFT + ((step - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    TOP + (1 - (value - bottom) / (top - bottom || 1)) * (HEIGHT - TOP - BOTTOM);
  const lines = [...curves].map(([name, curve], index) => {
    const points = curve.x
      .map((step, at) => `${x(step).toFixed(1)},${y(scale(curve.y[at] ?? 0)).toFixed(1)}`)
      .join(' ');
    const colour = COLOURS[index % COLOURS.length];
    const title = `<title>${escaped(name)}</title>`;
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="1.8">${title}</polyline>`;
  });
  const grid = [0, 1, 2, 3, 4].map((quarter) => {
    const value = bottom + ((top - bottom) * quarter) / 4;
    const shown = (logarithmic ? 10 ** value : value).toPrecision(3);
    const at = y(value).toFixed(1);
    return (
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" class="grid"/>` +
      `<text x="${LEFT - 8}" y="${at}" dy="4" text-anchor="end">${shown}</text>`
    );
  });
  const ends =
    `<text x="${LEFT}" y="${HEIGHT - 8}">step ${first}</text>` +
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">step ${last}</text>`;
  const names = [...curves.keys()];
  const legend = names.length > 1 ? `<p class="legend">${names.map(legendItem).join(' ')}</p>` : '';
  const body = [...grid, ...lines, ends].join('');
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">${body}</svg>${legend}`;
}

const legendItem = (name: string, index: number): string =>
  `<span style="color:${COLOURS[index % COLOURS.length]}">■</span> ${escaped(name)}`;
