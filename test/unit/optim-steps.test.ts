/** Optimizers over several steps against their formulas in double precision, written out here apart from the engine. */

import { beforeAll, describe, expect, it } from 'vitest';
import {
  compile,
  init,
  ops,
  type Program,
  type Tensor,
  type Variable,
  VariableStore,
  variable,
} from '../../src/engine/index.js';
import { adam, adamW, type Optimizer, sgd } from '../../src/optim/index.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const START = [0.5, -1.25, 2, 0.1];
const TARGET = [1, 1, -1, 0.1];
const STEPS = 5;

/** Σ (p − target)² over two variables of two elements each, and the program of one step. */
async function program(optimizer: Optimizer): Promise<{ step: Program; values: () => Promise<number[]> }> {
  const store = new VariableStore('test');
  const make = (from: number, name: string) =>
    variable(START.slice(from, from + 2), { store, name, group: 'parameters' });
  const [a, b] = [make(0, 'a'), make(2, 'b')];
  const distance = (p: Variable, from: number): Tensor =>
    ops.sum(ops.square(ops.sub(p, variable(TARGET.slice(from, from + 2), { trainable: false }))));
  const loss = ops.add(distance(a, 0), distance(b, 2));
  const step = await compile({ updates: optimizer.minimize(loss, [a, b]), outputs: { loss } });
  return { step, values: async () => [...(await a.data()), ...(await b.data())] };
}

type Formula = (p: number, g: number, t: number, state: Record<string, number>) => number;

const adamFormula =
  (rate: number, beta1: number, beta2: number, epsilon: number, decay = 0): Formula =>
  (p, g, t, state) => {
    state.m = beta1 * (state.m ?? 0) + (1 - beta1) * g;
    state.v = beta2 * (state.v ?? 0) + (1 - beta2) * g * g;
    const alpha = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
    return p - rate * decay * p - (alpha * state.m) / (Math.sqrt(state.v) + epsilon);
  };

const momentumFormula =
  (rate: number, momentum: number, nesterov: boolean): Formula =>
  (p, g, _, state) => {
    state.u = momentum * (state.u ?? 0) - rate * g;
    return nesterov ? p + momentum * state.u - rate * g : p + state.u;
  };

const CASES: readonly (readonly [string, () => Optimizer, Formula])[] = [
  ['sgd', () => sgd({ learningRate: 0.1 }), (p, g) => p - 0.1 * g],
  ['sgd by default', () => sgd(), (p, g) => p - 0.01 * g],
  ['sgd with momentum', () => sgd({ learningRate: 0.1, momentum: 0.9 }), momentumFormula(0.1, 0.9, false)],
  [
    'sgd with nesterov',
    () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    momentumFormula(0.1, 0.9, true),
  ],
  ['adam by default', () => adam(), adamFormula(1e-3, 0.9, 0.999, 1e-7)],
  [
    'adam',
    () => adam({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
    adamFormula(0.1, 0.8, 0.95, 1e-3),
  ],
  ['adamW by default', () => adamW(), adamFormula(1e-3, 0.9, 0.999, 1e-7, 0.004)],
  ['adamW', () => adamW({ learningRate: 0.1, weightDecay: 0.5 }), adamFormula(0.1, 0.9, 0.999, 1e-7, 0.5)],
];

describe.each(CASES)('%s', (_, make, formula) => {
  it('follows its formula', async () => {
    const { step, values } = await program(make());
    const expected = [...START];
    const states: Record<string, number>[] = START.map(() => ({}));
    for (let t = 1; t <= STEPS; t++) {
      await step.run();
      expected.forEach((p, i) => {
        expected[i] = formula(p, 2 * (p - (TARGET[i] as number)), t, states[i] as Record<string, number>);
      });
      const found = await values();
      found.forEach((value, i) => {
        expect(Math.abs(value - (expected[i] as number))).toBeLessThan(2e-6);
      });
    }
  });
});

describe('the learning rate', () => {
  it('may be set between steps, without compiling', async () => {
    const optimizer = sgd({ learningRate: 0.1 });
    const { step, values } = await program(optimizer);
    await step.run();
    const after = await values();
    optimizer.learningRate = 0;
    await step.run({}, { times: 3 });
    expect(await values()).toEqual(after);
    optimizer.learningRate = 0.5;
    await step.run();
    (await values()).forEach((value, i) => {
      expect(value).toBeCloseTo(TARGET[i] as number, 6);
    });
    expect(optimizer.config).toEqual({ learningRate: 0.5, momentum: 0, nesterov: false });
  });

  it('reaches every binding that still exists', async () => {
    const optimizer = adam({ learningRate: 0.25 });
    const [kept, gone, freed] = [
      new VariableStore('kept'),
      new VariableStore('gone'),
      new VariableStore('freed'),
    ];
    const bindIn = (store: VariableStore) => optimizer.bind(store, [variable([1], { store })]);
    const bound = bindIn(kept);
    bindIn(gone);
    gone.dispose();
    const disposed = bindIn(freed);
    disposed.dispose();
    optimizer.learningRate = 0.75;
    expect(await bound.learningRate.array()).toBe(0.75);
    expect(disposed.slots.some(({ ref }) => freed.holds(ref))).toBe(false);
    disposed.dispose();
  });
});

describe('slots', () => {
  it('are named after their variables and lie side by side, kind by kind', () => {
    const store = new VariableStore('test');
    const make = (name: string, length: number) =>
      variable(new Float32Array(length), { name, store, group: 'parameters' });
    const variables = [make('a', 3), make('b', 100), make('c', 1)];
    const { slots, learningRate } = adam().bind(store, variables);
    expect(slots.map(({ name }) => name)).toEqual(['a/m', 'b/m', 'c/m', 'a/v', 'b/v', 'c/v']);
    const placesOf = (list: readonly Variable[]) => list.map(({ ref }) => ref.place());
    const offsets = placesOf(variables).map(({ offset }) => offset);
    for (const kind of [slots.slice(0, 3), slots.slice(3)]) {
      expect(new Set(placesOf(kind).map(({ arena }) => arena)).size).toBe(1);
      expect(placesOf(kind).map(({ offset }) => offset)).toEqual(offsets);
    }
    const arenas = placesOf([...variables, ...slots]).map(({ arena }) => arena);
    expect(arenas).not.toContain(learningRate.ref.place().arena);
    expect(sgd().bind(store, variables).slots).toEqual([]);
    expect(sgd({ momentum: 0.5 }).bind(store, variables).slots[0]?.name).toBe('a/velocity');
  });
});
