/**
 * Random tensors as pure functions of (seed, stream, step counter, element): the same bits on every device and in every
 * replay, so that masks are made again where a gradient needs them, never stored. Elements are numbered in row-major order;
 * the counter is a uint32 scalar, usually a variable that counts steps.
 */

import { HeddleError, rejectUnknownOptions } from '../../core/errors.js';
import { threefry, unitFloat } from '../../core/random.js';
import type { Shape } from '../../core/shape.js';
import type { Value } from '../../ir/graph.js';
import { scalar } from '../../ir/leaves.js';
import type { PointwiseRow, WgslContext } from '../../ir/pointwise.js';
import { add, mul } from './arithmetic.js';
import { greaterEqual, less } from './comparisons.js';
import { log, logHelpers } from './elementary.js';
import { applyRow } from './op.js';
import { defineRow, helperName, horner, literal, refused, sameDtype, wide } from './row.js';
import { select } from './select.js';
import { threefryHelper } from './threefry.js';

export interface RandomOptions {
  /** Chooses the sequence, with `stream`. An unsigned 32-bit integer. Default 0. */
  readonly seed?: number;
  /** Tells apart the random tensors of one program. An unsigned 32-bit integer. Default 0. */
  readonly stream?: number;
  /** The step: a uint32 scalar. Default 0: the same numbers at every run. */
  readonly counter?: Value;
}

const RANDOM_OPTIONS = ['seed', 'stream', 'counter'] as const;

const words = (args: readonly number[], index: number): [number, number] => {
  const [counter = 0, seed = 0, stream = 0] = args;
  return threefry(seed, stream, index, counter);
};

/** The call of `threefry` for the elements from `context.index`. */
function wordsWgsl([counter, seed, stream]: readonly string[], context: WgslContext): string {
  const { index, width } = context;
  const element = width === 1 ? index : `(vec4<u32>(${index}) + vec4<u32>(0u, 1u, 2u, 3u))`;
  return `${helperName('threefry', context)}(${seed}, ${stream}, ${element}, ${counter})`;
}

/** Words and what is exactly computed from them: no operand of these can be inexact. */
const randomRow = (
  row: Pick<PointwiseRow, 'name' | 'wgsl' | 'js' | 'helpers'>,
  result?: 'float32',
): PointwiseRow =>
  defineRow({
    helpers: (context) => [threefryHelper(context)],
    ...row,
    arity: 3,
    dtype: sameDtype(row.name, ['uint32'], result),
    slopes: () => [0, 0, 0],
    usesIndex: true,
    cheap: true,
  });

const bitsRow = randomRow({
  name: 'randomBits',
  wgsl: (args, context) => `${wordsWgsl(args, context)}[0]`,
  js: (args, index) => words(args, index)[0],
});

const unitRow = randomRow(
  {
    name: 'randomUnit',
    wgsl: (args, context) => unitWgsl(`${wordsWgsl(args, context)}[0]`, context),
    js: (args, index) => unitFloat(words(args, index)[0]),
  },
  'float32',
);

/** In the open interval (0, 1): odd multiples of 2⁻²⁴, so that its logarithm is finite. */
const openUnitRow = randomRow(
  {
    name: 'randomOpenUnit',
    wgsl(args, context) {
      const word = `(${wordsWgsl(args, context)}[0] >> ${wide('u32', context)}(9))`;
      const [half, scale] = [0.5, 2 ** -23].map((value) => literal(value, 'float32', context));
      return `(${wide('f32', context)}(${word}) + ${half}) * ${scale}`;
    },
    js: (args, index) => ((words(args, index)[0] >>> 9) + 0.5) * 2 ** -23,
  },
  'float32',
);

/** cos 2πr and sin 2πr / r as polynomials in r², |r| ≤ 1/8; minimax, relative errors 4.8e-11 and 3.3e-9. */
const COSINE = [0.99999999995, -19.73920865, 64.939316208, -85.442852124, 59.220407358];
const SINE = [6.2831852879, -41.341662633, 81.592553541, -75.402067922];

/** Box–Muller: √(−2 log(1 − u)) cos 2πv. WGSL's `cos` is only good to 2⁻¹¹; a turn splits into quarters exactly. */
const normalRow = randomRow(
  {
    name: 'randomNormal',
    helpers(context) {
      const T = wide('f32', context);
      const name = helperName('box_muller', context);
      return [
        threefryHelper(context),
        ...logHelpers(context),
        [
          `fn ${name}(words: array<${wide('u32', context)}, 2>) -> ${T} {`,
          `  let radius = sqrt(${T}(-2) * ${helperName('log_accurate', context)}(${T}(1) - ${unitWgsl('words[0]', context)}));`,
          `  let turn = ${unitWgsl('words[1]', context)};`,
          `  let quarter = floor(fma(turn, ${T}(4), ${T}(0.5)));`,
          `  let r = fma(quarter, ${T}(-0.25), turn);`,
          `  let cosine = ${horner('(r * r)', COSINE, T)};`,
          `  let sine = r * (${horner('(r * r)', SINE, T)});`,
          `  let along = select(cosine, sine, (quarter == ${T}(1)) | (quarter == ${T}(3)));`,
          `  return radius * select(along, -along, (quarter == ${T}(1)) | (quarter == ${T}(2)));`,
          '}',
        ].join('\n'),
      ];
    },
    wgsl: (args, context) => `${helperName('box_muller', context)}(${wordsWgsl(args, context)})`,
    js(args, index) {
      const [a, b] = words(args, index);
      return Math.sqrt(-2 * Math.log(1 - unitFloat(a))) * Math.cos(2 * Math.PI * unitFloat(b));
    },
  },
  'float32',
);

