/** What the tests of normalisation layers share: inputs, and closeness relative to the largest expected value. */

import { expect } from 'vitest';
import { fill } from './fill.js';

export const floats = (shape: number[], seed: number) => ({
  data: Float32Array.from(fill({ shape }, seed, 0).data),
  shape,
});

/** Throws where a value lies farther off than `within` times the largest expected one, or times 1 where all are smaller. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, within = 2e-5): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  const worst = Math.max(...Array.from(expected, (value, i) => Math.abs(value - (actual[i] as number))));
  expect(worst / scale).toBeLessThanOrEqual(within);
}
