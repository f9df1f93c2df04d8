// Models of sequences on the device: a program that writes letters on its own, and tokens under masks that train as on the CPU.
import {
  compile,
  defineLayer,
  layers,
  type NDArray,
  ops,
  optimizers,
  type Program,
  sequential,
  type Tensor,
  tensor,
  type Update,
  type Variable,
  variable,
} from '../../src/index.js';
import { counted, MADE_NOTHING, onBoth, ownDevice, sameCounts } from '../kit/engine-setup.js';
import { check, compare, exact, type Failure, type GpuCase } from './kit.js';

const LETTERS = 7;
const WRITTEN = 200;

/** y = x + half of the last y: a state that outlives the batch. */
const fading = defineLayer<object, Variable>({
  type: 'fading',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    build: (weights, [shape = []]) => weights.state('last', shape as number[]),
    call([x], last, { update }) {
      const from = (state: Tensor): Tensor => ops.add(x as Tensor, ops.mul(state, 0.5));
      update(last, from);
      return from(last);
    },
  }),
});

interface Writer {
  readonly program: Program;
  readonly temperature: Variable;
  /** Begins again: the first letter, the first step, no state. */
  readonly begin: () => void;
}

/** The last letter, the state and the step are variables: the next run goes on where this one ends. */
async function writer(): Promise<Writer> {
  const net = sequential(
    [
      layers.dense({ units: 12, activation: 'tanh', batchInputShape: [1, LETTERS] }),
      fading(),
      layers.dense({ units: LETTERS, kernelInitializer: 'randomNormal' }),
    ],
    { seed: 5 },
  );
  const letter = variable(Int32Array.of(3), { trainable: false });
  const step = variable({ data: Uint32Array.of(0), shape: [], dtype: 'uint32' }, { trainable: false });
  const temperature = variable(1, { trainable: false });
  const updates: Update[] = [];
  const x = ops.oneHot(letter, { depth: LETTERS });
  const logits = net.apply(x, { onUpdate: (update) => updates.push(update) });
  const next = ops.categorical(ops.mul(logits, 20), { seed: 1, counter: step, temperature });
  const program = await compile({
    name: 'write',
    outputs: { next },
    updates: [...updates, { variable: letter, value: next }, { variable: step, value: ops.add(step, 1) }],
  });
  const begin = (): void => {
    net.resetStates();
    letter.assign(Int32Array.of(3));
    step.assign(Uint32Array.of(0));
  };
  return { program, temperature, begin };
}

const write = async ({ program }: Writer, times = WRITTEN): Promise<Int32Array> =>
  (await program.run({}, { times, collect: ['next'] })).next?.data as Int32Array;

const writing: GpuCase = {
  name: 'a program writes 200 letters in one run with one readback, at a temperature that may change',
  async run(ctx) {
    await ownDevice(ctx);
    const made = await writer();
    const first = await write(made);
    const failures: Failure[] = [];
    // Once more, in parts: the same letters, since state, letter and step go on.
    made.begin();
    const parts = [await write(made, 80), await write(made, WRITTEN - 80)];
    failures.push(
      ...exact(
        'in parts',
        parts.flatMap((part) => [...part]),
        first,
      ),
    );
    made.begin();
    let cold: Int32Array = new Int32Array();
    made.temperature.assign(0);
    const work = await counted(async () => {
      cold = await write(made);
    });
    failures.push(...sameCounts('at another temperature', work, { ...MADE_NOTHING, submits: 1 }));
    made.begin();
    failures.push(...exact('cold, again', await write(made), cold));
    const kinds = (letters: Int32Array): number => new Set(letters).size;
    failures.push(...check('many letters when warm', kinds(first) >= 5, '≥ 5', String(kinds(first))));
    const changes = (letters: Int32Array): number =>
      letters.filter((one, at) => one !== letters[at - 1]).length;
    failures.push(...check('fewer changes when cold', changes(cold) < changes(first)));
    return failures;
  },
};

const ROWS = 24;
const STEPS = 9;

/** Tokens 1 … 5, of which 0 is padding, and whether there is a 3 among them at each step so far. */
function tokens(): { ids: NDArray['data']; found: Int32Array } {
  const ids = new Int32Array(ROWS * STEPS);
  const found = new Int32Array(ROWS * STEPS);
  for (let row = 0; row < ROWS; row++) {
    for (let step = 0; step < 2 + (row % 8); step++) {
      const at = row * STEPS + step;
      ids[at] = 1 + ((row * 7 + step * step * 3 + step) % 5);
      found[at] = ids[at] === 3 ? 1 : 0;
    }
  }
  return { ids, found };
}

