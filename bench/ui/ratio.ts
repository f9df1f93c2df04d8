/** A ratio to Heddle, told apart by a mark, by words for those who hear the page, and by colour. */

import { isHeddleAhead } from '../format.js';
import { element } from './element.js';

/** `ratio` is the other's median over Heddle's. */
export function ratioMark(ratio: number): HTMLElement {
  const ahead = isHeddleAhead(ratio) === true;
  const mark = element('span', ahead ? 'ahead' : 'behind');
  const sign = element('span', '', ahead ? '▲ ' : '▼ ');
  sign.setAttribute('aria-hidden', 'true');
  mark.title = ahead ? 'Heddle is ahead, or even' : 'Heddle is behind';
  mark.append(sign, `${ratioDigits(ratio)} ×`, element('span', 'unseen', `, ${mark.title}`));
  return mark;
}

const ratioDigits = (ratio: number): string => (ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2));
