/** Checks of layer options. */

import { HeddleError } from '../engine/index.js';

const refused = (label: string, role: string, value: unknown, fix: string): HeddleError =>
  new HeddleError({
    op: label,
    message: `${role} is ${typeof value === 'number' ? value : value === null ? 'null' : typeof value}`,
    roles: [role],
    values: { [role]: value },
    fix,
  });

/** `value` where it is an integer of at least 1; throws otherwise. */
export function checkedCount(label: string, role: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
  throw refused(label, role, value, `pass a positive integer: ${role}: 10`);
}

/** `value` where it is a number in [0, 1); throws otherwise. */
export function checkedRate(label: string, role: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw refused(label, role, value, 'pass a number from 0 up to, but not, 1');
}

/** `value` where it is a finite number; throws otherwise. */
export function checkedFinite(label: string, role: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw refused(label, role, value, 'pass a finite number');
}

/** `value` where it is true or false; throws otherwise. */
export function checkedFlag(label: string, role: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw refused(label, role, value, 'pass true or false');
}

/** `value` where it is an unsigned 32-bit integer; throws otherwise. */
export function checkedSeed(label: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  throw refused(label, 'seed', value, `pass an integer from 0 to ${2 ** 32 - 1}`);
}
