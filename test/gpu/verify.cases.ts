// Is the verifier to be trusted? It passes what is right, names the op of a damaged kernel, and leaves everything as it was.
import { verifyProgram } from '../../src/engine/index.js';
import {
  compile,
  grad,
  input,
  ops,
  type Program,
  save,
  type Variable,
  type VerifyReport,
  variable,
  verify,
} from '../../src/index.js';
import { evaluateWithBudgets } from '../../src/reference/budget.js';
import { judge } from '../../src/reference/judge.js';
import { type Damage, damagedShaders } from '../kit/damage.js';
import { ownDevice, sameBits, throws } from '../kit/engine-setup.js';
import { bunches, classifier } from '../kit/tiny-models.js';
import { check, exact, type Failure, type GpuCase } from './kit.js';

const [BATCH, FEATURES, HIDDEN, CLASSES] = [8, 12, 16, 5];

const ramp = (size: number, scale: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: size }, (_, index) => scale * Math.sin(1 + index * 1.7));

/** Two layers, dropout, softmax cross-entropy, momentum by hand: a training step of plain ops. */
async function trainingProgram() {
  const x = input([BATCH, FEATURES]);
  const y = input([BATCH], 'int32');
  const weights = [
    variable(ramp(FEATURES * HIDDEN, 0.3), { shape: [FEATURES, HIDDEN], name: 'w1' }),
    variable(ramp(HIDDEN, 0.1), { name: 'b1' }),
    variable(ramp(HIDDEN * CLASSES, 0.3), { shape: [HIDDEN, CLASSES], name: 'w2' }),
    variable(ramp(CLASSES, 0.1), { name: 'b2' }),
  ] as const;
  const momenta = weights.map(({ shape, name }) =>
    variable(new Float32Array(shape.reduce((size, extent) => size * extent, 1)), {
      shape,
      name: `m ${name}`,
    }),
  );
  const steps = variable(0, { name: 'steps', dtype: 'uint32' });
  const [w1, b1, w2, b2] = weights;
  const hidden = ops.dropout(ops.relu(ops.add(ops.matmul(x, w1), b1)), {
    rate: 0.2,
    seed: 4,
    counter: steps,
  });
  const loss = ops.mean(ops.sparseSoftmaxCrossentropy(ops.add(ops.matmul(hidden, w2), b2), y));
  const gradients = grad(loss, weights);
  const moved = momenta.map((m, index) =>
    ops.add(ops.mul(m, 0.9), gradients[index] as (typeof gradients)[0]),
  );
  const program = await compile({
    name: 'step',
    inputs: { x, y },
    outputs: { loss },
    updates: [
      ...weights.map((variable, index) => ({
        variable,
        value: ops.sub(variable, ops.mul(moved[index] as Variable, 0.1)),
      })),
      ...momenta.map((variable, index) => ({ variable, value: moved[index] as Variable })),
      { variable: steps, value: ops.add(steps, 1) },
    ],
  });
  const feeds = {
    x: ramp(BATCH * FEATURES, 1),
    y: Int32Array.from({ length: BATCH }, (_, index) => (index * 3) % CLASSES),
  };
  return { program, feeds, state: [...weights, ...momenta, steps] };
}

const readAll = (state: readonly Variable[]) => Promise.all(state.map((one) => one.data()));

/** The report must fail, and blame ops of the damaged kernels and no other. */
function blames(report: VerifyReport, plan: Program['executor']['plan'], { entryPoints }: Damage): Failure[] {
  const wrong = report.steps.filter((step) => !step.passed);
  const guilty = plan.steps.filter(({ dispatches }) =>
    dispatches.some(({ kernel }) => entryPoints.has(kernel.entryPoint)),
  );
  const names = new Set(guilty.map((step) => step.node.op.name));
  return [
    ...check('kernels damaged', entryPoints.size > 0, 'some', 'none'),
    ...check('the report fails', !report.passed && report.worstBudgetRatio > 1),
    ...check(
      'it names the op and no other',
      wrong.length > 0 && wrong.every(({ op }) => names.has(op)) && names.has(report.worstOp),
      [...names].join(', '),
      `worst ${report.worstOp}; ${wrong.map(({ op, worstBudgetRatio }) => `${op} ${worstBudgetRatio}`).join(', ')}`,
    ),
    ...check('the table says so', report.print().includes('WRONG')),
  ];
}

/** A damaged kernel of a graph program: `from` turned into `to` where the entry point matches `kernel`. */
const damage = (what: string, kernel: RegExp, from: RegExp, to: string): GpuCase => ({
  name: `a damaged kernel is named: ${what}`,
  async run(ctx) {
    const damaged = damagedShaders(kernel, from, to);
    ctx.onCleanup(damaged.restore);
    await ownDevice(ctx);
    const { program, feeds, state } = await trainingProgram();
    damaged.restore();
    const before = await readAll(state);
    const report = await verifyProgram(program, feeds);
    const after = await readAll(state);
    return [
      ...blames(report, program.executor.plan, damaged),
      ...state.flatMap((one, index) =>
        sameBits(`${one.name} afterwards`, after[index] as Float32Array, before[index] as Float32Array),
      ),
    ];
  },
});

