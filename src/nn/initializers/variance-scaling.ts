/**
 * Initializers whose spread depends on how many values a unit sums up, so that signals keep their size through the layers.
 *
 * - Glorot, Bengio: "Understanding the difficulty of training deep feedforward neural networks", 2010 (`glorot…`: scale 1, mean of
 *   the fans);
 * - He, Zhang, Ren, Sun: "Delving deep into rectifiers", 2015 (`he…`: scale 2, inputs);
 * - LeCun, Bottou, Orr, Müller: "Efficient BackProp", 1998 (`lecun…`: scale 1, inputs).
 */

import { HeddleError, unknownName } from '../../core/errors.js';
import type { Shape } from '../../core/shape.js';
import {
  checkNumber,
  checkOptions,
  elementwise,
  type Initializer,
  type NoOptions,
  truncatedNormalNumber,
} from './initializer.js';

/** Which count the variance is divided by. */
export type FanMode = 'fanIn' | 'fanOut' | 'fanAvg';
export type ScalingDistribution = 'uniform' | 'truncatedNormal' | 'untruncatedNormal';

const MODES: readonly FanMode[] = ['fanIn', 'fanOut', 'fanAvg'];
const DISTRIBUTIONS: readonly ScalingDistribution[] = ['uniform', 'truncatedNormal', 'untruncatedNormal'];

/** The standard deviation of a standard normal number cut off at ±2: √(1 − 4·φ(2) / (2·Φ(2) − 1)). */
const TRUNCATED_STDDEV = 0.8796256610342398;

export interface VarianceScalingOptions {
  /** Greater than 0; default 1. */
  readonly scale?: number;
  /** Default `fanIn`. */
  readonly mode?: FanMode;
  /** Default `truncatedNormal`. */
  readonly distribution?: ScalingDistribution;
}

/**
 * Mean 0 and variance `scale` / n, where n is by `mode` the number of inputs, of outputs, or the mean of the two (never below 1).
 * - `uniform`: within ±√(3·variance);
 * - `truncatedNormal`: normal, cut off at two standard deviations, widened so that the variance is as said;
 * - `untruncatedNormal`: normal.
 *
 * @throws HeddleError for a scale that is not positive, or an unknown mode or distribution.
 */
export function varianceScaling(options: VarianceScalingOptions = {}): Initializer {
  const name = 'varianceScaling';
  checkOptions(name, options, ['scale', 'mode', 'distribution']);
  const { mode = 'fanIn', distribution = 'truncatedNormal' } = options;
  const scale = checkNumber(name, 'scale', options.scale ?? 1, 'positive');
  if (!MODES.includes(mode)) throw unknownName(name, 'mode', String(mode), MODES);
  if (!DISTRIBUTIONS.includes(distribution)) throw unknownDistribution(String(distribution));
  return scaled(name, { scale, mode, distribution }, { scale, mode, distribution });
}

/** Uniform within ±√(6 / (inputs + outputs)): Keras's default for kernels. */
export const glorotUniform = (options: NoOptions = {}): Initializer =>
  named('glorotUniform', options, { scale: 1, mode: 'fanAvg', distribution: 'uniform' });

/** Truncated normal of variance 2 / (inputs + outputs). */
export const glorotNormal = (options: NoOptions = {}): Initializer =>
  named('glorotNormal', options, { scale: 1, mode: 'fanAvg', distribution: 'truncatedNormal' });

/** Uniform within ±√(6 / inputs), for relu. */
export const heUniform = (options: NoOptions = {}): Initializer =>
  named('heUniform', options, { scale: 2, mode: 'fanIn', distribution: 'uniform' });

/** Truncated normal of variance 2 / inputs, for relu. */
export const heNormal = (options: NoOptions = {}): Initializer =>
  named('heNormal', options, { scale: 2, mode: 'fanIn', distribution: 'truncatedNormal' });

/** Uniform within ±√(3 / inputs). */
export const lecunUniform = (options: NoOptions = {}): Initializer =>
  named('lecunUniform', options, { scale: 1, mode: 'fanIn', distribution: 'uniform' });

/** Truncated normal of variance 1 / inputs, for selu. */
export const lecunNormal = (options: NoOptions = {}): Initializer =>
  named('lecunNormal', options, { scale: 1, mode: 'fanIn', distribution: 'truncatedNormal' });

/**
 * How many values flow into and out of one unit.
 * - `[]`: 1 and 1; `[n]`: n and n; `[in, out]`: as they are;
 * - `[...window, in, out]`: times the number of places in the window.
 */
export function fansOf(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  const last = shape.at(-1) ?? 1;
  const window = shape.slice(0, -2).reduce((places, extent) => places * extent, 1);
  return { fanIn: (shape.at(-2) ?? last) * window, fanOut: last * window };
}

function named(name: string, options: NoOptions, scaling: Required<VarianceScalingOptions>): Initializer {
  checkOptions(name, options, []);
  return scaled(name, {}, scaling);
}

function scaled(
  name: string,
  config: Readonly<Record<string, number | string>>,
  { scale, mode, distribution }: Required<VarianceScalingOptions>,
): Initializer {
  return elementwise(name, config, (random, shape) => {
    const { fanIn, fanOut } = fansOf(shape);
    const fan = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }[mode];
    const variance = scale / Math.max(1, fan);
    if (distribution === 'uniform') {
      const limit = Math.sqrt(3 * variance);
      return () => limit * (2 * random.uniform() - 1);
    }
    const stddev = Math.sqrt(variance);
    if (distribution === 'untruncatedNormal') return () => stddev * random.normal();
    return () => (stddev / TRUNCATED_STDDEV) * truncatedNormalNumber(random);
  });
}

function unknownDistribution(word: string): HeddleError {
  if (word !== 'normal') return unknownName('varianceScaling', 'distribution', word, DISTRIBUTIONS);
  return new HeddleError({
    op: 'varianceScaling',
    message: "the distribution 'normal' means two things",
    roles: ['distribution'],
    values: { distribution: word, valid: DISTRIBUTIONS },
    fix: "use 'truncatedNormal' (which it meant in TensorFlow.js) or 'untruncatedNormal'",
  });
}
