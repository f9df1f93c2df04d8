/** One case of the results: a bar, the numbers and the device calls of each engine; drawn anew with each sample. */

import { callsText, rateText, ratioText, threeDigits } from '../format.js';
import type { Roof } from '../roofline.js';
import type { Row } from '../row.js';
import { element } from './element.js';
import { ratioMark } from './ratio.js';

export interface CaseLook {
  readonly about: string;
  readonly roof: Roof | null;
  /** More samples come. */
  readonly running: boolean;
}

/** What a link to the card of a case says. */
export const cardId = ({ suite, case: name }: Row): string => `${suite}/${name}`;

/** `rows` are those of one case. */
export function caseCard(rows: readonly Row[], { about, roof, running }: CaseLook): HTMLElement {
  const [first] = rows;
  const card = element('article', running ? 'case running' : 'case');
  if (first) card.id = cardId(first);
  card.setAttribute('aria-busy', String(running));
  const table = element('table');
  const header = element('tr');
  const judged = rows.some(({ gflops }) => gflops !== null);
  const counted = rows.some(({ calls }) => calls !== null);
  const titles = ['Engine', first?.unit ?? '', 'Median and spread', 'p10 – p90', 'Ratio'];
  if (judged) titles.push('Rate, of the limit');
  if (counted) titles.push('Calls a step');
  for (const title of titles) {
    const cell = element('th', '', title);
    cell.setAttribute('scope', 'col');
    header.append(cell);
  }
  const longest = Math.max(...rows.map(({ p90 }) => p90 ?? 0));
  const [head, body] = [element('thead'), element('tbody')];
  head.append(header);
  const look = { longest, judged, counted, roof };
  body.append(...rows.map((row, index) => tableRow(row, { ...look, compared: index > 0 })));
  table.append(head, body);
  card.append(element('h3', '', first?.case ?? ''), element('p', 'about', about), table);
  return card;
}

interface RowLook {
  /** The longest bar, in the case's unit. */
  readonly longest: number;
  /** Which columns there are. */
  readonly judged: boolean;
  readonly counted: boolean;
  readonly roof: Roof | null;
  /** Not with itself. */
  readonly compared: boolean;
}

function tableRow(row: Row, { longest, judged, counted, roof, compared }: RowLook): HTMLElement {
  const line = element('tr', row.engine);
  const name = element('th', '', `${row.engine} ${row.version}`);
  name.setAttribute('scope', 'row');
  line.append(name);
  if (row.median === null || row.p10 === null || row.p90 === null) {
    const words = messageCell(row);
    words.setAttribute('colspan', String(4 + Number(judged) + Number(counted)));
    line.append(words);
    return line;
  }
  const value = element('td', 'number time', threeDigits(row.median));
  value.dataset.unit = row.unit;
  const ratio = element('td', 'number ratio');
  // Heddle beside itself is neither ahead nor behind.
  if (compared && row.engine === 'heddle') ratio.textContent = ratioText(row);
  else if (compared && row.ratio !== null) ratio.append(ratioMark(row.ratio));
  line.append(
    value,
    barCell(row.median, row.p10, row.p90, longest),
    element('td', 'number spread', row.runs > 1 ? `${threeDigits(row.p10)} – ${threeDigits(row.p90)}` : ''),
    ratio,
  );
  if (judged) line.append(element('td', 'number rate', rateText(row, roof)));
  if (counted) line.append(element('td', 'calls', callsText(row)));
  return line;
}

function messageCell({ failed, leftOut }: Row): HTMLElement {
  if (failed !== null) return element('td', 'message failed', `✕ failed: ${failed}`);
  return element('td', 'message', leftOut ?? 'waiting for its first sample');
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
