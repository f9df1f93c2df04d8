/**
 * Transfer learning on real pictures: the network of the example `digits-cnn`, trained a little, saved and loaded; frozen but for a new
 * last layer, it learns five classes of clothing.
 */
import { loadDigits, loadFashionMnist, type PackedImages, takeRows } from '../../demo/data/datasets.js';
import { digitsNetwork } from '../../demo/examples/digits-cnn.js';
import { layers, load, losses, type Model, model, optimizers, save } from '../../src/index.js';
import { ownDevice } from '../kit/engine-setup.js';
import { check, type GpuCase } from './kit.js';

const CLASSES = ['Trouser', 'Pullover', 'Sandal', 'Bag', 'Ankle boot'];
const DIGITS = 2400;
const CLOTHES = 1600;
const TESTED = 500;

const rows = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, row) => first + row);

/** `CLOTHES` pictures of the five classes to learn from and `TESTED` others, labelled 0 … 4. */
async function clothes(): Promise<readonly [PackedImages, PackedImages]> {
  const all = await loadFashionMnist('/data', { part: 'first' });
  const labelOf = new Map(CLASSES.map((name, label) => [all.classNames.indexOf(name), label]));
  const chosen = rows(0, all.rows).filter((row) => labelOf.has(all.labels[row] as number));
  const relabelled = (part: number[]): PackedImages => {
    const set = takeRows(all, part);
    return { ...set, labels: set.labels.map((label) => labelOf.get(label) as number), classNames: CLASSES };
  };
  return [relabelled(chosen.slice(0, CLOTHES)), relabelled(chosen.slice(CLOTHES, CLOTHES + TESTED))];
}

function compile(net: Model, learningRate: number): void {
  net.compile({
    optimizer: optimizers.adam({ learningRate }),
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
}

async function accuracy(net: Model, { images, labels }: PackedImages): Promise<number> {
  return (await net.evaluate(images, labels, { batchSize: 100 })).accuracy ?? Number.NaN;
}

const bits = async (net: Model): Promise<string> =>
  (await net.getWeights()).map(({ data }) => data.join()).join(';');

const above = (what: string, value: number, least: number) =>
  check(what, value >= least, `at least ${least}`, String(value));

export const cases: readonly GpuCase[] = [
  {
    name: 'a saved digits-cnn, frozen but for its last layer, learns five classes of clothing',
    async run(ctx) {
      await ownDevice(ctx);
      const digits = await loadDigits('/data');
      const [learned, tested] = [takeRows(digits, rows(0, DIGITS)), takeRows(digits, rows(DIGITS, TESTED))];
      const net = digitsNetwork(7);
      compile(net, 2e-3);
      await net.fit(learned.images, learned.labels, { epochs: 1, batchSize: 32 });
      const digitAccuracy = await accuracy(net, tested);
      const file = await save(net);
      net.dispose();

      const base = await load(file);
      base.trainable = false;
      const features = base.layers.at(-2)?.output;
      if (!features) throw new Error('the network has no layer before its last');
      const logits = layers.dense({ units: CLASSES.length, name: 'clothes' }).apply(features);
      const next = model({ inputs: base.inputs, outputs: logits, seed: 8 });
      compile(next, 2e-3);
      const before = await bits(base);
      const [train, test] = await clothes();
      const untrained = await accuracy(next, test);
      await next.fit(train.images, train.labels, { epochs: 2, batchSize: 32 });
      const trained = await accuracy(next, test);
      const after = await bits(base);
      const names = next.trainableWeights.map(({ name }) => name).join();
      next.dispose();
      base.dispose();
      return [
        ...above('accuracy on digits', digitAccuracy, 0.7),
        ...check('untrained', untrained < 0.5, 'little', String(untrained)),
        // Chance is 0.2.
        ...above('accuracy on clothing', trained, 0.8),
        ...check('what learns', names === 'clothes/kernel,clothes/bias', 'the last layer', names),
        ...check('frozen weights keep their bits', after === before),
      ];
    },
  },
];
