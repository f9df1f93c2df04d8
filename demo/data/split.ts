/**
 * Seeded orders and splits of labelled rows. They depend on the seed alone, never on the platform, so that a packed file
 * and a validation set are the same everywhere.
 */

/** A stream of uniform 32-bit integers: a Weyl sequence whose counter goes through a mixing hash. */
function randomStream(seed: number): () => number {
  let counter = seed >>> 0;
  return () => {
    counter = (counter + 0x9e3779b9) >>> 0;
    let bits = counter;
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return (bits ^ (bits >>> 15)) >>> 0;
  };
}

/** Shuffles `values` in place (Fisher–Yates); the bias of scaling 32 bits to a range is below `length / 2^32`. */
function shuffle(values: Uint32Array, random: () => number): Uint32Array {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor((random() / 2 ** 32) * (i + 1));
    const held = values[i] as number;
    values[i] = values[j] as number;
    values[j] = held;
  }
  return values;
}

/** The integers 0 … rows-1 in an order that `seed` (an unsigned 32-bit integer) decides. */
export function shuffledOrder(rows: number, seed: number): Uint32Array {
  return shuffle(
    Uint32Array.from({ length: rows }, (_, row) => row),
    randomStream(seed),
  );
}

/** Row indices of the two sides of a split; together every row once. */
export interface Split {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** How many rows each class gives to validation: its exact share rounded down, the rest to the largest remainders. */
function validationCounts(classSizes: readonly number[], fraction: number): readonly number[] {
  const total = classSizes.reduce((sum, size) => sum + size, 0);
  const counts = classSizes.map((size) => Math.floor(size * fraction));
  const byRemainder = classSizes
    .map((size, index) => ({ index, remainder: size * fraction - Math.floor(size * fraction) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  const missing = Math.round(total * fraction) - counts.reduce((sum, count) => sum + count, 0);
  for (const { index } of byRemainder.slice(0, missing)) counts[index] = (counts[index] as number) + 1;
  return counts;
}

/**
 * Splits rows so that every class gives the same share to validation (within one row), exactly `round(rows * fraction)`
 * rows in all. `fraction` lies strictly between 0 and 1; `seed` is an unsigned 32-bit integer. Both sides come shuffled.
 * `[...train, ...validation]` is therefore an order whose last `fraction` is a stratified validation set.
 * Throws `RangeError` for a fraction outside (0, 1) or for no labels.
 */
export function stratifiedSplit(labels: ArrayLike<number>, fraction: number, seed: number): Split {
  if (!(fraction > 0 && fraction < 1))
    throw new RangeError(`fraction is ${fraction}; it must lie between 0 and 1.`);
  if (labels.length === 0) throw new RangeError('labels is empty; a split needs at least one row.');
  const random = randomStream(seed);
  const order = shuffle(
    Uint32Array.from({ length: labels.length }, (_, row) => row),
    random,
  );
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  const rowsOf = new Map(classes.map((label): [number, number[]] => [label, []]));
  for (const row of order) rowsOf.get(labels[row] as number)?.push(row);
  const groups = [...rowsOf.values()];
  const counts = validationCounts(
    groups.map((rows) => rows.length),
    fraction,
  );
  const taken = groups.flatMap((rows, index) => rows.slice(0, counts[index]));
  const left = groups.flatMap((rows, index) => rows.slice(counts[index]));
  return {
    train: shuffle(Uint32Array.from(left), random),
    validation: shuffle(Uint32Array.from(taken), random),
  };
}
