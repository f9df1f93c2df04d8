/** Batch and layer normalisation: forward with the statistics of the data at hand, their gradient, and with known statistics. */

import type { Size } from '../case.js';
import { addTerm, DIVISION_ULPS, EPSILON, emptySum, ROOT_ULPS, sumError } from './bounds.js';
import {
  at,
  costOf,
  even,
  NORMALISATION_EPSILON,
  type Normalisation,
  type OperandData,
  type OpTask,
  type Oracle,
  type Probe,
  type Shape,
  sizeOf,
} from './task.js';

const EXTENTS: Readonly<Record<Normalisation['of'], Readonly<Record<Size, Shape>>>> = {
  batch: { full: [32, 56, 56, 64], tiny: [3, 3, 4, 9] },
  layer: { full: [4096, 768], tiny: [5, 33] },
};

const PARTS: Readonly<Record<string, Omit<Normalisation, 'kind'>>> = {
  'batch-norm/training': { of: 'batch', part: 'forward' },
  'batch-norm/gradient': { of: 'batch', part: 'gradient' },
  'batch-norm/inference': { of: 'batch', part: 'inference' },
  'layer-norm/forward': { of: 'layer', part: 'forward' },
  'layer-norm/gradient': { of: 'layer', part: 'gradient' },
};

/** For each element: two passes for the statistics, one for the result; the gradient takes two more, of two sums and of five terms. */
const FLOPS: Readonly<Record<Normalisation['part'], number>> = { forward: 8, gradient: 16, inference: 4 };

const WORDS: Readonly<Record<Normalisation['part'], string>> = {
  forward: 'with the statistics at hand, scaled and shifted',
  gradient: 'its gradient to input, scale and shift, with as much of the forward pass as it needs',
  inference: 'with known statistics, scaled and shifted',
};

export const normalisationTasks = (size: Size): OpTask[] =>
  Object.entries(PARTS).map(([name, which]) => {
    const op = { kind: 'normalisation', ...which } as const;
    const shape = EXTENTS[op.of][size];
    const channels = shape.at(-1) ?? 1;
    const channel = even(channels);
    const gamma = { shape: [channels], from: 0.5, to: 1.5 };
    const forward = [even(...shape), gamma, channel];
    const shapes = {
      forward: { operands: forward, results: [shape] },
      gradient: { operands: [...forward, even(...shape)], results: [shape, [channels], [channels]] },
      inference: {
        operands: [...forward, channel, { shape: [channels], from: 0.1, to: 1 }],
        results: [shape],
      },
    }[op.part];
    const over = op.of === 'batch' ? 'all axes but the last' : 'the last axis';
    return {
      name,
      about: `${op.of} normalisation of ${shape.join('×')} over ${over}: ${WORDS[op.part]}`,
      op,
      ...shapes,
      cost: costOf(FLOPS[op.part] * sizeOf(shape), shapes),
      oracle: (data) => (op.part === 'inference' ? inference(channels, data) : trained(op, shape, data)),
    };
  });

function inference(channels: number, [x, gamma, beta, mean, variance]: readonly OperandData[]): Oracle {
  if (!x || !gamma || !beta || !mean || !variance) throw new RangeError('inference takes five operands');
  return (_result, place) => {
    const c = place % channels;
    const factor = at(gamma, c) / Math.sqrt(at(variance, c) + NORMALISATION_EPSILON);
    const value = (at(x, place) - at(mean, c)) * factor + at(beta, c);
    const terms = (Math.abs(at(x, place)) + Math.abs(at(mean, c))) * Math.abs(factor) + Math.abs(at(beta, c));
    return { value, tolerance: (ROOT_ULPS + DIVISION_ULPS + 4) * EPSILON * terms };
  };
}

/** Mean, 1 / √(variance + ε) and the two means of the gradient of one group of elements, each with its error. */
interface Group {
  readonly mean: Probe;
  readonly root: Probe;
  /** mean(g) and mean(g·x̂), with g = dy for a batch and dy·gamma for a layer; 0 in the forward pass. */
  readonly meanG: Probe;
  readonly meanGX: Probe;
}

