/**
 * Gradients against finite differences, in float64. The gradients come as graph values, since whoever differentiates is no
 * business of the reference: this file only asks whether they are the slopes of the loss.
 */

import { type HostArray, isFloat } from '../core/dtype.js';
import { HeddleError } from '../core/errors.js';
import { randomStream } from '../core/random.js';
import { sizeOf } from '../core/shape.js';
import type { Value, VariableRef } from '../ir/graph.js';
import { isVariable, type VariableAttrs } from '../ir/leaves.js';
import { evaluateValues, type Feeds } from './evaluate.js';

export interface GradientCheck {
  /** A float scalar. */
  readonly loss: Value;
  /** Inputs or variables of dtype float32. */
  readonly wrt: readonly Value[];
  /** One per `wrt`; `null` claims that the loss does not depend on it. */
  readonly gradients: readonly (Value | null)[];
  readonly feeds: Feeds;
  readonly variables?: (variable: VariableRef) => HostArray;
}

export interface GradientCheckOptions {
  /** Step relative to max(1, |x|). Default 1e-5: the square of it and ε / it are both near 1e-11. */
  readonly step?: number;
  /** Allowed error relative to the largest slope seen in the same tensor. Default 1e-6. */
  readonly tolerance?: number;
  /** Elements tried in each tensor; one random direction through all elements comes on top. Default 16. */
  readonly samples?: number;
  readonly seed?: number;
}

export interface GradientFailure {
  /** Which of `wrt`. */
  readonly input: number;
  /** Which element, or `direction` for the random direction. */
  readonly element: number | 'direction';
  readonly gradient: number;
  readonly slope: number;
  readonly allowed: number;
}

export interface GradientReport {
  /** Slopes compared. */
  readonly checked: number;
  /** Of these, at a kink: there the gradient may be anything between the left and the right slope. */
  readonly kinks: number;
  /** The largest error over what is allowed. */
  readonly worst: number;
  readonly failures: readonly GradientFailure[];
}

/** The slope of the loss along one direction. */
interface Slope {
  readonly left: number;
  readonly right: number;
  readonly central: number;
  /** What rounding of the loss alone may do to `central`. */
  readonly noise: number;
}

/** One-sided slopes that differ by more than this share of their size mean a kink, not curvature. */
const KINK = 1e-2;
const DIRECTION_STREAM = 0x6772;
const SAMPLE_STREAM = 0x7361;

/** Compares `gradients` with central differences of `loss`. Throws where the loss is no float scalar or not finite. */
export function checkGradients(check: GradientCheck, options: GradientCheckOptions = {}): GradientReport {
  const { step = 1e-5, tolerance = 1e-6, samples = 16, seed = 1 } = options;
  const { wrt } = check;
  requireScalar(check.loss);
  const data = new Map(wrt.map((value) => [value, Float64Array.from(dataOf(check, value))]));
  const lossOf = lossFunction(check, data);
  const gradients = evaluateGradients(check, data);

  const failures: GradientFailure[] = [];
  let checked = 0;
  let kinks = 0;
  let worst = 0;
  wrt.forEach((value, input) => {
    const gradient = gradients[input] as Float64Array;
    const point = data.get(value) as Float64Array;
    const probes = probesOf(gradient, input, samples, seed);
    const slopes = probes.map(({ direction }) => slopeAlong(lossOf, point, direction, step));
    const scale = Math.max(
      ...slopes.map(({ central }) => Math.abs(central)),
      ...gradient.map(Math.abs),
      1e-3,
    );
    probes.forEach(({ element, expected }, index) => {
      const { left, right, central, noise } = slopes[index] as Slope;
      const allowed = tolerance * scale + noise;
      const kink = Math.abs(right - left) > KINK * scale + 4 * noise;
      const error = kink
        ? Math.max(Math.min(left, right) - expected, expected - Math.max(left, right), 0)
        : Math.abs(expected - central);
      checked++;
      if (kink) kinks++;
      worst = Math.max(worst, error / allowed);
      // Written so that NaN fails.
      if (!(error <= allowed)) failures.push({ input, element, gradient: expected, slope: central, allowed });
    });
  });
  return { checked, kinks, worst, failures };
}

interface Probe {
  readonly element: number | 'direction';
  readonly direction: ReadonlyMap<number, number>;
  /** What the gradient says of the slope. */
  readonly expected: number;
}

