/** One error class for everything a user can get wrong: what, which parts, their values, and the mend. */

export interface HeddleErrorOptions {
  /** The op, layer or function at fault: `matmul`, `fit`, `dense 'hidden'`. */
  readonly op: string;
  /** What is wrong, in one clause, with the values in it. */
  readonly message: string;
  /** The parts that took part: `['a', 'b']`, `['labels']`. */
  readonly roles?: readonly string[];
  /** Their values, by name. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** What to do about it. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** Thrown for every user error. `message` reads `op: what is wrong; the mend`. */
export class HeddleError extends Error {
  readonly op: string;
  readonly roles: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly fix: string;

  constructor(options: HeddleErrorOptions) {
    const { op, message, roles = [], values = {}, fix = '', cause } = options;
    super(`${op}: ${message}${fix ? `; ${fix}` : ''}`, cause === undefined ? undefined : { cause });
    this.name = 'HeddleError';
    this.op = op;
    this.roles = roles;
    this.values = values;
    this.fix = fix;
  }
}

/** What anything that was thrown says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The entry of `valid` nearest to `word`, for "did you mean …": the first that it begins, else by edit distance. */
export function nearest(word: string, valid: readonly string[]): string | undefined {
  const begun = valid.find((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
  if (begun !== undefined && word.length >= 3) return begun;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of valid) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** A `HeddleError` for a name that is not one of `valid`, with the nearest valid one in its mend. */
export function unknownName(op: string, role: string, word: unknown, valid: readonly string[]): HeddleError {
  const text = typeof word === 'string' ? word : word === null ? 'null' : typeof word;
  return new HeddleError({
    op,
    message: `unknown ${role} '${text}'`,
    roles: [role],
    values: { [role]: word, valid },
    fix: `did you mean '${nearest(text, valid)}'? Valid: ${valid.join(', ')}`,
  });
}

/** Throws `unknownName` for the first key of `options` that is not in `valid`. */
export function rejectUnknownOptions(op: string, options: object, valid: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!valid.includes(key)) throw unknownName(op, 'option', key, valid);
  }
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