function trained(op: Normalisation, shape: Shape, data: readonly OperandData[]): Oracle {
  const [x, gamma, beta, dy] = data;
  if (!x || !gamma || !beta) throw new RangeError('normalisation takes x, gamma and beta');
  const channels = shape.at(-1) ?? 1;
  const rows = x.length / channels;
  const batch = op.of === 'batch';
  const [count, step] = batch ? [rows, channels] : [channels, 1];
  const startOf = (group: number): number => (batch ? group : group * channels);
  const g = (place: number): number => at(dy ?? [], place) * (batch ? 1 : at(gamma, place % channels));
  const groups = new Map<number, Group>();
  const groupAt = (group: number): Group => {
    const known = groups.get(group);
    if (known) return known;
    const found = groupOf(Array.from({ length: count }, (_, index) => startOf(group) + index * step));
    groups.set(group, found);
    return found;
  };
  const groupOf = (places: readonly number[]): Group => {
    const mean = meanOf(places, (place) => at(x, place), 0);
    // A mean that is off by e adds e² to the variance; each difference is off by one rounding.
    const variance = meanOf(places, (place) => (at(x, place) - mean.value) ** 2, 0);
    const error = variance.tolerance + mean.tolerance ** 2 + 2 * EPSILON * variance.value;
    const total = variance.value + NORMALISATION_EPSILON;
    const value = 1 / Math.sqrt(total);
    const root = { value, tolerance: value * (error / (2 * total) + (ROOT_ULPS + DIVISION_ULPS) * EPSILON) };
    if (!dy) return { mean, root, meanG: EXACT_ZERO, meanGX: EXACT_ZERO };
    const standard = standardOf({ mean, root });
    return {
      mean,
      root,
      meanG: meanOf(places, g, batch ? 0 : 1),
      meanGX: meanOf(
        places,
        (place) => g(place) * standard(at(x, place)).value,
        3,
        (place) => Math.abs(g(place)) * standard(at(x, place)).tolerance,
      ),
    };
  };
  return (result, place) => {
    const c = place % channels;
    if (dy && result > 0) return parameterGradient(result, place);
    const group = groupAt(batch ? c : Math.floor(place / channels));
    const standard = standardOf(group)(at(x, place));
    if (!dy) {
      const value = standard.value * at(gamma, c) + at(beta, c);
      const terms = Math.abs(standard.value * at(gamma, c)) + Math.abs(at(beta, c));
      return { value, tolerance: standard.tolerance * at(gamma, c) + 3 * EPSILON * terms };
    }
    return inputGradient(group, standard, g(place), batch ? at(gamma, c) : 1);
  };

  /** dgamma = Σ dy·x̂ and dbeta = Σ dy of one channel, over all rows. */
  function parameterGradient(result: number, channel: number): Probe {
    const sum = emptySum();
    let errors = 0;
    for (let row = 0; row < rows; row++) {
      const place = row * channels + channel;
      if (result === 2) {
        addTerm(sum, at(dy ?? [], place));
        continue;
      }
      const standard = standardOf(groupAt(batch ? channel : row))(at(x ?? [], place));
      addTerm(sum, at(dy ?? [], place) * standard.value);
      errors += (at(dy ?? [], place) * standard.tolerance) ** 2;
    }
    // In a batch all x̂ are off together, yet dy has either sign; so their errors add like their squares.
    return { value: sum.sum, tolerance: sumError(sum) + SPREAD * Math.sqrt(errors) };
  }
}

/** dx = gamma·r·(g − mean(g) − x̂·mean(g·x̂)), where a layer's gamma stands in g already. */
function inputGradient({ root, meanG, meanGX }: Group, standard: Probe, g: number, gamma: number): Probe {
  const inner = g - meanG.value - standard.value * meanGX.value;
  const sizes = Math.abs(g) + Math.abs(meanG.value) + Math.abs(standard.value * meanGX.value);
  const innerError =
    meanG.tolerance +
    Math.abs(standard.value) * meanGX.tolerance +
    standard.tolerance * Math.abs(meanGX.value) +
    4 * EPSILON * sizes;
  return {
    value: gamma * root.value * inner,
    tolerance:
      gamma * (root.value * innerError + root.tolerance * Math.abs(inner)) +
      3 * EPSILON * gamma * root.value * sizes,
  };
}

const EXACT_ZERO: Probe = { value: 0, tolerance: 0 };

/** Standard deviations that a sum of independent errors is allowed. */
const SPREAD = 8;

/** (x − mean)·r with its error. */
const standardOf =
  ({ mean, root }: Pick<Group, 'mean' | 'root'>) =>
  (x: number): Probe => {
    const distance = x - mean.value;
    const value = distance * root.value;
    const tolerance =
      root.value * (mean.tolerance + EPSILON * (Math.abs(x) + Math.abs(mean.value))) +
      Math.abs(distance) * root.tolerance +
      EPSILON * Math.abs(value);
    return { value, tolerance };
  };

/** The mean of terms that are off by `roundings` ε each and by an error of their own, as often up as down. */
function meanOf(
  places: readonly number[],
  term: (place: number) => number,
  roundings: number,
  error: (place: number) => number = () => 0,
): Probe {
  const sum = emptySum();
  let squares = 0;
  for (const place of places) {
    const value = term(place);
    addTerm(sum, value);
    squares += (roundings * EPSILON * value) ** 2 + error(place) ** 2;
  }
  const value = sum.sum / sum.n;
  return {
    value,
    tolerance:
      (sumError(sum) + SPREAD * Math.sqrt(squares)) / sum.n + DIVISION_ULPS * EPSILON * Math.abs(value),
  };
}