function probesOf(gradient: Float64Array, input: number, samples: number, seed: number): Probe[] {
  const { length } = gradient;
  const probes = sampleIndices(length, samples, seed + input).map((element) => ({
    element,
    direction: new Map([[element, 1]]),
    expected: gradient[element] as number,
  }));
  if (length <= samples) return probes;
  const { normal } = randomStream(seed + input, DIRECTION_STREAM);
  const direction = new Map(Array.from(gradient, (_, index) => [index, normal() / Math.sqrt(length)]));
  let expected = 0;
  for (const [index, along] of direction) expected += along * (gradient[index] as number);
  return [...probes, { element: 'direction', direction, expected }] as Probe[];
}

/** All indices, or `samples` distinct ones, the first and the last among them. */
function sampleIndices(length: number, samples: number, seed: number): number[] {
  if (length <= samples) return Array.from({ length }, (_, index) => index);
  const { below } = randomStream(seed, SAMPLE_STREAM);
  const chosen = new Set([0, length - 1]);
  while (chosen.size < samples) chosen.add(below(length));
  return [...chosen];
}

function slopeAlong(
  lossOf: () => number,
  point: Float64Array,
  direction: ReadonlyMap<number, number>,
  relativeStep: number,
): Slope {
  let size = 1;
  for (const index of direction.keys()) size = Math.max(size, Math.abs(point[index] as number));
  // A power of two, so that x + h and x − h lie h away in floating point too.
  const step = 2 ** Math.round(Math.log2(relativeStep * size));
  const at = (distance: number): number => {
    const kept = [...direction.keys()].map((index) => [index, point[index] as number] as const);
    for (const [index, along] of direction) point[index] = (point[index] as number) + distance * along;
    const loss = lossOf();
    for (const [index, before] of kept) point[index] = before;
    return loss;
  };
  const [below, here, above] = [at(-step), at(0), at(step)];
  const noise = (64 * Number.EPSILON * Math.max(Math.abs(below), Math.abs(here), Math.abs(above), 1)) / step;
  return {
    left: (here - below) / step,
    right: (above - here) / step,
    central: (above - below) / (2 * step),
    noise,
  };
}

function lossFunction(check: GradientCheck, data: ReadonlyMap<Value, Float64Array>): () => number {
  return () => {
    const [loss] = evaluateWith(check, [check.loss], data);
    const value = loss?.[0] ?? Number.NaN;
    if (Number.isFinite(value)) return value;
    throw new HeddleError({
      op: 'gradCheck',
      message: `the loss is ${value}`,
      roles: ['loss'],
      values: { loss: value },
      fix: 'check gradients where the loss is finite',
    });
  };
}

function evaluateGradients(check: GradientCheck, data: ReadonlyMap<Value, Float64Array>): Float64Array[] {
  const present = check.gradients.filter((gradient) => gradient !== null);
  const results = evaluateWith(check, present, data);
  return check.wrt.map((value, index) => {
    const gradient = check.gradients[index];
    return gradient
      ? Float64Array.from(results[present.indexOf(gradient)] ?? [])
      : new Float64Array(sizeOf(value.shape));
  });
}

function evaluateWith(
  check: GradientCheck,
  roots: readonly Value[],
  data: ReadonlyMap<Value, Float64Array>,
): HostArray[] {
  const feeds = new Map(check.feeds);
  const variables = new Map<VariableRef, HostArray>();
  for (const [value, array] of data) {
    if (isVariable(value)) variables.set((value.node.attrs as VariableAttrs).variable, array);
    else feeds.set(value.node, array);
  }
  const results = evaluateValues(roots, feeds, {
    precision: 'float64',
    variables: (variable) => variables.get(variable) ?? check.variables?.(variable) ?? new Float64Array(0),
  });
  return results.map((result) => result.data);
}

function dataOf(check: GradientCheck, value: Value): HostArray {
  const data = isVariable(value)
    ? check.variables?.((value.node.attrs as VariableAttrs).variable)
    : check.feeds.get(value.node);
  if (data && isFloat(value.dtype)) return data;
  throw new HeddleError({
    op: 'gradCheck',
    message: data
      ? `cannot differentiate with respect to ${value.dtype}`
      : 'a tensor to differentiate by has no data',
    roles: ['wrt'],
    values: { shape: value.shape, dtype: value.dtype },
    fix: 'differentiate by float32 inputs or variables, and give the data of each',
  });
}

function requireScalar({ shape, dtype }: Value): void {
  if (sizeOf(shape) === 1 && isFloat(dtype)) return;
  throw new HeddleError({
    op: 'gradCheck',
    message: `the loss is ${dtype} [${shape.join(',')}], not a float32 scalar`,
    roles: ['loss'],
    values: { shape, dtype },
    fix: 'reduce it with sum() or mean()',
  });
}
