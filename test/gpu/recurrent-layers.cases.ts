// Recurrent layers on the device: plans that train, judged dispatch by dispatch, against the CPU device, and bit for bit against themselves.
import {
  type AnyLayer,
  defineCell,
  layers,
  type Model,
  model,
  type NDArray,
  ops,
  optimizers,
  sequential,
  type Tensor,
  verify,
} from '../../src/index.js';
import { onBoth, ownDevice, sameBits } from '../kit/engine-setup.js';
import { numbers } from '../kit/sequences.js';
import { keep, weightsOf } from '../kit/tiny-models.js';
import { check, compare, type Failure, type GpuCase } from './kit.js';

const [ROWS, STEPS, FEATURES, UNITS] = [20, 6, 3, 5];
const BATCH = 8;
const inputShape = [STEPS, FEATURES];

const x = { data: numbers([ROWS, STEPS, FEATURES]), shape: [ROWS, STEPS, FEATURES] };
/** What the last steps come to. */
const y = {
  shape: [ROWS, 2],
  data: Float32Array.from({ length: ROWS * 2 }, (_, index) => {
    const at = (Math.floor(index / 2) * STEPS + STEPS - 1) * FEATURES + (index % 2);
    return (x.data[at] ?? 0) - 0.5 * (x.data[at - FEATURES] ?? 0);
  }),
};

type Data = Parameters<Model['predict']>[0];

interface Trained {
  readonly losses: readonly number[];
  readonly weights: Float32Array<ArrayBuffer>;
  readonly predicted: NDArray['data'];
}

function compiled<M extends Model>(net: M): M {
  net.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'meanSquaredError' });
  return net;
}

async function trained(net: Model, data: Data, epochs = 2): Promise<Trained> {
  const { history } = await net.fit(data, y, { batchSize: BATCH, epochs, shuffle: false });
  const weights = await weightsOf(net);
  return { losses: history.loss ?? [], weights, predicted: ((await net.predict(data)) as NDArray).data };
}

/** Two trainings on the GPU give the same bits, those of the CPU nearly, and every dispatch is as it should be. */
const trains = (name: string, make: () => Model, data: Data = x): GpuCase => ({
  name: `${name} trains as on the CPU device, and twice alike`,
  async run(ctx) {
    const models: Model[] = [];
    const work = (): Promise<Trained> => {
      const net = keep(ctx, compiled(make()));
      models.push(net);
      return trained(net, data);
    };
    const { gpu, cpu } = await onBoth(ctx, work);
    const report = await verify(models[1] as Model);
    const again = await work();
    return [
      ...compare('losses', gpu.losses, cpu.losses, 1e-4),
      ...compare('weights', gpu.weights, cpu.weights, 2e-3),
      ...compare('predictions', gpu.predicted, cpu.predicted, 2e-3),
      ...check('it learns', (gpu.losses[1] ?? 9) < (gpu.losses[0] ?? 0), 'falling', gpu.losses.join()),
      ...check('verify', report.passed, 'passed', report.print()),
      ...sameBits('weights again', again.weights, gpu.weights),
      ...sameBits('predictions again', again.predicted as Float32Array, gpu.predicted as Float32Array),
    ];
  },
});

const stack = (...list: AnyLayer[]): Model => sequential([...list, layers.dense({ units: 2 })], { seed: 3 });

/** h' = (h + tanh x) / 2. */
const smoothing = defineCell({
  type: 'smoothing',
  options: [],
  create: () => ({
    stateSize: FEATURES,
    call(now, [h]) {
      const next = ops.mul(ops.add(h as Tensor, ops.tanh(now)), 0.5);
      return { output: next, states: [next] };
    },
  }),
});

/** Lengths from 1 to STEPS. */
const lengths = { shape: [ROWS], data: Int32Array.from({ length: ROWS }, (_, row) => (row % STEPS) + 1) };

/** Steps beyond a row's length change nothing, through two layers. */
function maskedModel(): Model {
  const sequence = layers.input({ shape: inputShape, name: 'sequence' });
  const length = layers.input({ shape: [], dtype: 'int32', name: 'length' });
  const counted = layers.masking().apply([sequence, length]);
  const first = layers.gru({ units: UNITS, returnSequences: true }).apply(counted);
  const both = layers.bidirectional({ layer: layers.lstm({ units: 3 }), mergeMode: 'sum' }).apply(first);
  return model({ inputs: [sequence, length], outputs: layers.dense({ units: 2 }).apply(both), seed: 3 });
}

