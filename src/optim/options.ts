/** Checks of optimizer options. */

import { HeddleError } from '../engine/index.js';

const RANGES = {
  nonNegative: { holds: (value: number) => value >= 0, text: 'a finite number ≥ 0' },
  positive: { holds: (value: number) => value > 0, text: 'a finite number > 0' },
  fraction: { holds: (value: number) => value >= 0 && value < 1, text: 'a number from 0 up to, but not, 1' },
} as const;

/** `value` where it is a finite number in `range`; throws otherwise. */
export function checkedNumber(op: string, role: string, value: unknown, range: keyof typeof RANGES): number {
  if (typeof value === 'number' && Number.isFinite(value) && RANGES[range].holds(value)) return value;
  throw new HeddleError({
    op,
    message: `${role} is ${typeof value === 'number' ? value : typeof value}`,
    roles: [role],
    values: { [role]: value },
    fix: `pass ${RANGES[range].text}`,
  });
}

/** `value` where it is true or false; throws otherwise. */
export function checkedBoolean(op: string, role: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new HeddleError({
    op,
    message: `${role} is ${typeof value}`,
    roles: [role],
    values: { [role]: value },
    fix: 'pass true or false',
  });
}
