/** What the augmentation layers share: random numbers for each example, and images seen through maps made of them. */

import { HeddleError, ops, type Tensor, tensor, unknownName } from '../../engine/index.js';
import { checkedFinite, checkedSeed } from '../checks.js';
import type { CallContext } from '../layer-definition.js';

/** What lies outside an image: its mirror image, its own edge, itself again, or one value. */
export type FillMode = 'reflect' | 'nearest' | 'wrap' | 'constant';

export interface SurroundOptions {
  /**
   * What lies outside an image: `'reflect'` (d c b a | a b c d | d c b a), `'nearest'` (its edge), `'wrap'` (the image again) or
   * `'constant'`. Default `'reflect'`.
   */
  readonly fillMode?: FillMode;
  /** What a constant surrounding holds. Default 0. */
  readonly fillValue?: number;
  /** Between cells: `'bilinear'`, or the `'nearest'` cell. Default `'bilinear'`. */
  readonly interpolation?: 'bilinear' | 'nearest';
}

export const SURROUND = ['fillMode', 'fillValue', 'interpolation'] as const;
const FILL_MODES: readonly string[] = ['reflect', 'nearest', 'wrap', 'constant'];
const INTERPOLATIONS: readonly string[] = ['bilinear', 'nearest'];

/** The options with defaults; throws for unknown names and a fill value that is not finite. */
export function checkedSurround(label: string, options: SurroundOptions): Required<SurroundOptions> {
  const { fillMode = 'reflect', fillValue = 0, interpolation = 'bilinear' } = options;
  if (!FILL_MODES.includes(fillMode)) throw unknownName(label, 'fillMode', fillMode, FILL_MODES);
  if (!INTERPOLATIONS.includes(interpolation)) {
    throw unknownName(label, 'interpolation', interpolation, INTERPOLATIONS);
  }
  return { fillMode, fillValue: checkedFinite(label, 'fillValue', fillValue), interpolation };
}

/** [least, most]: a number stands for [-number, number]. Throws for anything else. */
export function checkedRange(label: string, role: string, value: unknown): readonly [number, number] {
  const pair: unknown = typeof value === 'number' ? [-value, value] : value;
  if (Array.isArray(pair) && pair.length === 2 && pair.every(Number.isFinite) && pair[0] <= pair[1]) {
    return [pair[0], pair[1]];
  }
  throw new HeddleError({
    op: label,
    message: `${role} is ${JSON.stringify(value)}`,
    roles: [role],
    values: { [role]: value },
    fix: 'pass a number ≥ 0, which goes both ways, or [least, most]',
  });
}

export const ownSeed = (label: string, seed: number | undefined): number | null =>
  seed === undefined ? null : checkedSeed(label, seed);

/** One number for each of `batch` examples, uniform in [range); `which` tells the numbers of one layer apart. */
export function drawn(
  batch: number,
  [least, most]: readonly [number, number],
  which: number,
  own: number | null,
  { seed, stream, counter }: CallContext,
): Tensor {
  return ops.add(
    ops.mul(ops.uniform([batch], { seed: own ?? seed, stream: stream + which, counter }), most - least),
    least,
  );
}

/** Six numbers for each example, as `affineSample` takes them: vectors [batch], or one number for all. */
export const mapsOf = (batch: number, entries: readonly (Tensor | number)[]): Tensor =>
  ops.stack(
    entries.map((entry) => (typeof entry === 'number' ? ops.broadcastTo(tensor(entry), [batch]) : entry)),
    { axis: 1 },
  );

/** cos and sin of a whole turn times `turns`, which lies in [-1, 1]: series for an eighth of it, then doubled three times. */
export function cosineAndSine(turns: Tensor): [Tensor, Tensor] {
  const angle = ops.mul(turns, Math.PI / 4);
  const square = ops.square(angle);
  // 1 − x²/a (1 − x²/b (1 − …)), a, b … the ratios of neighbouring terms.
  const series = (ratios: readonly number[]): Tensor =>
    ratios.reduceRight<Tensor>(
      (inner, ratio) => ops.sub(1, ops.mul(ops.mul(square, inner), 1 / ratio)),
      tensor(1),
    );
  let cosine = series([2, 12, 30, 56, 90]);
  let sine = ops.mul(angle, series([6, 20, 42, 72, 110]));
  for (let doubling = 0; doubling < 3; doubling++) {
    const twice = ops.mul(ops.mul(sine, cosine), 2);
    cosine = ops.sub(1, ops.mul(ops.square(sine), 2));
    sine = twice;
  }
  return [cosine, sine];
}
