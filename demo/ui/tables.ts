/** Figures as tiles, the verifier's report as a table. */

import type { PlanReport, VerifySummary } from '../driver/events.js';
import { make, showBytes } from './dom.js';

export type Tile = readonly [name: string, value: string];

/** Fills a description list: a name and a value to each tile. */
export function showTiles(place: HTMLElement, tiles: readonly Tile[]): void {
  place.replaceChildren(
    ...tiles.map(([name, value]) =>
      make('div', { className: 'tile' }, make('dt', { text: name }), make('dd', { text: value })),
    ),
  );
}

export function planTiles({ dispatches, kernels, arenas, peakBytes, lowerBoundBytes }: PlanReport): Tile[] {
  return [
    ['dispatches a step', String(dispatches)],
    ['kernels', String(kernels)],
    ['arenas', String(arenas)],
    ['temporaries, peak', showBytes(peakBytes)],
    ['lower bound', showBytes(lowerBoundBytes)],
    ['peak / bound', lowerBoundBytes > 0 ? `${(peakBytes / lowerBoundBytes).toFixed(2)} ×` : '–'],
  ];
}

export function showVerification(
  place: HTMLElement,
  { passed, worstOp, worstBudgetRatio, steps }: VerifySummary,
): void {
  const verdict = passed ? 'Every dispatch is within its error budget' : 'At least one dispatch is WRONG';
  const worst =
    worstOp === '' ? '' : `; the worst is ${worstOp}, at ${worstBudgetRatio.toPrecision(3)} of its budget`;
  const head = make(
    'tr',
    {},
    ...['step', 'layer', 'variant', 'elements', 'worst / budget', ''].map((text) => make('th', { text })),
  );
  const rows = steps.map((step) =>
    make(
      'tr',
      { className: step.passed ? '' : 'wrong' },
      make('td', { text: step.step }),
      make('td', { text: step.layer }),
      make('td', { text: step.variant }),
      make('td', { className: 'number', text: step.elements.toLocaleString('en') }),
      make('td', { className: 'number', text: step.worstBudgetRatio }),
      make('td', { text: step.passed ? '✓' : '✗ wrong' }),
    ),
  );
  const table = make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
  const scroller = make('div', { className: 'scroller' }, table);
  scroller.tabIndex = 0;
  place.replaceChildren(
    make('p', { className: passed ? 'good' : 'bad', text: `${verdict}${worst}.` }),
    scroller,
  );
}
