/** Lists of tensors by name: ops number their inputs and outputs, people name them. */

/** `values` under `names`, one to one. */
export function named<K extends string, T>(
  names: readonly K[],
  values: readonly T[],
): Readonly<Record<K, T>> {
  if (values.length < names.length) throw new RangeError(`${names.length} names for ${values.length} values`);
  return Object.fromEntries(names.map((name, index) => [name, values[index] as T])) as Record<K, T>;
}

/** `values` cut into parts of `sizes`. */
export function cut<T>(values: readonly T[], sizes: readonly number[]): T[][] {
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return values.slice(start - size, start);
  });
}
