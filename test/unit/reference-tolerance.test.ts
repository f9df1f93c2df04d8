/** The ruler of outside oracles. */

import { expect, test } from 'vitest';
import { toleranceRatio, ulpDistance } from '../kit/tolerance.js';

test('distances count float32 numbers, across zero too', () => {
  expect(ulpDistance(1, 1 + 2 ** -23)).toBe(1);
  expect(ulpDistance(1, 1 - 2 ** -24)).toBe(1);
  expect(ulpDistance(0, -0)).toBe(0);
  expect(ulpDistance(2 ** -149, -(2 ** -149))).toBe(2);
  expect(ulpDistance(Number.NaN, 1)).toBe(Number.POSITIVE_INFINITY);
});

test('a tolerance is kept up to its edge, and NaN or another length never', () => {
  const next = 1 + 2 ** -23;
  expect(toleranceRatio([next], [1], { ulp: 1 })).toBe(1);
  expect(toleranceRatio([1 + 2 ** -22], [1], { ulp: 1 })).toBe(2);
  expect(toleranceRatio([1], [1], { ulp: 0 })).toBe(0);
  expect(toleranceRatio([next], [1], { ulp: 0 })).toBe(Number.POSITIVE_INFINITY);
  expect(toleranceRatio([1.5], [1], { absolute: 0.25 })).toBe(2);
  expect(toleranceRatio([Number.NaN], [1], { absolute: 1 })).toBe(Number.POSITIVE_INFINITY);
  expect(toleranceRatio([], [1], { ulp: 1 })).toBe(Number.POSITIVE_INFINITY);
});
