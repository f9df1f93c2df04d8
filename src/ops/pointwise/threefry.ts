/** Threefry-2x32-20 in WGSL, one or four counters at a time: the same bits as `core/random.ts`. */

import type { WgslContext } from '../../ir/pointwise.js';
import { helperName, wide } from './row.js';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** `threefry(seed, stream, element, step)` → two words. The rounds are written out, so that every shift is a constant. */
export function threefryHelper(context: WgslContext): string {
  const T = wide('u32', context);
  const round = (index: number): string => {
    const turn = ROTATIONS[index % 8] as number;
    const injection = (index + 1) / 4;
    const mix = `  x += y; y = ((y << ${T}(${turn})) | (y >> ${T}(${32 - turn}))) ^ x;`;
    if (index % 4 !== 3) return mix;
    return `${mix}\n  x += key${injection % 3}; y += key${(injection + 1) % 3} + ${T}(${injection});`;
  };
  return [
    `fn ${helperName('threefry', context)}(key0: ${T}, key1: ${T}, element: ${T}, step: ${T}) -> array<${T}, 2> {`,
    `  let key2 = ${T}(0x1bd11bda) ^ key0 ^ key1;`,
    '  var x = element + key0;',
    '  var y = step + key1;',
    ...Array.from({ length: 20 }, (_, index) => round(index)),
    `  return array<${T}, 2>(x, y);`,
    '}',
  ].join('\n');
}
