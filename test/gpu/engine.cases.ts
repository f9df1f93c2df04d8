// The engine's public face on a GPU: tensors that compute when awaited, programs that run many times in one submit, and what they
// leave behind, which is nothing.
import { compile, grad, input, ops, type ResidentTensor, tensor, variable } from '../../src/engine/index.js';
import { counted, MADE_NOTHING, ownDevice, sameCounts, throws } from '../kit/engine-setup.js';
import { check, compare, exact, type GpuCase } from './kit.js';

export const cases: GpuCase[] = [
  {
    name: 'tensors compute when they are awaited',
    async run(ctx) {
      await ownDevice(ctx);
      const a = tensor([
        [1, 2],
        [3, 4],
      ]);
      const product = ops.matmul(a, ops.transpose(a));
      const flags = ops.greater(product, 10);
      return [
        ...exact('numbers', await product.data(), [5, 11, 11, 25]),
        ...exact('booleans', await flags.data(), [0, 1, 1, 1]),
        ...check('nesting', JSON.stringify(await flags.array()) === '[[0,1],[1,1]]'),
        ...exact('a constant alone', await a.data(), [1, 2, 3, 4]),
        ...exact('a scalar', [(await ops.sum(a).array()) as number], [10]),
        ...exact(
          'bytes become numbers',
          await ops.cast(tensor(Uint8Array.of(0, 200, 255)), 'float32').data(),
          [0, 200, 255],
        ),
      ];
    },
  },
  {
    name: 'gradients of gradients compute',
    async run(ctx) {
      await ownDevice(ctx);
      const x = tensor([1, 2, 3]);
      const dx = grad(ops.sum(ops.mul(ops.square(x), x)), x);
      const ddx = grad(ops.sum(dx), x);
      return [
        ...exact('first', await dx.data(), [3, 12, 27]),
        ...exact('second', await ddx.data(), [6, 12, 18]),
        ...exact('third', await grad(ops.sum(ddx), x).data(), [6, 6, 6]),
      ];
    },
  },
  {
    name: 'tensors of one structure share a program, and programs are kept in bounds',
    async run(ctx) {
      await ownDevice(ctx);
      const shifted = async (values: number[]) => (await ops.add(tensor(values), 1).data())[0] ?? NaN;
      await shifted([0, 0]);
      const numbers: number[] = [];
      const repeated = await counted(async () => {
        for (let round = 0; round < 20; round++) numbers.push(await shifted([round, 1]));
      });
      const many = await counted(async () => {
        for (let size = 1; size <= 200; size++)
          await ops.add(ops.tanh(tensor(new Float32Array(size))), 2).data();
      });
      const more = await counted(async () => {
        for (let size = 201; size <= 400; size++)
          await ops.add(ops.tanh(tensor(new Float32Array(size))), 2).data();
      });
      return [
        ...exact(
          'numbers',
          numbers,
          numbers.map((_, round) => round + 1),
        ),
        ...sameCounts('twenty tensors of one structure', repeated, MADE_NOTHING),
        ...check(
          '200 structures made programs',
          many.buffersCreated >= 200,
          '≥ 200',
          String(many.buffersCreated),
        ),
        ...check('200 more hold no more', more.liveBuffers <= 0, '≤ 0', String(more.liveBuffers)),
      ];
    },
  },
  {
    name: 'a program runs many times in one submit and collects',
    async run(ctx) {
      await ownDevice(ctx);
      const counter = variable(0);
      const next = ops.add(counter, 1);
      const program = await compile({
        outputs: { next, square: ops.square(next) },
        updates: [{ variable: counter, value: next }],
      });
      await program.run();
      const quiet = await counted(async () => {
        program.submit({}, 16);
        await program.backend.settled();
      });
      let results: Record<string, { data: ArrayLike<number>; shape: readonly number[] }> = {};
      const loud = await counted(async () => {
        results = await program.run({}, { times: 4, collect: ['next'] });
      });
      return [
        ...exact('collected', results.next?.data ?? [], [18, 19, 20, 21]),
        ...exact('their shape', results.next?.shape ?? [], [4]),
        ...exact('the last', results.square?.data ?? [], [441]),
        ...exact('the variable', await counter.data(), [21]),
        ...sameCounts('16 runs', quiet, {
          ...MADE_NOTHING,
          submits: 1,
          passes: 1,
          copies: 0,
          writes: 0,
          dispatches: 16 * program.stats().dispatches,
        }),
        ...sameCounts('4 runs with a readback', loud, { submits: 1 }),
        ...(await throws('times', () => program.run({}, { times: 0 }), { roles: ['times'] })),
        ...(await throws('an unknown output', () => program.run({}, { collect: ['nxt'] }), {
          message: 'nxt',
        })),
      ];
    },
  },
  {
    name: 'updates read all old values, then write',
    async run(ctx) {
      await ownDevice(ctx);
      const a = variable([1, 2, 3]);
      const b = variable([10, 20, 30]);
      const swap = await compile({
        outputs: { before: ops.sub(b, a) },
        updates: [
          { variable: a, value: b },
          { variable: b, value: a },
        ],
      });
      const first = await swap.run();
      const rotated = [await a.data(), await b.data()];
      const again = await swap.run({}, { times: 2 });
      const c = variable([0, 0, 0]);
      const chain = await compile({
        updates: [
          { variable: a, value: ops.add(a, b) },
          { variable: b, value: ops.mul(a, 2) },
          { variable: c, value: ops.add(ops.add(a, b), c) },
        ],
      });
      await chain.run({}, { times: 2 });
      return [
        ...exact('read before the swap', first.before?.data ?? [], [9, 18, 27]),
        ...exact('a after one', rotated[0] ?? [], [10, 20, 30]),
        ...exact('b after one', rotated[1] ?? [], [1, 2, 3]),
        ...exact('read in the third swap', again.before?.data ?? [], [9, 18, 27]),
        // (10, 1, 0) → (11, 20, 11) → (31, 22, 42)
        ...exact('a', await a.data(), [31, 62, 93]),
        ...exact('b', await b.data(), [22, 44, 66]),
        ...exact('c', await c.data(), [42, 84, 126]),
      ];
    },
  },
  {
    name: 'two programs share variables, and each leaves the other its own',
    async run(ctx) {
      await ownDevice(ctx);
      const shared = variable([1, 1]);
      const own = variable([5, 5]);
      const x = input([2]);
      const grow = await compile({
        inputs: { x },
        updates: [{ variable: shared, value: ops.add(shared, x) }],
      });
      const read = await compile({
        outputs: { y: ops.mul(shared, own) },
        updates: [{ variable: own, value: ops.add(own, shared) }],
      });
      grow.submit({ x: [2, 3] });
      const first = await read.run();
      grow.submit({ x: [1, 1] }, 3);
      read.submit();
      shared.assign([0, 0.5]);
      const last = await read.run();
      return [
        ...exact('after one growth', first.y?.data ?? [], [15, 20]),
        // own: (5, 5) + (3, 4) + (6, 7)
        ...exact('after an assignment', last.y?.data ?? [], [0, 8]),
        ...exact('own', await own.data(), [14, 16.5]),
        ...exact('shared', await shared.data(), [0, 0.5]),
      ];
    },
  },
  {
    name: 'results kept on the device feed other programs and tensors, until they are disposed',
    async run(ctx) {
      await ownDevice(ctx);
      const x = input([3]);
      const double = await compile({ inputs: { x }, outputs: { y: ops.mul(x, 2) } });
      double.submit({ x: [1, 2, 3] });
      const kept: ResidentTensor = double.keep('y');
      double.submit({ x: [7, 7, 7] });
      const fed = await double.run({ x: kept });
      const eager = await ops.add(kept, 1).data();
      const reader = await compile({ outputs: { z: ops.square(kept) } });
      const read = await reader.run();
      const before = (await counted(async () => kept.dispose())).liveBuffers;
      return [
        ...exact('fed', fed.y?.data ?? [], [4, 8, 12]),
        ...exact('in a tensor', eager, [3, 5, 7]),
        ...exact('in a program', read.z?.data ?? [], [4, 16, 36]),
        ...check('it has a buffer', kept.buffer instanceof GPUBuffer && kept.buffer.size >= 12),
        ...exact('buffers after dispose()', [before], [-1]),
        ...(await throws('data() of a disposed tensor', () => ops.add(kept, 1).data())),
        ...(await throws('a program that reads it', () => reader.run())),
        ...(await throws('feeding it', () => double.run({ x: kept }))),
      ];
    },
  },
  {
    name: 'what is outside the domain of a function is not finite',
    async run(ctx) {
      await ownDevice(ctx);
      const x = tensor([0, -1, 1]);
      const values = [
        ops.log(x),
        ops.sqrt(ops.sub(x, 2)),
        ops.div(1, ops.mul(x, 0)),
        ops.exp(ops.add(x, 100)),
      ];
      const data = await Promise.all(values.map((value) => value.data()));
      const finite = data.map((list) => Array.from(list, Number.isFinite).join());
      const none = 'false,false,false';
      return check(
        'finite',
        finite.join(' ') === `false,false,true ${none} ${none} ${none}`,
        '',
        finite.join(' '),
      );
    },
  },
  {
    name: 'tensors of no element and of one',
    async run(ctx) {
      await ownDevice(ctx);
      const empty = tensor(new Float32Array(0), { shape: [0, 3] });
      const x = input([0, 3]);
      const program = await compile({
        inputs: { x },
        outputs: {
          mapped: ops.exp(x),
          rows: ops.sum(x, { axis: 1 }),
          columns: ops.sum(x, { axis: 0 }),
          product: ops.matmul(x, tensor(new Float32Array(6), { shape: [3, 2] })),
          inner: ops.matmul(ops.transpose(x), x),
        },
      });
      const { mapped, rows, columns, product, inner } = await program.run({
        x: { data: new Float32Array(0), shape: [0, 3] },
      });
      return [
        ...exact(
          'of no rows',
          [mapped, rows, product].map((one) => one?.data.length ?? NaN),
          [0, 0, 0],
        ),
        ...exact('sums of nothing', columns?.data ?? [], [0, 0, 0]),
        ...exact('products of nothing', inner?.data ?? [], new Float32Array(9)),
        ...exact('empty, eager', await ops.tanh(empty).data(), []),
        ...exact('joined', await ops.concat([empty, tensor([[1, 2, 3]])]).data(), [1, 2, 3]),
        ...exact('one', await ops.softmax(tensor([[7]])).data(), [1]),
      ];
    },
  },
  {
    name: 'more workgroups than one dimension has',
    async run(ctx) {
      await ownDevice(ctx);
      const size = 65_536 * 256 + 77;
      const v = variable(new Float32Array(size).fill(1));
      const step = await compile({
        outputs: { total: ops.sum(ops.reshape(ops.add(v, 2), [size])), rows: ops.sum(v) },
        updates: [{ variable: v, value: ops.add(v, 2) }],
      });
      const { total, rows } = await step.run();
      const after = await v.data();
      v.dispose();
      const wide = 70_000;
      const sums = await ops
        .sum(tensor(new Float32Array(wide * 3).fill(2), { shape: [wide, 3] }), { axis: 1 })
        .data();
      return [
        ...check(
          'the plan is beyond the limit of one dimension',
          step.executor.plan.steps.some(({ dispatches }) =>
            dispatches.some(({ workgroups }) => workgroups[1] > 1),
          ),
        ),
        ...exact('ends', [after[0], after[65_535 * 64], after[size - 1]].map(Number), [3, 3, 3]),
        ...check(
          'all',
          after.every((value) => value === 3),
        ),
        ...compare('sum before', rows?.data ?? [], [size], 8),
        ...compare('sum after', total?.data ?? [], [3 * size], 24),
        ...check('rows', sums.length === wide && sums.every((value) => value === 6)),
      ];
    },
  },
];
