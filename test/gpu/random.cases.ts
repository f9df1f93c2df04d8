// Random numbers are a pure function of seed, stream, counter and element: the same bits on GPU and CPU, whatever they are fused with.
import { compile, init, input, ops, type Tensor, tensor } from '../../src/engine/index.js';
import { onBoth, ownDevice, sameBits } from '../kit/engine-setup.js';
import { check, exact, type Failure, type GpuCase } from './kit.js';

const SHAPES = [[1], [7], [4, 33], [3, 5, 17], [70_001]];

/** Draws that must have the same bits everywhere. */
const DRAWS: Readonly<Record<string, (shape: number[], counter: Tensor) => Tensor>> = {
  randomBits: (shape, counter) => ops.randomBits(shape, { seed: 3, stream: 9, counter }),
  uniform: (shape, counter) => ops.uniform(shape, { seed: 0xffffffff, counter }),
  bernoulli: (shape, counter) => ops.bernoulli(shape, { seed: 1, stream: 2, counter, probability: 0.37 }),
  'dropout of ones': (shape, counter) =>
    ops.dropout(ops.broadcastTo(tensor(1), shape), { rate: 0.25, seed: 5, counter }),
};

const draws: GpuCase[] = Object.entries(DRAWS).map(([name, draw]) => ({
  name: `${name} has the same bits on GPU and CPU`,
  async run(ctx) {
    const failures: Failure[] = [];
    const counters = [0, 1, 0xffff_fffe];
    const { gpu, cpu } = await onBoth(ctx, async () => {
      const rows: ArrayBufferView[] = [];
      for (const shape of SHAPES) {
        const counter = input([], 'uint32');
        const program = await compile({ inputs: { counter }, outputs: { y: draw(shape, counter) } });
        for (const value of counters)
          rows.push((await program.run({ counter: Uint32Array.of(value) })).y?.data as Uint32Array);
      }
      return rows;
    });
    gpu.forEach((bits, index) => {
      failures.push(...sameBits(`draw ${index}`, bits, cpu[index] as ArrayBufferView));
    });
    const [first, next] = gpu.slice(-3) as [Float32Array, Float32Array];
    return [
      ...failures,
      ...check(
        'the counter changes them',
        first.some((value, index) => value !== next[index]),
      ),
    ];
  },
}));

export const cases: GpuCase[] = [
  ...draws,
  {
    name: 'a mask has the same bits alone, fused into a layer, and in its gradient',
    async run(ctx) {
      await ownDevice(ctx);
      const counter = tensor(4, { dtype: 'uint32' });
      const mask = (x: Tensor) => ops.dropout(x, { rate: 0.5, seed: 8, stream: 3, counter });
      const [rows, columns] = [33, 65];
      const ones = tensor(new Float32Array(rows * columns).fill(1), { shape: [rows, columns] });
      const alone = await mask(ones).data();
      const left = tensor(new Float32Array(rows).fill(1), { shape: [rows, 1] });
      const right = tensor(new Float32Array(columns).fill(1), { shape: [1, columns] });
      const fused = await mask(ops.relu(ops.matmul(left, right))).data();
      const kept = alone.filter((value) => value !== 0).length;
      return [
        ...exact('fused', fused, alone),
        ...check(
          'scaled',
          alone.every((value) => value === 0 || value === 2),
        ),
        ...check(
          'about half',
          Math.abs(kept / alone.length - 0.5) < 0.05,
          '0.5',
          String(kept / alone.length),
        ),
      ];
    },
  },
  {
    name: 'draws are spread as they should be',
    async run(ctx) {
      await ownDevice(ctx);
      const size = 100_000;
      const uniform = await ops.uniform([size], { seed: 2 }).data();
      const normal = await ops.normal([size], { seed: 2 }).data();
      const logits = ops.broadcastTo(ops.log(tensor([0.1, 0.2, 0.7])), [size, 3]);
      const classes = await ops.categorical(logits, { seed: 2 }).data();
      const mean = (data: ArrayLike<number>, power = 1) =>
        Array.from(data).reduce((sum, x) => sum + x ** power, 0) / size;
      const near = (what: string, actual: number, wanted: number) =>
        check(what, Math.abs(actual - wanted) < 0.012, String(wanted), String(actual));
      return [
        ...near('mean of uniform', mean(uniform), 0.5),
        ...near('square of uniform', mean(uniform, 2), 1 / 3),
        ...check(
          'uniform in [0, 1)',
          uniform.every((x) => x >= 0 && x < 1),
        ),
        ...near('mean of normal', mean(normal), 0),
        ...near('square of normal', mean(normal, 2), 1),
        ...near('cube of normal / 10', mean(normal, 3) / 10, 0),
        ...[0.1, 0.2, 0.7].flatMap((share, index) =>
          near(`class ${index}`, classes.filter((one) => one === index).length / size, share),
        ),
      ];
    },
  },
  {
    name: 'normal numbers agree with the reference',
    async run(ctx) {
      const { gpu, cpu } = await onBoth(ctx, () => ops.normal([5000], { seed: 12, stream: 1 }).data());
      const worst = Math.max(...Array.from(gpu, (value, index) => Math.abs(value - (cpu[index] ?? NaN))));
      await init({ device: 'webgpu' });
      return check('worst difference', worst < 1e-4, '< 1e-4', String(worst));
    },
  },
];
