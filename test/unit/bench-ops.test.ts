// The oracles of the benchmarks of ops: their bounds forgive rounding, and no term that is left out.
import { describe, expect, it } from 'vitest';
import { addTerm, emptySum, sumError } from '../../bench/ops/bounds.js';
import { convolutionTasks } from '../../bench/ops/convolution.js';
import { dataOf, numbers } from '../../bench/ops/data.js';
import { elementwiseTasks } from '../../bench/ops/elementwise.js';
import { matmulTasks } from '../../bench/ops/matmul.js';
import { normalisationTasks } from '../../bench/ops/normalisation.js';
import { optimizerTasks } from '../../bench/ops/optimizer.js';
import { poolingTasks } from '../../bench/ops/pooling.js';
import { placesOf } from '../../bench/ops/probes.js';
import { reductionTasks } from '../../bench/ops/reductions.js';
import { softmaxTasks } from '../../bench/ops/softmax.js';
import { GRADIENT_FACTORS, OPTIMIZERS, type OperandData, type OpTask, sizeOf } from '../../bench/ops/task.js';

const FAMILIES = [
  matmulTasks,
  convolutionTasks,
  poolingTasks,
  reductionTasks,
  softmaxTasks,
  normalisationTasks,
  elementwiseTasks,
  optimizerTasks,
];

describe('the bound of a sum', () => {
  const float32 = (terms: readonly number[]): number =>
    terms.reduce((sum, term) => Math.fround(sum + Math.fround(term)), 0);

  it.each([
    ['of either sign', -1],
    ['of one sign', 0.1],
  ])('of terms %s forgives float32, and half an average term left out at no length', (_, from) => {
    for (const n of [2, 3, 10, 100, 1000, 10_000]) {
      for (let seed = 1; seed <= 10; seed++) {
        const next = numbers(1000 * n + seed);
        const terms = Array.from({ length: n }, () => from + (1 - from) * next());
        const sum = emptySum();
        for (const term of terms) addTerm(sum, term);
        expect(Math.abs(float32(terms) - sum.sum)).toBeLessThan(0.6 * sumError(sum));
        expect(sumError(sum)).toBeLessThan(0.25 * Math.sqrt(sum.squares / n));
      }
    }
  });
});

/** What is put in the place of an element, so that its term is gone. */
const nothing = ({ op }: OpTask): number => (op.kind === 'softmax' ? Number.NEGATIVE_INFINITY : 0);

/** Operands up to this size are filled anew for each test. */
const MOST = 2 ** 23;

const SUMS = FAMILIES.flatMap((make) => {
  const [full, tiny] = [make('full'), make('tiny')];
  return full.map((task, index) =>
    task.operands.some(({ shape }) => sizeOf(shape) > MOST) ? (tiny[index] ?? task) : task,
  );
}).filter(isSum);

/** One of many elements hardly moves a normalised one; sums stand in the gradients. */
function isSum({ op }: OpTask): boolean {
  if (op.kind === 'pool' || op.kind === 'reduce') return op.of !== 'max';
  if (op.kind === 'normalisation') return op.part === 'gradient';
  return op.kind === 'matmul' || op.kind === 'convolution' || op.kind === 'softmax' || op.kind === 'dot';
}

describe('an oracle', () => {
  it.each(SUMS.map((task) => [task.name, task] as const))('of %s sees one term left out', (_, task) => {
    const data = dataOf(task);
    // Of gradients of a normalisation, the one to the shift: the sum of dy.
    const [result, operand] = task.op.kind === 'normalisation' ? [2, 3] : [0, 0];
    const place = placesOf(task.results[result] ?? [])[5] ?? 0;
    const { value, tolerance } = task.oracle(data)(result, place);
    const { damaged, index } = withoutOne(task, { data, operand, result, place });
    const without = task.oracle(damaged)(result, place);
    expect(Math.abs(without.value - value), `without element ${index}`).toBeGreaterThan(4 * tolerance);
  });
});