const training: GpuCase = {
  name: 'tokens under masks: losses, metrics and weights are those of the CPU, and every dispatch is right',
  async run(ctx) {
    const { ids, found } = tokens();
    const x = { data: ids, shape: [ROWS, STEPS] };
    const y = { data: found, shape: [ROWS, STEPS] };
    const { gpu, cpu } = await onBoth(ctx, async () => {
      const net = sequential(
        [
          layers.embedding({ inputDim: 6, outputDim: 5, maskZero: true, inputShape: [STEPS] }),
          layers.timeDistributed({ layer: layers.dense({ units: 8, activation: 'tanh' }) }),
          layers.batchNormalization(),
          layers.dense({ units: 2 }),
        ],
        { seed: 2 },
      );
      net.compile({
        optimizer: optimizers.adam({ learningRate: 0.05 }),
        loss: { name: 'sparseCategoricalCrossentropy', config: { fromLogits: true } },
        metrics: ['accuracy'],
      });
      const { history } = await net.fit(x, y, { epochs: 4, batchSize: 10 });
      const means = await net.evaluate(x, y, { batchSize: 7 });
      const weights = (await net.getWeights()).flatMap(({ data }) => [...data]);
      return { net, losses: history.loss ?? [], accuracy: history.accuracy ?? [], means, weights };
    });
    const report = await gpu.net.verify();
    const [before = 0, after = 0] = [gpu.losses[0], gpu.losses.at(-1)];
    return [
      ...compare('losses', gpu.losses, cpu.losses, 1e-4),
      ...compare('accuracies', gpu.accuracy, cpu.accuracy, 1e-5),
      ...compare('means', Object.values(gpu.means), Object.values(cpu.means), 1e-4),
      ...compare('weights', gpu.weights, cpu.weights, 2e-3),
      ...check('it learns', after < before / 2, `< ${before / 2}`, String(after)),
      ...check('verified', report.passed && report.steps.length > 0),
    ];
  },
};

/** The rows of a table that no id names keep their bits, and equal ids add up in one order: the same bits twice. */
const gradients: GpuCase = {
  name: 'the gradient of an embedding has the same bits twice, and leaves unnamed rows alone',
  async run(ctx) {
    await ownDevice(ctx);
    const trained = async (): Promise<NDArray[]> => {
      const net = sequential([layers.embedding({ inputDim: 700, outputDim: 33, inputShape: [64] })], {
        seed: 9,
      });
      net.compile({ optimizer: optimizers.sgd({ learningRate: 5 }), loss: 'mse' });
      const before = await net.getWeights();
      const ids = Int32Array.from({ length: 32 * 64 }, (_, at) => (at * at) % 350);
      const target = Float32Array.from({ length: 32 * 64 * 33 }, (_, at) => Math.sin(at));
      await net.fit(ids, target, { epochs: 3, batchSize: 16 });
      return [...before, ...(await net.getWeights())];
    };
    const [before, first] = (await trained()) as [NDArray, NDArray];
    const [, second] = (await trained()) as [NDArray, NDArray];
    const rest = (table: NDArray): Float32Array => table.data.subarray(350 * 33) as Float32Array;
    return [
      ...exact('again', second.data, first.data),
      ...exact('unnamed rows', rest(first), rest(before)),
      ...check(
        'named rows move',
        first.data.some((value, at) => value !== before.data[at]),
      ),
    ];
  },
};

/** Ids on the device are looked at by nobody: the nearest row counts. */
const clamped: GpuCase = {
  name: 'ids outside the table that lie on the device count as the nearest inside',
  async run(ctx) {
    await ownDevice(ctx);
    const net = sequential([layers.embedding({ inputDim: 4, outputDim: 3, inputShape: [3] })], { seed: 1 });
    const rows = (ids: number[]) => net.apply(tensor(Int32Array.from(ids), { shape: [1, 3] })).data();
    return exact('rows', await rows([-5, 2, 900]), await rows([0, 2, 3]));
  },
};

export const cases: GpuCase[] = [writing, training, gradients, clamped];
