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
  /** `fn is_member(word: u32) -> bool`: whether a word belongs to a tensor, or to the space between two. */
  readonly code: string;
}

/** The range of members of `sizes` words. */
export function memberRange(sizes: readonly number[]): MemberRange {
  const params: ParamDecl[] = [];
  const values: number[] = [];
  const tests: string[] = [];
  let start = 0;
  sizes.forEach((size, member) => {
    if (member > 0) {
      params.push({ name: `start_${member}`, type: 'u32' });
      values.push(start);
      tests.push(`  if (word < params.start_${member}) {\n    return false;\n  }`);
    }
    params.push({ name: `end_${member}`, type: 'u32' });
    values.push(start + size);
    tests.push(`  if (word < params.end_${member}) {\n    return true;\n  }`);
    start += Math.ceil(size / SLOT_WORDS) * SLOT_WORDS;
  });
  const code = `fn is_member(word: u32) -> bool {\n${tests.join('\n')}\n  return false;\n}`;
  return { words: start, params, values, code };
}
