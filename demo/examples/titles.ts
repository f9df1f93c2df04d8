/**
 * A network that has read 2,834 film titles letter by letter makes up new ones; given a text file, it learns to write like that instead.
 * The measure is how many bits the next character costs it in titles that it has never seen, beside what counting three characters costs.
 */

import { loadTitles } from '../data/films.js';
import type { WriteRequest, Written } from '../driver/events.js';
import type { Rows } from '../text/rows.js';
import { partsOf, passagesTask, type Task, titlesTask } from '../text/task.js';
import { END } from '../text/vocabulary.js';
import { bitsPerCharacter, characterModel, RATES } from './characters.js';
import type { ExampleContext, ExampleResult, Writer } from './example.js';
import { Sampler } from './sampler.js';
import { settlingRate } from './settling.js';

/** The temperature of what is written after each epoch. */
const TEMPERATURE = 0.7;
/** How often it writes at the end, to see how much of that it has made up itself. */
const ROUNDS = 4;

export async function titles(context: ExampleContext): Promise<ExampleResult> {
  const { epochs, batchSize, seed, signal, onCompile, stage } = context;
  const [file] = context.files;
  stage(file ? `reading ${file.name}` : 'loading the titles');
  const task = file
    ? passagesTask(file.name, new Uint8Array(await file.arrayBuffer()), seed)
    : titlesTask(await loadTitles(context.dataUrl), seed);
  const { train, heldOut, trigramBits } = task;
  stage(`counting three characters: ${trigramBits.toFixed(3)} bits per character on ${task.measuredOn}`);

  const characters = characterModel(task.vocabulary.size, train.length, train.characters, seed);
  const { net, optimizer } = characters;
  const parts = partsOf(train);
  const stepsPerEpoch = Math.ceil((parts[0]?.rows ?? 0) / batchSize);
  const writer = await writerOf(characters, task, context);
  context.show({ model: net, writer, stepsPerEpoch, steps: epochs * stepsPerEpoch });

  let cost = Number.NaN;
  for (let epoch = 0; epoch < epochs; epoch++) {
    optimizer.learningRate = settlingRate(RATES, epoch, epochs);
    const { rows, length, inputs, targets } = parts[epoch % parts.length] as Rows;
    const shape = [rows, length];
    const run = net.fit(
      { data: inputs, shape },
      { data: targets, shape },
      { epochs: 1, batchSize, signal, onCompile },
    );
    await context.follow(run);
    cost = await bitsPerCharacter(characters, heldOut, batchSize);
    const figures = { 'held-out bits per character': cost, 'of the trigram model': trigramBits };
    const counted = `trigrams: ${trigramBits.toFixed(3)}`;
    context.epochEnd(epoch, figures, { loss: { 'held out': cost, [counted]: trigramBits } });
    const request = { prefix: '', temperature: TEMPERATURE };
    context.wrote(request, await writer.write(request));
  }

  return {
    loss: cost,
    measuredOn: `bits per character on ${task.measuredOn}`,
    details: [
      `${cost.toFixed(3)} bits per character on ${task.measuredOn}`,
      `a trigram model of the same characters: ${trigramBits.toFixed(3)} (smoothing weight ${task.smoothing})`,
      ...(task.kind === 'titles' ? [await inventions(writer)] : []),
    ],
    passed: cost < trigramBits,
  };
}

/** How much of what it writes is its own, and some of that. */
async function inventions(writer: Writer): Promise<string> {
  const texts: Written[] = [];
  for (let round = 0; round < ROUNDS; round++)
    texts.push(...(await writer.write({ prefix: '', temperature: TEMPERATURE })));
  const own = texts.filter(({ text, known }) => !known && text !== '').map(({ text }) => text);
  return `${own.length} of ${texts.length} titles that it wrote are its own: ${own.slice(0, 8).join(' · ')}`;
}

async function writerOf(
  characters: Parameters<typeof Sampler.of>[0],
  { kind, vocabulary, texts, length, form, known }: Task,
  { seed, onCompile }: ExampleContext,
): Promise<Writer> {
  const sampler = await Sampler.of(characters, { ids: vocabulary.size, texts, length, seed, onCompile });
  return {
    kind,
    async write({ prefix, temperature }: WriteRequest) {
      const begun = vocabulary.encode(form(prefix)).slice(0, length - 1);
      const written = await sampler.write(begun, temperature);
      return written.map((ids) => {
        const ended = kind === 'titles' ? ids.indexOf(END) : -1;
        const text = vocabulary.decode(ended < 0 ? ids : ids.slice(0, ended));
        return { text, known: known(text) };
      });
    },
    dispose: () => sampler.dispose(),
  };
}
