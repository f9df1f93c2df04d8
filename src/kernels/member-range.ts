/**
 * Several tensors as one range of words, each at the next multiple of 256 bytes after the one before: how optimizers see all
 * variables of a model. The range covers the whole slot of its last member.
 */

import type { ParamDecl } from './kernel.js';

const SLOT_WORDS = 64;

export interface MemberRange {
  /** Words of the whole range, a multiple of 64. */
  readonly words: number;
  /** `end_0, start_1, end_1, …`: where members begin and end, in words. */
  readonly params: readonly ParamDecl[];
  readonly values: readonly number[];
  /** `fn is_member(words: vec4<u32>) -> vec4<bool>`: whether each word belongs to a tensor, or to the space between two. */
  readonly code: string;
}

/** The range of members of `sizes` words. */
export function memberRange(sizes: readonly number[]): MemberRange {
  const params: ParamDecl[] = [];
  const values: number[] = [];
  const lines: string[] = [];
  let start = 0;
  sizes.forEach((size, member) => {
    if (member > 0) {
      params.push({ name: `start_${member}`, type: 'u32' });
      values.push(start);
    }
    params.push({ name: `end_${member}`, type: 'u32' });
    values.push(start + size);
    const ends = `(words < vec4<u32>(params.end_${member}))`;
    lines.push(
      member === 0
        ? `  var inside = ${ends};`
        : `  inside |= (words >= vec4<u32>(params.start_${member})) & ${ends};`,
    );
    start += Math.ceil(size / SLOT_WORDS) * SLOT_WORDS;
  });
  const head = 'fn is_member(words: vec4<u32>) -> vec4<bool> {';
  const code = [head, ...lines, '  return inside;', '}'].join('\n');
  return { words: start, params, values, code };
}
