/** One case of the results: a bar, the numbers and the device calls of each engine. */

import { callsText, rateText, ratioText, threeDigits } from '../format.js';
import type { Roof } from '../roofline.js';
import type { Row } from '../row.js';
import { element } from './element.js';

/** `rows` are those of one case. */
export function caseCard(rows: readonly Row[], about: string, roof: Roof | null): HTMLElement {
  const [first] = rows;
  const card = element('article', 'case');
  const table = element('table');
  const header = element('tr');
  const judged = rows.some(({ gflops }) => gflops !== null);
  const counted = rows.some(({ calls }) => calls !== null);
  const titles = ['Engine', first?.unit ?? '', '', 'p10 – p90', 'Ratio'];
  if (judged) titles.push('Rate, of the limit');
  if (counted) titles.push('Calls a step');
  for (const title of titles) header.append(element('th', '', title));
  const longest = Math.max(...rows.map(({ p90 }) => p90 ?? 0));
  const [head, body] = [element('thead'), element('tbody')];
  head.append(header);
  body.append(...rows.map((row) => tableRow(row, { longest, judged, counted, roof })));
  table.append(head, body);
  card.append(element('h2', '', first?.case ?? ''), element('p', 'about', about), table);
  return card;
}

interface RowLook {
  /** The longest bar, in the case's unit. */
  readonly longest: number;
  /** Which columns there are. */
  readonly judged: boolean;
  readonly counted: boolean;
  readonly roof: Roof | null;
}

function tableRow(row: Row, { longest, judged, counted, roof }: RowLook): HTMLElement {
  const line = element('tr', row.median === null ? 'failed' : row.engine);
  line.append(element('th', '', `${row.engine} ${row.version}`));
  if (row.median === null || row.p10 === null || row.p90 === null) {
    const words = element('td', 'message', row.failed ?? row.leftOut ?? 'no run');
    words.setAttribute('colspan', String(4 + Number(judged) + Number(counted)));
    line.append(words);
    return line;
  }
  const value = element('td', 'number time', threeDigits(row.median));
  value.dataset.unit = row.unit;
  line.append(
    value,
    barCell(row.median, row.p10, row.p90, longest),
    element('td', 'number spread', row.runs > 1 ? `${threeDigits(row.p10)} – ${threeDigits(row.p90)}` : ''),
    element('td', 'number ratio', ratioText(row)),
  );
  if (judged) line.append(element('td', 'number rate', rateText(row, roof)));
  if (counted) line.append(element('td', 'calls', callsText(row)));
  return line;
}

function barCell(median: number, p10: number, p90: number, longest: number): HTMLElement {
  const cell = element('td', 'bar');
  const track = element('div', 'track');
  const fill = element('div', 'fill');
  const spread = element('div', 'range');
  const percent = (value: number): string => `${(100 * value) / longest}%`;
  fill.style.width = percent(median);
  spread.style.left = percent(p10);
  spread.style.width = percent(p90 - p10);
  track.append(fill, spread);
  cell.append(track);
  return cell;
}
