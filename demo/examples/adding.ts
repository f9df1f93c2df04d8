/**
 * The adding problem over 200 steps: a simple recurrent network and an LSTM of the same size, on the same sequences in the same order.
 * What the first is told early has vanished from its gradient long before the end; the LSTM carries it there.
 */

import { type initializers, layers, losses, type Model, type NDArray, optimizers, sequential } from 'heddle';
import { randomStream } from '../../src/core/random.js';
import type { Plot } from '../driver/events.js';
import { type AddingProblem, addingProblem, BASELINE } from '../series/adding.js';
import type { ExampleContext, ExampleResult } from './example.js';

export interface AddingSizes {
  /** Numbers in a sequence. */
  readonly steps: number;
  readonly units: number;
  /** Sequences to learn from, and to be tested on. */
  readonly train: number;
  readonly test: number;
}

const SIZES: AddingSizes = { steps: 200, units: 32, train: 6400, test: 1000 };
/** Of the baseline. */
const PROMISE = 0.1;
/** Sequences in the plot. */
const SHOWN = 100;

/**
 * The bias of an LSTM whose cells, at first, forget over 1 to `steps` steps, each over a time of its own (Tallec and Ollivier, 2018): one
 * that forgets within four, as with a bias of 1, has nothing to learn from what is hundreds of steps away.
 */
const slowForgetting = (steps: number): initializers.Initializer => ({
  name: 'slowForgetting',
  config: { steps },
  create([width = 0], random) {
    const units = width / 4;
    const bias = new Float32Array(width);
    for (let unit = 0; unit < units; unit++) {
      const kept = Math.log(1 + (steps - 2) * random.uniform());
      bias[unit] = -kept; // the input gate
      bias[units + unit] = kept; // the forget gate
    }
    return bias;
  },
});

const LAYERS = {
  'simple RNN': ({ steps, units }: AddingSizes) => layers.simpleRNN({ units, inputShape: [steps, 2] }),
  LSTM: ({ steps, units }: AddingSizes) =>
    layers.lstm({
      units,
      biasInitializer: slowForgetting(steps),
      unitForgetBias: false,
      inputShape: [steps, 2],
    }),
} as const;

type Kind = keyof typeof LAYERS;
const KINDS: readonly Kind[] = ['simple RNN', 'LSTM'];

export const adding = (context: ExampleContext): Promise<ExampleResult> => compareOnAdding(context, SIZES);

/** Trains both kinds one after the other. */
export async function compareOnAdding(context: ExampleContext, sizes: AddingSizes): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile } = context;
  context.stage(`making ${sizes.train + sizes.test} sequences of ${sizes.steps} numbers`);
  const train = arrays(addingProblem(sizes.train, sizes.steps, randomStream(seed, 0)));
  const test = arrays(addingProblem(sizes.test, sizes.steps, randomStream(seed, 1)));
  const rows = Math.min(SHOWN, sizes.test);
  const shown = { data: test.x.data.subarray(0, rows * sizes.steps * 2), shape: [rows, sizes.steps, 2] };

  const answers = async (net: Model): Promise<readonly number[]> => {
    const { data } = (await net.predict(shown, { batchSize: rows })) as NDArray;
    return [...data];
  };
  const said = new Map<Kind, readonly number[]>();

  const stepsPerEpoch = Math.ceil(sizes.train / batchSize);
  const errors = new Map<Kind, number>();
  for (const kind of KINDS) {
    const net = sequential([LAYERS[kind](sizes), layers.dense({ units: 1 })], { seed });
    net.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: losses.meanSquaredError() });
    context.show({
      model: net,
      plot: async () => drawn(test.y.data.subarray(0, rows), said.set(kind, await answers(net))),
      stepsPerEpoch,
      steps: KINDS.length * epochs * stepsPerEpoch,
    });
    await context.follow(net.fit(train.x, train.y, { epochs, batchSize, signal, onCompile }), kind);
    context.stage(`testing the ${kind}`);
    const { loss } = (await net.evaluate(test.x, test.y)) as { loss: number };
    errors.set(kind, loss);
    said.set(kind, await answers(net));
  }

  const [simple, lstm] = KINDS.map((kind) => errors.get(kind) as number) as [number, number];
  const goal = PROMISE * BASELINE;
  return {
    loss: lstm,
    measuredOn: `mean squared error of the LSTM on ${sizes.test} sequences never trained on`,
    details: [
      ...KINDS.map(
        (kind) => `${kind}: mean squared error ${errors.get(kind)?.toFixed(4)} on ${sizes.test} sequences`,
      ),
      `saying 1 to everything: ${BASELINE.toFixed(4)}; the LSTM is to come below a tenth of it, ${goal.toFixed(4)}`,
    ],
    passed: lstm < goal && simple >= goal,
  };
}

const arrays = ({ rows, x, y }: AddingProblem) => ({
  x: { data: x, shape: [rows, x.length / rows / 2, 2] },
  y: { data: y, shape: [rows, 1] },
});

/** What is said of each sum, over the sum as it is. */
function drawn(sums: Float32Array, said: ReadonlyMap<Kind, readonly number[]>): Plot {
  const order = [...sums.keys()].sort((a, b) => (sums[a] as number) - (sums[b] as number));
  const x = order.map((row) => sums[row] as number);
  return {
    title: `What is said of ${x.length} sums never trained on`,
    axes: ['the sum', 'is said to be'],
    lines: [
      { name: 'the sum', kind: 'truth', x, y: x },
      ...[...said].map(([name, values]) => ({
        name,
        kind: 'model' as const,
        x,
        y: order.map((row) => values[row] as number),
      })),
    ],
  };
}