describe('the oracle of an optimizer', () => {
  const round = Math.fround;
  /** Weights after the checked steps in float32, by rules that keep `kept` of what they have gathered. */
  const RULES = {
    adam(weight: number, gradient: number, kept: number): number {
      const { learningRate, beta1, beta2, epsilon } = OPTIMIZERS.adam;
      let [w, m, v] = [weight, 0, 0];
      GRADIENT_FACTORS.forEach((factor, index) => {
        const g = factor * gradient;
        m = round(round(beta1 * kept * m) + round((1 - beta1) * g));
        v = round(round(beta2 * kept * v) + round((1 - beta2) * g * g));
        const [one, two] = [beta1, beta2].map((beta) => round(1 - round(beta ** (index + 1)))) as [
          number,
          number,
        ];
        w = round(w - round((learningRate * (m / one)) / (Math.sqrt(v / two) + epsilon)));
      });
      return w;
    },
    momentum(weight: number, gradient: number, kept: number): number {
      const { learningRate, momentum } = OPTIMIZERS.momentum;
      let [w, u] = [weight, 0];
      for (const factor of GRADIENT_FACTORS) {
        u = round(round(momentum * kept * u) - round(learningRate * factor * gradient));
        w = round(w + u);
      }
      return w;
    },
  };

  it.each(['adam', 'momentum'] as const)(
    'of %s forgives float32, and no moment that is forgotten',
    (rule) => {
      const task = optimizerTasks('tiny').find(({ name }) => name.startsWith(rule)) as OpTask;
      const data = dataOf(task);
      const oracle = task.oracle(data);
      for (const [result, shape] of task.results.entries()) {
        for (const place of placesOf(shape)) {
          const weight = data[result]?.[place] ?? 0;
          const gradient = data[task.results.length + result]?.[place] ?? 0;
          const { value, tolerance } = oracle(result, place);
          expect(Math.abs(RULES[rule](weight, gradient, 1) - value)).toBeLessThan(tolerance);
          if (Math.abs(gradient) < 0.1) continue;
          expect(Math.abs(RULES[rule](weight, gradient, 0) - value)).toBeGreaterThan(4 * tolerance);
        }
      }
    },
  );
});

interface Looked {
  readonly data: readonly OperandData[];
  readonly operand: number;
  readonly result: number;
  readonly place: number;
}

/** The data without one of the elements that the oracle looks at: of some thousand, the middle one by size; of exponentials, the second largest. */
function withoutOne(
  task: OpTask,
  { data, operand, result, place }: Looked,
): { damaged: OperandData[]; index: number } {
  const own = data[operand] as OperandData;
  const seen = new Set<number>();
  const watched = new Proxy(own, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value === 'number' && key !== 'length' && seen.size < 4096) seen.add(Number(key));
      return value;
    },
  });
  task.oracle(data.map((one) => (one === own ? watched : one)))(result, place);
  // What is multiplied by 0 is no term.
  const terms = [...seen].filter((index) => task.op.kind !== 'dot' || data[1]?.[index] !== 0);
  const bySize = terms.sort((a, b) => Math.abs(own[a] ?? 0) - Math.abs(own[b] ?? 0));
  const byValue = [...seen].filter((index) => index !== place).sort((a, b) => (own[b] ?? 0) - (own[a] ?? 0));
  const index = (task.op.kind === 'softmax' ? byValue[1] : bySize[Math.floor(terms.length / 2)]) ?? 0;
  const damaged = own.slice();
  damaged[index] = nothing(task);
  return { damaged: data.map((one) => (one === own ? damaged : one)), index };
}

describe('the tasks', () => {
  it('have names of their own, operands of their shapes and probes of every result', () => {
    for (const size of ['full', 'tiny'] as const) {
      const tasks = FAMILIES.flatMap((make) => make(size));
      expect(new Set(tasks.map(({ name }) => name)).size).toBe(tasks.length);
      for (const { name, results, cost } of tasks) {
        expect(cost.flops, name).toBeGreaterThan(0);
        for (const shape of results) {
          const places = placesOf(shape);
          expect(places.length, name).toBe(Math.min(48, sizeOf(shape)));
          expect(places).toContain(0);
          expect(places).toContain(sizeOf(shape) - 1);
          expect(Math.max(...places)).toBeLessThan(sizeOf(shape));
        }
      }
    }
  });

  it('fill operands with numbers between their bounds, whole ones where they say so', () => {
    for (const task of FAMILIES.flatMap((make) => make('tiny'))) {
      dataOf(task).forEach((data, index) => {
        const { shape, from, to, whole } = task.operands[index] ?? { shape: [], from: 0, to: 0 };
        expect(data.length).toBe(sizeOf(shape));
        const fits = (value: number): boolean =>
          value >= from && value <= to && (!whole || Number.isInteger(value));
        expect([...data].filter((value) => !fits(value))).toEqual([]);
      });
    }
  });
});
