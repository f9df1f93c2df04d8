/** One case of the results: a bar, the numbers and the device calls of each engine. */

import type { BenchCase } from '../case.js';
import { callsText, firstText, ratioText, timeText } from '../format.js';
import type { Row } from '../row.js';

export function caseCard(rows: readonly Row[], { name, about, unit }: BenchCase): HTMLElement {
  const card = element('article', 'case');
  const table = element('table');
  const header = element('tr');
  for (const title of ['Engine', unit, '', 'p10 – p90', 'Ratio', 'First step', 'Calls a step']) {
    header.append(element('th', '', title));
  }
  const longest = Math.max(...rows.map(({ p90 }) => p90 ?? 0));
  const [head, body] = [element('thead'), element('tbody')];
  head.append(header);
  body.append(...rows.map((row) => tableRow(row, longest)));
  table.append(head, body);
  card.append(element('h2', '', name), element('p', 'about', about), table);
  return card;
}

function tableRow(row: Row, longest: number): HTMLElement {
  const line = element('tr', row.failed === null ? row.engine : 'failed');
  line.append(element('th', '', `${row.engine} ${row.version}`));
  if (row.median === null || row.p10 === null || row.p90 === null) {
    const words = element('td', 'message', `failed: ${row.failed ?? 'no run'}`);
    words.setAttribute('colspan', '6');
    line.append(words);
    return line;
  }
  const time = element('td', 'number time', timeText(row.median));
  time.dataset.unit = row.unit;
  line.append(
    time,
    barCell(row.median, row.p10, row.p90, longest),
    element('td', 'number spread', `${timeText(row.p10)} – ${timeText(row.p90)}`),
    element('td', 'number ratio', ratioText(row)),
    element('td', 'number first', firstText(row)),
    element('td', 'calls', callsText(row)),
  );
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

function element(tag: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  if (text !== '') made.textContent = text;
  return made;
}
