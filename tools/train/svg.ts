// Drawings for the report, as SVG text: a loss curve, and nothing that a chart library would be needed for.
import type { Plot } from '../../demo/driver/events.js';
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

interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly look: string;
  readonly colour: string;
}

/** One line for each curve, over steps; a logarithmic y axis where values span more than two decades. */
export function lineChart(curves: ReadonlyMap<string, Curve>, label: string): string {
  const lines = [...curves].map(([name, { x, y }], index) => {
    const colour = COLOURS[index % COLOURS.length] as string;
    return { name, x, y, colour, look: `stroke="${colour}" stroke-width="1.8"` };
  });
  const values = lines.flatMap(({ y }) => y);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const logarithmic = high > 100 * Math.max(low, LEAST);
  return drawn(lines, { label, logarithmic, least: Math.min(0, low), unit: 'step ' });
}

/** Lines over a common x axis, such as a forecast over the true curve: what is so in the colour of the text, what is to be beaten dashed. */
export function linePlot({ title, axes: [x, y], lines }: Plot): string {
  const models = lines.filter(({ kind }) => kind === 'model');
  const drawable = lines.map((line) => {
    const { kind } = line;
    const index = models.indexOf(line);
    const colour = kind === 'model' ? (COLOURS[index % COLOURS.length] as string) : 'currentColor';
    const faint = kind === 'baseline' ? ' stroke-dasharray="5 4" opacity="0.55"' : '';
    return { ...line, colour, look: `stroke="${colour}" stroke-width="1.5"${faint}` };
  });
  const least = Math.min(...lines.flatMap((line) => line.y));
  const label = `${title}: ${y} over ${x}`;
  return drawn(drawable, { label, logarithmic: false, least, unit: `${x} ` });
}

interface Frame {
  readonly label: string;
  readonly logarithmic: boolean;
  /** Where a y axis that is not logarithmic begins. */
  readonly least: number;
  /** Stands before the ends of the x axis. */
  readonly unit: string;
}

function drawn(curves: readonly Line[], { label, logarithmic, least, unit }: Frame): string {
  const values = curves.flatMap(({ y }) => y);
  const steps = curves.flatMap(({ x }) => x);
  if (values.length === 0) return '';
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const scale = (value: number): number => (logarithmic ? Math.log10(Math.max(value, LEAST)) : value);
  const [bottom, top] = logarithmic ? [scale(low), scale(high)] : [least, high];
  const last = Math.max(...steps);
  const first = Math.min(...steps);
  const x = (step: number): number => LEFT + ((step - first) / (last - first || 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    TOP + (1 - (value - bottom) / (top - bottom || 1)) * (HEIGHT - TOP - BOTTOM);
  const lines = curves.map(({ name, look, ...line }) => {
    const points = line.x
      .map((step, at) => `${x(step).toFixed(1)},${y(scale(line.y[at] ?? 0)).toFixed(1)}`)
      .join(' ');
    return `<polyline points="${points}" fill="none" ${look}><title>${escaped(name)}</title></polyline>`;
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
    `<text x="${LEFT}" y="${HEIGHT - 8}">${escaped(unit)}${+first.toFixed(2)}</text>` +
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${escaped(unit)}${+last.toFixed(2)}</text>`;
  const legend = curves.length > 1 ? `<p class="legend">${curves.map(legendItem).join(' ')}</p>` : '';
  const body = [...grid, ...lines, ends].join('');
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(label)}">${body}</svg>${legend}`;
}

const legendItem = ({ name, look, colour }: Line): string =>
  `<svg class="key" viewBox="0 0 24 8" role="presentation"><path d="M0 4h24" ${look}/></svg> <span style="color:${colour}">${escaped(name)}</span>`;
