/**
 * A training step as bars, one per dispatch in the order of execution: where each begins, how long it takes, and by colour what kind of
 * kernel it is. A picture: the table beside it has the same numbers for whoever does not see it.
 */

import { rateText, threeDigits } from '../format.js';
import { FAMILIES, type KernelFamily } from '../kernel-family.js';
import type { JudgedDispatch, TaskProfile } from '../profile.js';
import { element } from './element.js';

export function timeline(profile: TaskProfile): HTMLElement {
  const { task, dispatches } = profile;
  const total = dispatches.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const figure = element('figure', 'timeline');
  const picture = element('div', 'picture');
  picture.setAttribute('role', 'img');
  picture.setAttribute(
    'aria-label',
    `The dispatches of ${task} in the order of execution; the table has them all`,
  );
  picture.append(axis(total));
  let begin = 0;
  const tip = element('div', 'tip');
  tip.hidden = true;
  for (const dispatch of dispatches) {
    const line = bar(dispatch, begin, total);
    showTip(line, tip, figure, () => tipText(dispatch, profile));
    picture.append(line);
    begin += dispatch.milliseconds;
  }
  figure.append(element('figcaption', '', 'In the order of execution'), familyKey(dispatches), picture, tip);
  return figure;
}

function axis(total: number): HTMLElement {
  const line = element('div', 'line axis');
  const ticks = element('div', 'track');
  ticks.append(
    ...[0, total / 2, total].map((time) => element('span', '', time === 0 ? '0' : `${threeDigits(time)} ms`)),
  );
  line.append(element('span', 'name'), ticks, element('span', 'time'));
  return line;
}

function bar({ step, family, milliseconds }: JudgedDispatch, begin: number, total: number): HTMLElement {
  const line = element('div', 'line');
  const track = element('div', 'track');
  const fill = element('div', 'fill');
  const percent = (time: number): string => `${total > 0 ? (100 * time) / total : 0}%`;
  fill.style.left = percent(begin);
  fill.style.width = percent(milliseconds);
  fill.style.background = colourOf(family);
  track.append(fill);
  line.append(
    element('span', 'name', step),
    track,
    element('span', 'time', `${threeDigits(milliseconds)} ms`),
  );
  return line;
}

/** What the colours mean, with the share of each kind, the largest first. */
function familyKey(dispatches: readonly JudgedDispatch[]): HTMLElement {
  const shares = new Map<KernelFamily, number>();
  for (const { family, share } of dispatches) shares.set(family, (shares.get(family) ?? 0) + share);
  const list = element('ul', 'key');
  for (const [family, share] of [...shares].sort((a, b) => b[1] - a[1])) {
    const item = element('li', '', `${family} ${(100 * share).toFixed(1)} %`);
    const swatch = element('span', 'swatch');
    swatch.style.background = colourOf(family);
    item.prepend(swatch);
    list.append(item);
  }
  return list;
}

const colourOf = (family: KernelFamily): string => `var(--family-${FAMILIES.indexOf(family)})`;

function tipText(dispatch: JudgedDispatch, { roof }: TaskProfile): string {
  const { index, step, kernel, variant, milliseconds, spread, share } = dispatch;
  return [
    `${index + 1}. ${step}`,
    variant === kernel ? kernel : `${kernel} (${variant})`,
    `${threeDigits(milliseconds)} ms, ${(100 * share).toFixed(1)} % of the step, spread ${(100 * spread).toFixed(0)} %`,
    rateText(dispatch, roof),
  ].join('\n');
}

/** Shows `tip` beside the pointer while it is over `line`. */
function showTip(line: HTMLElement, tip: HTMLElement, figure: HTMLElement, text: () => string): void {
  line.addEventListener('pointermove', ({ clientX, clientY }) => {
    tip.textContent = text();
    tip.hidden = false;
    const { left, top } = figure.getBoundingClientRect();
    tip.style.left = `max(0px, min(${clientX - left + 12}px, 100% - ${tip.offsetWidth}px))`;
    tip.style.top = `${clientY - top + 16}px`;
  });
  line.addEventListener('pointerleave', () => {
    tip.hidden = true;
  });
}
