/** Options of layers as JSON, for files. */

import { HeddleError } from '../engine/index.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `options` as JSON: initializers, regularizers and constraints become their name and config. Throws for what a file cannot keep. */
export const toJson = (
  label: string,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, jsonOf(label, key, value)]),
  );

function jsonOf(label: string, key: string, value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((one) => jsonOf(label, key, one));
  if (typeof value === 'object') {
    const { name, config, ...rest } = value as { readonly name?: unknown; readonly config?: unknown };
    const named = typeof name === 'string' && Object.values(rest).some((one) => typeof one === 'function');
    const kept = named ? { name, config } : value;
    return toJson(label, kept as Readonly<Record<string, unknown>>);
  }
  throw new HeddleError({
    op: label,
    message: `option ${key} holds ${typeof value === 'number' ? value : `a ${typeof value}`}, which a file cannot keep`,
    roles: [key],
    values: { [key]: value },
    fix:
      typeof value === 'function'
        ? 'put the function into a layer of your own, made by defineLayer, and pass that to load()'
        : 'use finite numbers, strings, booleans and lists of them',
  });
}
