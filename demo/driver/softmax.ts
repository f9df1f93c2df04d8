/** From logits to probabilities. */

export function softmax(logits: ArrayLike<number>): readonly number[] {
  const all = Array.from(logits);
  const largest = Math.max(...all);
  const powers = all.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
