/** `minimize` in graph programs, runs of neighbours, and what optimizers refuse. */

import { beforeAll, describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/core/shape.js';
import {
  compile,
  init,
  input,
  ops,
  type Tensor,
  tensor,
  Variable,
  VariableStore,
  variable,
} from '../../src/engine/index.js';
import type { PlacedTensor } from '../../src/ir/plan.js';
import * as layers from '../../src/nn/layers/index.js';
import { meanSquaredError } from '../../src/nn/losses.js';
import { Network } from '../../src/nn/network.js';
import { adam, adamW, type Optimizer, sgd } from '../../src/optim/index.js';
import { type OptimizerSpec, resolveOptimizer } from '../../src/optim/resolve.js';
import { runsOf } from '../../src/optim/runs.js';
import { failure } from '../kit/failure.js';
import { hostMemory, interpret, writeTensor } from '../kit/plan-interpreter.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const mean = (x: Tensor): Tensor => ops.mean(x);

describe('minimize', () => {
  it.each([
    ['sgd', () => sgd({ learningRate: 0.1 })],
    ['nesterov', () => sgd({ learningRate: 0.05, momentum: 0.5, nesterov: true })],
    ['adam', () => adam({ learningRate: 0.1 })],
    ['adamW', () => adamW({ learningRate: 0.1, weightDecay: 0 })],
  ] as [string, () => Optimizer][])('%s finds the minimum of a quadratic', async (_, make) => {
    const [x, y] = [variable(4), variable([-3, 2])];
    const loss = ops.add(ops.square(ops.sub(x, 1)), ops.sum(ops.square(ops.add(y, 2))));
    const step = await compile({ updates: make().minimize(loss, [x, y]), outputs: { loss } });
    await step.run({}, { times: 300 });
    expect(await x.array()).toBeCloseTo(1, 2);
    for (const value of await y.data()) expect(value).toBeCloseTo(-2, 2);
  });

  it('shares slots and steps between programs for the same variables', async () => {
    const [apart, together] = [variable([1, -2]), variable([1, -2])];
    const lossOf = (v: Variable): Tensor => ops.sum(ops.square(v));
    const optimizer = adam({ learningRate: 0.1 });
    const [first, second] = [
      await compile({ updates: optimizer.minimize(lossOf(apart), [apart]) }),
      await compile({ updates: optimizer.minimize(lossOf(apart), [apart]) }),
    ];
    const one = await compile({
      updates: adam({ learningRate: 0.1 }).minimize(lossOf(together), [together]),
    });
    for (const program of [first, second, first]) await program.run();
    await one.run({}, { times: 3 });
    expect(await apart.data()).toEqual(await together.data());
  });

  it('trains a network, leaves another alone, and gives dropout a new mask each step', async () => {
    const make = (name: string) =>
      new Network({
        layers: [
          layers.dense({ units: 8, inputShape: [2] }),
          layers.dropout({ rate: 0.5 }),
          layers.dense({ units: 1 }),
        ],
        name,
        seed: 3,
      });
    const [trained, frozen] = [make('trained'), make('frozen')];
    const [x, y] = [input([4, 2]), input([4, 1])];
    const hidden = trained.apply(x, { training: true });
    const predicted = ops.add(hidden, frozen.apply(x));
    const loss = mean(meanSquaredError()(y, predicted));
    const updates = sgd({ learningRate: 0 }).minimize(loss, trained.trainableVariables);
    const before = await frozen.getWeights();
    const step = await compile({ inputs: { x, y }, outputs: { hidden }, updates });
    const feeds = {
      x: [
        [1, 2],
        [3, 4],
        [5, 6],
        [7, 8],
      ],
      y: [[1], [2], [3], [4]],
    };
    const first = await step.run(feeds);
    const second = await step.run(feeds);
    expect(second.hidden?.data).not.toEqual(first.hidden?.data);
    expect(await trained.counter.array()).toBe(2);
    expect(await frozen.getWeights()).toEqual(before);
    expect(await frozen.counter.array()).toBe(0);
  });

  it('gives plans that compute the same from where the compiler has put things', async () => {
    for (const make of [() => adam({ learningRate: 0.1 }), () => sgd({ learningRate: 0.1, momentum: 0.5 })]) {
      const store = new VariableStore('test');
      const values = [[1, -2, 3], [0.5], [2, 4]];
      const parameters = values.map((list, index) =>
        variable(list, { store, ...(index < 2 ? { group: 'parameters' } : {}) }),
      );
      const loss = parameters.map((v) => ops.sum(ops.square(v))).reduce((sum, one) => ops.add(sum, one));
      const optimizer = make();
      const updates = optimizer.minimize(loss, parameters);
      const step = await compile({ updates });
      const { plan } = step.executor;
      const memory = hostMemory(plan);
      const words = ({ ref }: Pick<Variable, 'ref'>): Float32Array<ArrayBuffer> => {
        const { arena, offset } = ref.place();
        return new Float32Array(memory.variables.get(arena) as ArrayBuffer, offset, sizeOf(ref.shape));
      };
      for (const arena of memory.variables.values()) new Uint8Array(arena).fill(0);
      const rate = plan.steps
        .flatMap(({ inputs }) => inputs)
        .find(({ type, location }) => {
          const { buffer } = location;
          return (
            type.shape.length === 0 &&
            buffer.kind === 'variables' &&
            buffer.arena.label.endsWith('learningRate')
          );
        }) as PlacedTensor;
      writeTensor(memory, rate, Float32Array.of(optimizer.learningRate));
      parameters.forEach((one, index) => {
        words(one).set(values[index] as number[]);
      });
      for (let t = 0; t < 3; t++) {
        interpret(plan, memory);
        await step.run();
        for (const { variable: one } of updates) {
          const found =
            one.dtype === 'uint32'
              ? new Uint32Array(words(one).buffer, words(one).byteOffset, 1)
              : words(one);
          expect([...found], one.name).toEqual([...(await one.data())]);
        }
      }
    }
  });

  it('keeps an element whose new value would not be finite', async () => {
    const v = variable([1, 1]);
    const factor = variable([1, Number.POSITIVE_INFINITY], { trainable: false });
    const step = await compile({
      updates: sgd({ learningRate: 0.5 }).minimize(ops.sum(ops.mul(v, factor)), [v]),
    });
    await step.run();
    expect(await v.array()).toEqual([0.5, 1]);
  });

  it('refuses losses that are no float scalars', () => {
    const v = variable([1, 2]);
    expect(failure(() => sgd().minimize(ops.square(v), [v]))).toMatchObject({
      op: 'minimize',
      roles: ['loss'],
      values: { shape: [2] },
    });
    expect(failure(() => sgd().minimize(tensor(1, { dtype: 'int32' }), [v])).values).toMatchObject({
      dtype: 'int32',
    });
  });

  it('refuses no variables, one twice, one that is not trainable, and one without a part in the loss', () => {
    const [v, w] = [variable([1, 2], { name: 'v' }), variable([1], { name: 'w' })];
    const still = variable([1], { name: 'still', trainable: false });
    const loss = ops.sum(ops.mul(v, still));
    expect(failure(() => sgd().minimize(loss, [])).roles).toEqual(['variables']);
    expect(failure(() => sgd().minimize(loss, [v, v])).message).toContain("'v' is given twice");
    expect(failure(() => sgd().minimize(loss, [v, still])).values).toMatchObject({ variable: 'still' });
    const error = failure(() => sgd().minimize(loss, [v, w]));
    expect(error.values).toEqual({ variable: 'w', variables: ['v', 'w'] });
    expect(error.message).toContain("does not depend on variable 'w'");
  });
});

describe('runsOf', () => {
  it('cuts where variables are not neighbours', () => {
    const store = new VariableStore('test');
    const make = (length: number, group?: string): Variable =>
      variable(new Float32Array(length), { store, ...(group ? { group } : {}) });
    const [a, b, c] = [make(65, 'p'), make(64, 'p'), make(1, 'p')];
    const alone = make(3);
    expect(runsOf([a, b, c])).toEqual([{ from: 0, to: 3 }]);
    expect(runsOf([a, c])).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ]);
    expect(runsOf([b, a])).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 2 },
    ]);
    expect(runsOf([a, b, alone, c])).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 3 },
      { from: 3, to: 4 },
    ]);
    expect(runsOf([])).toEqual([]);
  });

  it('keeps runs within what every device can bind', () => {
    const big = new VariableStore('big');
    const make = (): Variable =>
      new Variable(
        big.create(
          { shape: [16 * 2 ** 20], dtype: 'float32', data: new Float32Array(0) },
          { name: 'v', trainable: true, group: 'p' },
        ),
      );
    expect(runsOf([make(), make(), make()])).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 3 },
    ]);
  });

  it('lets several runs train together', async () => {
    const store = new VariableStore('test');
    const make = (values: number[], group?: string): Variable =>
      variable(values, { store, ...(group ? { group } : {}) });
    const all = [make([1], 'p'), make([2, 3], 'p'), make([4]), make([5])];
    const loss = all.map((v) => ops.sum(ops.square(v))).reduce((sum, one) => ops.add(sum, one));
    const step = await compile({ updates: sgd({ learningRate: 0.25, momentum: 0.5 }).minimize(loss, all) });
    await step.run();
    expect(await Promise.all(all.map((v) => v.array()))).toEqual([[0.5], [1, 1.5], [2], [2.5]]);
    await step.run();
    expect(await Promise.all(all.map((v) => v.array()))).toEqual([[0], [0, 0], [0], [0]]);
  });
});

