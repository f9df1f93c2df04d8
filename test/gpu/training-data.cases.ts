// Data as they come: any number of rows, several inputs, iterables, and columns larger than one binding.
import {
  type ColumnData,
  layers,
  losses,
  model,
  ops,
  optimizers,
  sequential,
  tensor,
} from '../../src/index.js';
import { counted, ownDevice, sameBits } from '../kit/engine-setup.js';
import { bunches, classifier, FEATURES, neuron, weightsOf } from '../kit/tiny-models.js';
import { check, compare, exact, type GpuCase } from './kit.js';

export const cases: GpuCase[] = [
  {
    name: 'predict takes 0, 1 and 33 rows, and more than a batch',
    async run(ctx) {
      await ownDevice(ctx);
      const net = neuron();
      ctx.onCleanup(() => net.dispose());
      const kernel = 2;
      net.setWeights([[[kernel]], [1]]);
      const rows = [0, 1, 2, 33, 64, 100];
      const results = [];
      for (const count of rows) {
        const x = Float32Array.from({ length: count }, (_, row) => row);
        results.push({ count, y: await net.predict({ data: x, shape: [count, 1] }) });
      }
      const resident = await net.predictOnGpu([[5], [6], [7]]);
      const squared = await ops.square(resident).data();
      const freed = await counted(async () => resident.dispose());
      return [
        ...results.flatMap(({ count, y }) => [
          ...exact(`shape of ${count} rows`, y.shape, [count, 1]),
          ...exact(
            `${count} rows`,
            y.data,
            Float32Array.from({ length: count }, (_, row) => kernel * row + 1),
          ),
        ]),
        ...exact('on the GPU', squared, [121, 169, 225]),
        ...check('in a buffer', resident.buffer instanceof GPUBuffer),
        ...exact('given back', [freed.liveBuffers], [-1]),
      ];
    },
  },
  {
    name: 'every form of data trains to the same bits',
    async run(ctx) {
      await ownDevice(ctx);
      const { x, y } = bunches(20);
      const nested = Array.from({ length: 20 }, (_, row) =>
        Array.from(x.data.slice(row * FEATURES, (row + 1) * FEATURES)),
      );
      const forms: [string, ColumnData, ColumnData][] = [
        ['shaped', x, y],
        ['nested', nested, Array.from(y)],
        ['tensors', tensor(x), tensor(y)],
        ['bare', x.data, Uint8Array.from(y)],
        ['doubles', { data: Float64Array.from(x.data), shape: x.shape }, { data: y, shape: [20, 1] }],
      ];
      const results: Float32Array[] = [];
      for (const [, a, b] of forms) {
        const net = classifier();
        await net.fit(a, b, { batchSize: 8, epochs: 2 });
        results.push(await weightsOf(net));
        net.dispose();
      }
      return results
        .slice(1)
        .flatMap((weights, index) =>
          sameBits(forms[index + 1]?.[0] ?? '', weights, results[0] as Float32Array),
        );
    },
  },
  {
    name: 'a model of two inputs and two outputs takes data by name',
    async run(ctx) {
      await ownDevice(ctx);
      const a = layers.input({ shape: [2], name: 'a' });
      const b = layers.input({ shape: [3], name: 'b' });
      const left = layers.dense({ units: 1, name: 'left' }).apply(a);
      const right = layers.dense({ units: 2, name: 'right' }).apply(b);
      const net = model({ inputs: [a, b], outputs: [left, right], seed: 5 });
      ctx.onCleanup(() => net.dispose());
      net.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: losses.meanSquaredError() });
      const rows = 12;
      const ramp = (width: number) =>
        Array.from({ length: rows }, (_, row) =>
          Array.from({ length: width }, (__, column) => Math.sin(row + column)),
        );
      const x = { b: ramp(3), a: ramp(2) };
      const y = { right: ramp(2), left: ramp(1) };
      const { history } = await net.fit(x, y, { epochs: 30, batchSize: 4 });
      const predicted = await net.predict(x);
      return [
        ...check(
          'outputs',
          'left' in predicted && 'right' in predicted,
          'left, right',
          Object.keys(predicted).join(),
        ),
        ...check(
          'it learns',
          (history.loss?.at(-1) ?? 9) < 0.5 * (history.loss?.[0] ?? 0),
          '< half',
          String(history.loss),
        ),
      ];
    },
  },
  {
    name: 'rows of weight 0 teach nothing',
    async run(ctx) {
      await ownDevice(ctx);
      const { x, y } = bunches(16);
      const [half, whole] = [classifier({ dropout: 0 }), classifier({ dropout: 0 })];
      const sampleWeight = Float32Array.from({ length: 16 }, (_, row) => (row < 8 ? 1 : 0));
      await half.fit(x, y, { batchSize: 16, epochs: 3, shuffle: false, sampleWeight });
      const wrong = y.map((label, row) => (row < 8 ? label : (label + 1) % 3));
      await whole.fit(x, wrong, { batchSize: 16, epochs: 3, shuffle: false, sampleWeight });
      const result = sameBits('labels of weight 0', await weightsOf(whole), await weightsOf(half));
      for (const net of [half, whole]) net.dispose();
      return result;
    },
  },
  {
    name: 'an endless iterable is drawn on no faster than it is used, and memory stays flat',
    async run(ctx) {
      await ownDevice(ctx);
      const net = classifier({ dropout: 0 });
      ctx.onCleanup(() => net.dispose());
      const { x, y } = bunches(24);
      let drawn = 0;
      let used = 0;
      let ahead = 0;
      async function* endless() {
        for (;;) {
          ahead = Math.max(ahead, drawn - used);
          const from = (drawn++ % 3) * 8;
          yield {
            x: { data: x.data.slice(from * FEATURES, (from + 8) * FEATURES), shape: [8, FEATURES] },
            y: y.slice(from, from + 8),
          };
        }
      }
      const buffers: number[] = [];
      const before = await counted(async () => {});
      const { epoch } = await net.fit(endless(), {
        epochs: 4,
        stepsPerEpoch: 30,
        callbacks: [
          {
            onBatchEnd: () => void used++,
            onEpochEnd: async () =>
              void buffers.push((await counted(async () => {})).liveBuffers + before.liveBuffers),
          },
        ],
      });
      const furthest = ahead;
      const steady = await counted(async () => net.fit(endless(), { stepsPerEpoch: 60 }));
      const fromArrays = classifier({ dropout: 0 });
      await fromArrays.fit(x, y, { batchSize: 8, epochs: 60, shuffle: false });
      const difference = Array.from(await weightsOf(fromArrays));
      const streamed = await weightsOf(net);
      fromArrays.dispose();
      return [
        ...exact('epochs', [epoch.length, used], [4, 120]),
        ...check('back-pressure', furthest <= 4, '≤ 4 ahead', String(furthest)),
        ...exact('buffers made by 60 more steps', [steady.liveBuffers, steady.pipelinesCreated], [0, 0]),
        ...compare('the weights of arrays', streamed, difference, 1e-3),
      ];
    },
  },
  {
    name: 'a column larger than a binding trains in shards, on the guaranteed limits',
    async run(ctx) {
      await ownDevice(ctx, { limits: 'default' });
      const [rows, width] = [38_000, 1000];
      const data = new Float32Array(rows * width);
      const y = new Float32Array(rows);
      for (let row = 0; row < rows; row++) {
        y[row] = row / 32_768;
        data[row * width + (row % width)] = y[row] as number;
      }
      const net = sequential([layers.dense({ units: 1, inputShape: [width], kernelInitializer: 'ones' })], {
        seed: 1,
      });
      ctx.onCleanup(() => net.dispose());
      net.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: losses.meanAbsoluteError() });
      const seen: number[] = [];
      const look = async (targets: Float32Array<ArrayBuffer>, shuffle: boolean) => {
        const run = net.fit({ data, shape: [rows, width] }, targets, {
          batchSize: 512,
          shuffle,
          stepsPerSubmit: 8,
        });
        for await (const { loss, step } of run) {
          seen.push(loss);
          if (shuffle && step === 16) run.stop();
        }
        await run;
      };
      await look(y, true);
      const shuffled = seen.splice(0);
      await look(
        y.map((value) => value + 1),
        false,
      );
      const { plan } = (
        net.trainer('test').lastProgram as {
          executor: { plan: { variableArenas: readonly { bytes(): number }[] } };
        }
      ).executor;
      const largest = Math.max(...plan.variableArenas.map((arena) => arena.bytes()));
      return [
        ...check('bytes', data.byteLength > 128 * 2 ** 20),
        ...check('no buffer beyond a binding', largest <= 128 * 2 ** 20, '≤ 128 MiB', String(largest)),
        ...check('shuffled steps', shuffled.length >= 16),
        ...exact(
          'each row meets its target',
          shuffled,
          shuffled.map(() => 0),
        ),
        ...exact('all steps of the epoch', [seen.length], [Math.ceil(rows / 512)]),
        ...compare(
          'and none that is one off',
          seen,
          seen.map(() => 1),
          1e-6,
        ),
      ];
    },
  },
  {
    name: 'a thousand rounds of create, fit and dispose leave no buffer',
    async run(ctx) {
      await ownDevice(ctx);
      const x = Float32Array.of(1, 2, 3, 4);
      const round = async (): Promise<number> => {
        const net = neuron();
        const { history } = await net.fit(x, x, { batchSize: 4 });
        net.dispose();
        return history.loss?.[0] ?? NaN;
      };
      const first = await round();
      let same = 0;
      const left = await counted(async () => {
        for (let index = 0; index < 1000; index++) if ((await round()) === first) same++;
      });
      return [
        ...exact('rounds with the same loss', [same], [1000]),
        ...exact('buffers and bytes left', [left.liveBuffers, left.liveBytes], [0, 0]),
        ...exact('pipelines made', [left.pipelinesCreated], [0]),
      ];
    },
  },
];
