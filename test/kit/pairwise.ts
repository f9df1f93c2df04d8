/** Fewer cases than all combinations, but every pair of values that any combination holds. */

/** Combinations that together hold every pair of values of two properties: greedily the one that adds most. */
export function pairwise<T extends object>(candidates: readonly T[]): Set<T> {
  const pairs = new Map(candidates.map((one) => [one, pairsOf(one)]));
  const missing = new Set([...pairs.values()].flat());
  const chosen = new Set<T>();
  while (missing.size > 0) {
    let [best, most] = [null as T | null, 0];
    for (const [one, own] of pairs) {
      const gain = own.filter((pair) => missing.has(pair)).length;
      if (gain > most) [best, most] = [one, gain];
    }
    if (!best) break;
    for (const pair of pairs.get(best) ?? []) missing.delete(pair);
    chosen.add(best);
  }
  return chosen;
}

function pairsOf(one: object): string[] {
  const values = Object.entries(one).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return values.flatMap((a, i) => values.slice(i + 1).map((b) => `${a}, ${b}`));
}