describe('options', () => {
  it.each([
    [() => sgd({ learningRate: -1 }), 'learningRate'],
    [() => sgd({ learningRate: Number.NaN }), 'learningRate'],
    [() => sgd({ momentum: 1 }), 'momentum'],
    [() => sgd({ nesterov: 1 } as never), 'nesterov'],
    [() => adam({ learningRate: '1' } as never), 'learningRate'],
    [() => adam({ beta1: 1 }), 'beta1'],
    [() => adam({ beta2: -0.1 }), 'beta2'],
    [() => adam({ epsilon: 0 }), 'epsilon'],
    [() => adamW({ weightDecay: -1 }), 'weightDecay'],
  ] as [() => Optimizer, string][])('out of range are refused: %s', (make, role) => {
    const error = failure(make);
    expect(error.roles).toEqual([role]);
    expect(error.fix).not.toBe('');
  });

  it('unknown ones are refused with the nearest', () => {
    expect(failure(() => adam({ learning_rate: 1 } as never)).fix).toContain("'learningRate'");
    expect(failure(() => adam({ weightDecay: 1 } as never)).roles).toEqual(['option']);
    expect(failure(() => sgd({ nestrov: true } as never)).fix).toContain("'nesterov'");
    const optimizer = sgd();
    expect(
      failure(() => {
        optimizer.learningRate = Number.POSITIVE_INFINITY;
      }).roles,
    ).toEqual(['learningRate']);
    expect(optimizer.learningRate).toBe(0.01);
  });

  it('gradients must be as many as variables', () => {
    const v = variable([1]);
    const zero = tensor(0, { dtype: 'uint32' });
    const bound = sgd().bind(v.store, [v]);
    expect(failure(() => bound.updates([], { step: zero, apply: zero, fault: zero })).roles).toEqual([
      'gradients',
    ]);
  });
});

describe('resolveOptimizer', () => {
  it('takes optimizers, names and the data of one', () => {
    const own = adam();
    expect(resolveOptimizer(own)).toBe(own);
    for (const optimizer of [
      sgd({ momentum: 0.5, nesterov: true }),
      adam({ beta1: 0.5 }),
      adamW({ learningRate: 0.5 }),
    ]) {
      expect(resolveOptimizer(optimizer.name).name).toBe(optimizer.name);
      const { name, config } = optimizer;
      expect(resolveOptimizer({ name, config }).config).toEqual(config);
    }
    expect(resolveOptimizer('adam').config).toEqual({
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
    });
    expect(resolveOptimizer('adamW').config).toMatchObject({ weightDecay: 0.004 });
  });

  it('refuses the rest', () => {
    const error = failure(() => resolveOptimizer('adm'));
    expect(error.roles).toEqual(['optimizer']);
    expect(error.fix).toContain("did you mean 'adam'");
    expect(failure(() => resolveOptimizer(adam as unknown as OptimizerSpec)).fix).toContain('call it');
    expect(failure(() => resolveOptimizer(undefined as unknown as OptimizerSpec)).roles).toEqual([
      'optimizer',
    ]);
  });
});
