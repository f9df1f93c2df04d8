/** All cases at a glance: a line for each, with Heddle's median and the ratio to each peer. */

import { threeDigits } from '../format.js';
import type { EngineName, Row } from '../row.js';
import { byCase } from '../run.js';
import { cardId } from './case-card.js';
import { element } from './element.js';
import { ratioMark } from './ratio.js';

type Peer = Exclude<EngineName, 'heddle'>;

/** Empty where nothing is compared. */
export function summaryTable(rows: readonly Row[]): HTMLElement | null {
  const peers = [...new Set(rows.map(({ engine }) => engine))].filter(
    (engine): engine is Peer => engine !== 'heddle',
  );
  if (peers.length === 0) return null;
  const table = element('table', 'summary');
  const header = element('tr');
  for (const title of ['Case', 'Heddle', ...peers.map((peer) => `${peer} ÷ Heddle`)])
    header.append(heading('col', title));
  const head = element('thead');
  head.append(header);
  table.append(element('caption', '', 'Summary'), head);
  for (const suite of new Set(rows.map((row) => row.suite))) {
    const own = rows.filter((row) => row.suite === suite);
    const body = element('tbody');
    for (const of of byCase(own).values()) {
      const line = lineOf(of, peers);
      if (line) body.append(line);
    }
    for (const unit of new Set(own.map((row) => row.unit))) {
      const line = meanLine(
        own.filter((row) => row.unit === unit),
        peers,
      );
      if (line) body.append(line);
    }
    table.append(body);
  }
  return table;
}

function lineOf(rows: readonly Row[], peers: readonly Peer[]): HTMLElement | null {
  const [own, ...others] = rows;
  if (!own || !others.some(({ engine }) => engine !== 'heddle')) return null;
  const line = element('tr');
  const name = heading('row', '');
  const link = document.createElement('a');
  link.href = `#${encodeURIComponent(cardId(own))}`;
  // Where it does not fit, it breaks behind a stroke.
  const [first = '', ...rest] = cardId(own).split('/');
  link.append(first, ...rest.flatMap((part) => ['/', document.createElement('wbr'), part]));
  name.append(link);
  line.append(name, ownCell(own));
  for (const peer of peers) line.append(peerCell(others.find(({ engine }) => engine === peer)));
  return line;
}

function ownCell({ median, unit, failed, leftOut }: Row): HTMLElement {
  if (failed !== null) return element('td', 'number failed', '✕ failed');
  if (median === null) return element('td', 'number', leftOut === null ? '' : 'left out');
  const cell = element('td', 'number', threeDigits(median));
  cell.append(element('span', 'unit', ` ${unit}`));
  return cell;
}

function peerCell(row: Row | undefined): HTMLElement {
  const cell = element('td', 'number');
  if (row?.ratio != null) cell.append(ratioMark(row.ratio));
  else if (row?.failed != null) cell.append(element('span', 'failed', '✕ failed'));
  else cell.textContent = row?.leftOut == null ? '–' : 'left out';
  return cell;
}

/** Times, of whatever. */
const TIME = /^(ms|µs)/;

/** The geometric mean of the ratios of one suite's times in one unit, so first steps apart; null where there are no two of them. */
function meanLine(rows: readonly Row[], peers: readonly Peer[]): HTMLElement | null {
  const [first] = rows;
  if (!first || !TIME.test(first.unit)) return null;
  const ratios = peers.map((peer) =>
    rows.flatMap(({ engine, ratio }) => (engine === peer && ratio !== null ? [ratio] : [])),
  );
  if (ratios.every(({ length }) => length < 2)) return null;
  const line = element('tr', 'mean');
  line.append(heading('row', `${first.suite}, ${first.unit}: geometric mean`), element('td'));
  for (const own of ratios) {
    const cell = element('td', 'number');
    const logarithms = own.reduce((sum, ratio) => sum + Math.log(ratio), 0);
    if (own.length > 0) cell.append(ratioMark(Math.exp(logarithms / own.length)));
    line.append(cell);
  }
  return line;
}

function heading(scope: 'col' | 'row', text: string): HTMLElement {
  const cell = element('th', '', text);
  cell.setAttribute('scope', scope);
  return cell;
}
