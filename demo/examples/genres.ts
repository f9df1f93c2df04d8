/**
 * Tells a film's genre from nothing but its title, by words: an embedding, and a GRU that reads the title from both ends. Titles say
 * little, so the measure is the class that is most common: who always names that one is right for a third of the films.
 */

import { layers, losses, type Model, type NDArray, optimizers, sequential } from 'heddle';
import { GENRE_NAMES, type GenreFilms, loadGenres } from '../data/films.js';
import { softmax } from '../driver/softmax.js';
import { titleForm } from '../text/title.js';
import { WORDS, type Words, wordsIn } from '../text/words.js';
import type { ExampleContext, ExampleResult, Reader } from './example.js';
import { settlingRate } from './settling.js';
import { wordDropout } from './word-dropout.js';

type Adam = ReturnType<typeof optimizers.adam>;

/** By how much it has to be right more often than whoever names the most common genre. */
const PROMISE = 0.04;
/** Of learning, see `settlingRate`. */
const RATES = [3e-3, 3e-4] as const;

export async function genres(context: ExampleContext): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile } = context;
  context.stage('loading the films');
  const { train, heldOut } = await loadGenres(context.dataUrl);
  const words = wordsIn(train.titles);
  const majority = majorityAccuracy(train, heldOut);
  context.stage(
    `always ${majority.name}: right for ${percent(majority.accuracy)} of ${heldOut.titles.length} held-out films`,
  );

  const optimizer = optimizers.adam({ learningRate: RATES[0] });
  const net = genreModel(words.size, seed, optimizer);
  const stepsPerEpoch = Math.ceil(train.titles.length / batchSize);
  const reader = readerOf(net, words, heldOut);
  context.show({ model: net, reader, stepsPerEpoch, steps: epochs * stepsPerEpoch });
  const { history } = await context.follow(
    net.fit(columnOf(words, train.titles), Int32Array.from(train.labels), {
      epochs,
      batchSize,
      validationData: { x: columnOf(words, heldOut.titles), y: Int32Array.from(heldOut.labels) },
      callbacks: [
        {
          onEpochBegin(epoch) {
            optimizer.learningRate = settlingRate(RATES, epoch, epochs);
          },
          onEpochEnd(epoch, logs) {
            const accuracy = {
              'held out': logs.val_accuracy ?? Number.NaN,
              [`always ${majority.name}: ${majority.accuracy.toFixed(3)}`]: majority.accuracy,
            };
            context.epochEnd(epoch, logs, { accuracy });
          },
        },
      ],
      signal,
      onCompile,
    }),
  );

  const accuracy = history.val_accuracy?.at(-1) ?? Number.NaN;
  return {
    accuracy,
    loss: history.val_loss?.at(-1) ?? Number.NaN,
    measuredOn: `validation: ${heldOut.titles.length} held-out films`,
    details: [
      `accuracy on ${heldOut.titles.length} held-out films ${accuracy.toFixed(4)}, from their titles alone`,
      `always ${majority.name}, the most common genre: ${majority.accuracy.toFixed(4)}`,
    ],
    passed: accuracy >= majority.accuracy + PROMISE,
  };
}

/**
 * Ids of words [batch, WORDS] → logits [batch, genres], compiled. It is small, and words are hidden from it, since most of them stand in one
 * title only: a larger one learns all titles by heart and is then sure of what it cannot know.
 */
export function genreModel(words: number, seed: number, optimizer: Adam): Model<NDArray> {
  const net = sequential(
    [
      wordDropout({ rate: 0.3, inputShape: [WORDS] }),
      layers.embedding({ inputDim: words, outputDim: 16, maskZero: true }),
      layers.dropout({ rate: 0.5 }),
      layers.bidirectional({ layer: layers.gru({ units: 16, recurrentDropout: 0.2 }) }),
      layers.dropout({ rate: 0.4 }),
      layers.dense({ units: GENRE_NAMES.length }),
    ],
    { seed },
  );
  net.compile({
    optimizer,
    loss: losses.sparseCategoricalCrossentropy({ fromLogits: true }),
    metrics: ['accuracy'],
  });
  return net;
}

/** What naming the most common genre of `train` for every film of `heldOut` comes to. */
export function majorityAccuracy(
  train: GenreFilms,
  heldOut: GenreFilms,
): { readonly name: string; readonly accuracy: number } {
  const count = ({ labels }: GenreFilms, label: number): number =>
    labels.filter((one) => one === label).length;
  const counts = GENRE_NAMES.map((_, label) => count(train, label));
  const most = counts.indexOf(Math.max(...counts));
  return { name: GENRE_NAMES[most] ?? '', accuracy: count(heldOut, most) / heldOut.labels.length };
}

const columnOf = (words: Words, titles: readonly string[]) => ({
  data: words.encode(titles),
  shape: [titles.length, WORDS],
});

function readerOf(net: Model<NDArray>, words: Words, { titles, labels }: GenreFilms): Reader {
  return {
    classNames: GENRE_NAMES,
    texts: titles,
    labels,
    async shares(texts) {
      const batchSize = Math.min(texts.length, 100);
      const { data } = await net.predict(columnOf(words, texts.map(titleForm)), { batchSize });
      const classes = GENRE_NAMES.length;
      return texts.map((_, row) => softmax(data.subarray(row * classes, (row + 1) * classes)));
    },
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