/** The same for the program that a model trains by. */
const modelDamage = (what: string, kernel: RegExp, from: RegExp, to: string): GpuCase => ({
  name: `a damaged kernel of a model's training is named: ${what}`,
  async run(ctx) {
    const damaged = damagedShaders(kernel, from, to);
    ctx.onCleanup(damaged.restore);
    await ownDevice(ctx);
    const net = classifier();
    ctx.onCleanup(() => net.dispose());
    const { x, y } = bunches(32);
    await net.fit(x, y, { batchSize: 8 });
    damaged.restore();
    const program = net.trainer('test').lastProgram as Program;
    const before = await save(net);
    const report = await verify(net);
    return [
      ...blames(report, program.executor.plan, damaged),
      ...sameBits('the model', await save(net), before),
    ];
  },
});

export const cases: GpuCase[] = [
  {
    name: 'a training step passes, and its state is bit for bit as before',
    async run(ctx) {
      await ownDevice(ctx);
      const { program, feeds, state } = await trainingProgram();
      program.submit(feeds, 3);
      const before = await readAll(state);
      const report = await verifyProgram(program, feeds);
      const after = await readAll(state);
      const again = await program.run(feeds);
      const fresh = await trainingProgram();
      fresh.program.submit(fresh.feeds, 3);
      const straight = await fresh.program.run(fresh.feeds);
      const { plan } = program.executor;
      return [
        ...check('passed', report.passed, 'true', report.print()),
        ...exact('steps', [report.steps.length], [plan.steps.length]),
        ...exact(
          'dispatches',
          [report.steps.reduce((sum, step) => sum + step.dispatches, 0)],
          [program.stats().dispatches],
        ),
        ...check(
          'elements',
          report.steps.every(({ elements }) => elements > 0),
          'some in every step',
          report.print(),
        ),
        ...check(
          'device',
          report.device === 'webgpu' && report.adapter.vendor !== '' && report.program === 'step',
        ),
        ...state.flatMap((one, index) =>
          sameBits(one.name, after[index] as Float32Array, before[index] as Float32Array),
        ),
        ...sameBits('the next loss', again.loss?.data as Float32Array, straight.loss?.data as Float32Array),
      ];
    },
  },
  damage('a sign in a matmul', /^matmul/, /return fma\(/, 'return fma(-'),
  damage(
    'a row that a cross-entropy skips',
    /^crossentropy/,
    /read_extent\(\);\n {2}let start/,
    'if (row == 3u) { return; }\n  $&',
  ),
  damage(
    'a sum that is one too large',
    /^reduce/,
    /store\(output, (total|partial\[0\])\)/,
    'store(output, $1 + 1.0)',
  ),
  {
    name: 'a planted fault of one budget is caught, a smaller one is not',
    async run(ctx) {
      await ownDevice(ctx);
      const x = input([3, 400]);
      const y = ops.sum(ops.tanh(x), { axis: 1 });
      const data = ramp(1200, 2);
      const program = await compile({ inputs: { x }, outputs: { y } });
      const actual = Float64Array.from((await program.run({ x: data })).y?.data ?? []);
      const { values, budgets } = evaluateWithBudgets([y], new Map([[x.node, data]]));
      const [expected, budget] = [values[0]?.data ?? [], budgets[0] ?? []];
      const judged = (element: number, faults: number): number => {
        const planted = actual.slice();
        planted[element] = (expected[element] ?? NaN) + faults * (budget[element] ?? NaN);
        return judge(planted, expected, budget).worst;
      };
      return [
        ...check('the device is within', judge(actual, expected, budget).worst <= 1),
        ...check(
          'budgets are small',
          Array.from(budget).every((one) => one > 0 && one < 0.02),
        ),
        ...[0, 1, 2].flatMap((element) => [
          ...check(`+1.01 at ${element}`, judged(element, 1.01) > 1),
          ...check(`−1.01 at ${element}`, judged(element, -1.01) > 1),
          ...check(`NaN at ${element}`, judged(element, NaN) === Infinity),
          ...check(`+0.99 at ${element}`, judged(element, 0.99) <= 1),
        ]),
      ];
    },
  },
  {
    name: 'the plan that trains a model passes, and the model trains on as if nothing had been',
    async run(ctx) {
      await ownDevice(ctx);
      const { x, y } = bunches(70);
      const results: Uint8Array[] = [];
      for (const verified of [true, false]) {
        const net = classifier();
        await net.fit(x, y, { batchSize: 32, epochs: 2 });
        if (verified) {
          const reports = [await verify(net), await verify(net, { x, y })];
          for (const report of reports)
            if (!report.passed) return check('passed', false, 'true', report.print());
        }
        await net.fit(x, y, { batchSize: 32, epochs: 2 });
        results.push(await save(net));
        net.dispose();
      }
      return sameBits('trained on', results[0] as Uint8Array, results[1] as Uint8Array);
    },
  },
  modelDamage('a sign in adam', /^adam/, /- alpha \* next_m/, '+ alpha * next_m'),
  modelDamage('elements that adam skips', /^adam/, /i < end/, 'i < end && i != 1u'),
  modelDamage('a sign in the tail', /^training_tail/, /totals\[column\] \+=/, 'totals[column] -='),
  modelDamage('rows gathered in another order', /^next_batch/, /order\[at\]/, 'order[at ^ 1u]'),
  {
    name: 'verify says what it cannot do',
    async run(ctx) {
      await ownDevice(ctx);
      const { program } = await trainingProgram();
      return throws('without feeds', () => verifyProgram(program), { roles: ['x'] });
    },
  },
];
