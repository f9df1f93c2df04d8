/** Random turns of images. */

import { HeddleError, ops, type Tensor } from '../../engine/index.js';
import { defineLayer } from '../layer.js';
import { imageShape } from '../windows.js';
import {
  checkedRange,
  checkedSurround,
  cosineAndSine,
  drawn,
  mapsOf,
  ownSeed,
  SURROUND,
  type SurroundOptions,
} from './augmentation-parts.js';
import { floatDtype } from './common-dtype.js';

export interface RandomRotationOptions extends SurroundOptions {
  /** Share of a whole turn, counterclockwise, within [-1, 1]: a number goes both ways, [least, most] says it exactly. */
  readonly factor: number | readonly [number, number];
  /** An unsigned 32-bit integer. Default: the model's. */
  readonly seed?: number;
}

/**
 * While training, turns each image [batch, H, W, C] about its centre by a random share of a whole turn, anew at each step; otherwise x. The
 * angles depend on seed, layer and step alone. Throws a HeddleError for a factor that is no range within [-1, 1], and unknown names.
 */
export const randomRotation = defineLayer<RandomRotationOptions>({
  type: 'randomRotation',
  options: ['factor', 'seed', ...SURROUND],
  create(options, label) {
    const turns = checkedRange(label, 'factor', options.factor);
    if (Math.max(...turns.map(Math.abs)) > 1) {
      throw new HeddleError({
        op: label,
        message: `factor reaches from ${turns[0]} to ${turns[1]}`,
        roles: ['factor'],
        values: { factor: options.factor },
        fix: 'stay within -1 and 1: a whole turn either way',
      });
    }
    const surround = checkedSurround(label, options);
    const own = ownSeed(label, options.seed);
    return {
      outputShape: (inputs) => imageShape(label, inputs),
      outputDtype: (dtypes) => floatDtype(label, dtypes),
      call([input], _, context) {
        const x = input as Tensor;
        if (!context.training) return x;
        const [batch = 0, height = 1, width = 1] = x.shape;
        const [cosine, sine] = cosineAndSine(drawn(batch, turns, 0, own, context));
        const [middle, centre] = [(height - 1) / 2, (width - 1) / 2];
        // What turns counterclockwise is found clockwise of its place: u − middle = cos·(p − middle) + sin·(q − centre),
        // v − centre = −sin·(p − middle) + cos·(q − centre).
        const top = ops.sub(ops.sub(middle, ops.mul(cosine, middle)), ops.mul(sine, centre));
        const left = ops.sub(ops.add(centre, ops.mul(sine, middle)), ops.mul(cosine, centre));
        const maps = mapsOf(batch, [cosine, sine, top, ops.neg(sine), cosine, left]);
        return ops.affineSample(x, maps, surround);
      },
    };
  },
});