function unitWgsl(word: string, context: WgslContext): string {
  const top = `${wide('f32', context)}(${word} >> ${wide('u32', context)}(8))`;
  return `${top} * ${literal(2 ** -24, 'float32', context)}`;
}

export const RANDOM_ROWS: readonly PointwiseRow[] = [bitsRow, unitRow, openUnitRow, normalRow];

/** `row` over `shape`, its key and counter as operands, so that neither enters the shader. */
function draw(op: string, row: PointwiseRow, shape: Shape, options: RandomOptions): Value {
  const { seed = 0, stream = 0, counter = scalar(0, 'uint32') } = options;
  for (const [role, word] of Object.entries({ seed, stream })) {
    if (Number.isInteger(word) && word >= 0 && word < 2 ** 32) continue;
    throw new HeddleError({
      op,
      message: `${role} ${word} is not an unsigned 32-bit integer`,
      roles: [role],
      values: { [role]: word },
      fix: `use an integer from 0 to ${2 ** 32 - 1}`,
    });
  }
  if (counter.dtype !== 'uint32') throw refused(`${op} (counter)`, counter.dtype, ['uint32']);
  if (counter.shape.length > 0) {
    throw new HeddleError({
      op,
      message: `the counter has shape [${counter.shape.join(',')}], not []`,
      roles: ['counter'],
      values: { counter: counter.shape },
      fix: 'pass a uint32 scalar',
    });
  }
  return applyRow(row, [counter, scalar(seed, 'uint32'), scalar(stream, 'uint32')], { shape: [...shape] });
}

function finite(op: string, numbers: Readonly<Record<string, number>>): void {
  for (const [role, number] of Object.entries(numbers)) {
    if (Number.isFinite(number)) continue;
    throw new HeddleError({
      op,
      message: `${role} is ${number}`,
      roles: [role],
      values: numbers,
      fix: 'use a finite number',
    });
  }
}

function unitInterval(op: string, role: string, number: number, closed: boolean): void {
  if (number >= 0 && (closed ? number <= 1 : number < 1)) return;
  throw new HeddleError({
    op,
    message: `${role} ${number} is outside [0, 1${closed ? ']' : ')'}`,
    roles: [role],
    values: { [role]: number },
    fix: `use a number from 0 ${closed ? 'to' : 'up to, but not,'} 1`,
  });
}

/** 32 random bits per element, as uint32. */
export function randomBits(shape: Shape, options: RandomOptions = {}): Value {
  rejectUnknownOptions('randomBits', options, RANDOM_OPTIONS);
  return draw('randomBits', bitsRow, shape, options);
}

export interface UniformOptions extends RandomOptions {
  /** Default 0. */
  readonly min?: number;
  /** Default 1, never reached. */
  readonly max?: number;
}

/** float32 numbers uniform in [min, max), from 24 random bits. */
export function uniform(shape: Shape, options: UniformOptions = {}): Value {
  rejectUnknownOptions('uniform', options, [...RANDOM_OPTIONS, 'min', 'max']);
  const { min = 0, max = 1 } = options;
  finite('uniform', { min, max });
  const unit = draw('uniform', unitRow, shape, options);
  const scaled = max - min === 1 ? unit : mul(unit, max - min);
  return min === 0 ? scaled : add(scaled, min);
}

export interface NormalOptions extends RandomOptions {
  /** Default 0. */
  readonly mean?: number;
  /** Standard deviation. Default 1. */
  readonly stddev?: number;
}

/** float32 numbers from the normal distribution, by Box–Muller: within ±5.77 standard deviations. */
export function normal(shape: Shape, options: NormalOptions = {}): Value {
  rejectUnknownOptions('normal', options, [...RANDOM_OPTIONS, 'mean', 'stddev']);
  const { mean = 0, stddev = 1 } = options;
  finite('normal', { mean, stddev });
  const standard = draw('normal', normalRow, shape, options);
  const scaled = stddev === 1 ? standard : mul(standard, stddev);
  return mean === 0 ? scaled : add(scaled, mean);
}

export interface BernoulliOptions extends RandomOptions {
  /** Probability of `true`, in [0, 1]. Default 0.5. */
  readonly probability?: number;
}

/** bool: `true` with `probability`, to within 2⁻²⁴. */
export function bernoulli(shape: Shape, options: BernoulliOptions = {}): Value {
  rejectUnknownOptions('bernoulli', options, [...RANDOM_OPTIONS, 'probability']);
  const { probability = 0.5 } = options;
  unitInterval('bernoulli', 'probability', probability, true);
  return less(draw('bernoulli', unitRow, shape, options), probability);
}

/** Gumbel noise −log(−log u): adding it to logits and taking the largest samples from their softmax. */
export function gumbel(shape: Shape, options: RandomOptions = {}): Value {
  rejectUnknownOptions('gumbel', options, RANDOM_OPTIONS);
  const exponential = mul(log(draw('gumbel', openUnitRow, shape, options)), -1);
  return mul(log(exponential), -1);
}

export interface DropoutOptions extends RandomOptions {
  /** Fraction of elements that become 0, in [0, 1). */
  readonly rate: number;
}

/** x / (1 − rate) where a uniform number is at least `rate`, 0 elsewhere. Rate 0 gives `x`. float32. */
export function dropout(x: Value, options: DropoutOptions): Value {
  rejectUnknownOptions('dropout', options, [...RANDOM_OPTIONS, 'rate']);
  const { rate } = options;
  unitInterval('dropout', 'rate', rate, false);
  if (x.dtype !== 'float32') throw refused('dropout', x.dtype, ['float32']);
  if (rate === 0) return x;
  const kept = greaterEqual(draw('dropout', unitRow, x.shape, options), rate);
  return select(kept, mul(x, 1 / (1 - rate)), 0);
}