/** The last states of one layer are the first of another. */
function handedOn(): Model {
  const input = layers.input({ shape: inputShape });
  const [, h, c] = layers.lstm({ units: UNITS, returnState: true }).apply(input);
  const decoded = layers.lstm({ units: UNITS, returnSequences: true }).apply([input, h, c]);
  const last = layers.simpleRNN({ units: 4, goBackwards: true }).apply(decoded);
  return model({ inputs: input, outputs: layers.dense({ units: 2 }).apply(last), seed: 3 });
}

export const cases: GpuCase[] = [
  trains('simpleRNN', () => stack(layers.simpleRNN({ units: UNITS, inputShape }))),
  trains('gru', () => stack(layers.gru({ units: UNITS, inputShape }))),
  trains('gru, reset in front of the product,', () =>
    stack(layers.gru({ units: UNITS, resetAfter: false, inputShape })),
  ),
  trains('lstm of 8 units, both kinds of dropout,', () =>
    stack(layers.lstm({ units: 8, dropout: 0.2, recurrentDropout: 0.3, inputShape })),
  ),
  trains('a stack in both directions', () =>
    stack(
      layers.bidirectional({
        layer: layers.gru({ units: 4, returnSequences: true, recurrentDropout: 0.2, inputShape }),
      }),
      layers.bidirectional({ layer: layers.simpleRNN({ units: 4, activation: 'relu' }), mergeMode: 'ave' }),
    ),
  ),
  trains('a cell of its own', () => stack(layers.rnn({ cell: smoothing(), inputShape }))),
  trains('a stack with lengths', maskedModel, { sequence: x, length: lengths }),
  trains('a pair that hands its states on', handedOn),
  {
    name: 'kept states: as on the CPU device through fit, evaluate and predict, until they are reset',
    async run(ctx): Promise<Failure[]> {
      const { gpu, cpu } = await onBoth(ctx, async () => {
        const batchInputShape = [4, STEPS, FEATURES];
        const net = keep(
          ctx,
          compiled(stack(layers.gru({ units: UNITS, stateful: true, batchInputShape }), layers.flatten())),
        );
        const statesOf = async (): Promise<number[]> => [...((await net.states[0]?.read())?.data ?? [])];
        const { history } = await net.fit(x, y, { batchSize: 4, epochs: 2, shuffle: false });
        const fitted = await statesOf();
        const { loss = 0 } = await net.evaluate(x, y, { batchSize: 4 });
        const evaluated = await statesOf();
        const first = ((await net.predict(x, { batchSize: 4 })) as NDArray).data;
        net.resetStates();
        const reset = await statesOf();
        const second = ((await net.predict(x, { batchSize: 4 })) as NDArray).data;
        return { losses: [...(history.loss ?? []), loss], fitted, evaluated, first, reset, second };
      });
      return [
        ...compare('losses', gpu.losses, cpu.losses, 1e-4),
        ...compare('states after fit', gpu.fitted, cpu.fitted, 1e-3),
        ...compare('states after evaluate', gpu.evaluated, cpu.evaluated, 1e-3),
        ...compare('predictions', gpu.first, cpu.first, 1e-3),
        ...compare('predictions from zero', gpu.second, cpu.second, 1e-3),
        ...check(
          'they are kept',
          gpu.fitted.some((value) => value !== 0),
          'not 0',
          'all 0',
        ),
        ...check(
          'they are reset',
          gpu.reset.every((value) => value === 0),
          'all 0',
          gpu.reset.join(),
        ),
        ...check(
          'they count',
          gpu.first.some((value, i) => value !== gpu.second[i]),
          'another',
          'the same',
        ),
      ];
    },
  },
  {
    name: 'a training step of two layers takes 20 dispatches at most, at 4 steps and at 200',
    async run(ctx) {
      await ownDevice(ctx);
      const dispatches = async (steps: number): Promise<number> => {
        const net = keep(
          ctx,
          compiled(
            stack(
              layers.lstm({ units: 8, returnSequences: true, inputShape: [steps, 2] }),
              layers.gru({ units: 4 }),
            ),
          ),
        );
        const shape = [8, steps, 2];
        await net.fit(
          { data: numbers(shape), shape },
          { data: numbers([8, 2]), shape: [8, 2] },
          { batchSize: 8 },
        );
        return net.program?.stats().dispatches ?? 0;
      };
      const counts = [await dispatches(4), await dispatches(200)];
      const few = counts.every((count) => count > 0 && count <= 20);
      return check('dispatches', few, '1 to 20', counts.join());
    },
  },
];
