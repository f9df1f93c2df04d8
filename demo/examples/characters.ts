/** A network that foretells the next character, and how it is measured: what `titles` trains, on titles or on any text. */

import { layers, losses, type Model, model, type NDArray, ops, optimizers } from 'heddle';
import type { Rows } from '../text/rows.js';

const EMBEDDED = 32;
const UNITS = 96;
/** Dropout holds a model back from learning a few thousand titles by heart; a long text cannot be. */
const DROPPED = { input: 0.1, state: 0.25, output: 0.35 } as const;
const DROPPED_OF_MANY = { input: 0, state: 0, output: 0.1 } as const;
/** Characters from which on a text is long. */
const MANY = 300_000;
/** Of learning, see `settlingRate`. */
export const RATES = [8e-3, 4e-4] as const;

/** The network and those of its layers that writing needs, one character at a time. */
export interface CharacterModel {
  readonly net: Model<NDArray>;
  readonly embedding: ReturnType<typeof layers.embedding>;
  readonly lstm: ReturnType<typeof recurrent>;
  readonly output: ReturnType<typeof layers.dense>;
  readonly units: number;
  readonly optimizer: ReturnType<typeof optimizers.adam>;
}

/** Ids [batch, length] → logits [batch, length, ids], compiled, to learn from so many characters. */
export function characterModel(
  ids: number,
  length: number,
  characters: number,
  seed: number,
): CharacterModel {
  const rates = characters < MANY ? DROPPED : DROPPED_OF_MANY;
  const embedding = layers.embedding({ inputDim: ids, outputDim: EMBEDDED, maskZero: true });
  const lstm = recurrent(rates.state);
  const output = layers.dense({ units: ids });
  const inputs = layers.input({ shape: [length], dtype: 'int32' });
  const embedded = layers.dropout({ rate: rates.input }).apply(embedding.apply(inputs));
  const [states] = lstm.apply(embedded);
  if (!states) throw new Error('an lstm layer gives at least its sequence');
  const outputs = output.apply(layers.dropout({ rate: rates.output }).apply(states));
  const net = model({ inputs, outputs, seed });
  const optimizer = optimizers.adam({ learningRate: RATES[0] });
  net.compile({ optimizer, loss: bits, metrics: [bits] });
  return { net, embedding, lstm, output, units: UNITS, optimizer };
}

/** With its states, so that it can be asked for one step after the other. */
const recurrent = (recurrentDropout: number) =>
  layers.lstm({ units: UNITS, recurrentDropout, returnSequences: true, returnState: true });

/**
 * Bits that each character costs, −log₂ p: labels [batch, length] and logits [batch, length, ids] → [batch, length]. As a loss it is
 * averaged row by row, as a metric over all characters; padding counts in neither.
 */
export const bits: losses.LossFunction & { readonly metricName: string } = Object.assign(
  (...[yTrue, yPred]: Parameters<losses.LossFunction>) =>
    ops.mul(losses.sparseCategoricalCrossentropy({ fromLogits: true })(yTrue, yPred), Math.LOG2E),
  { lossName: 'bits', metricName: 'bits', target: 'classes' as const },
);

/** Bits per character that `rows` cost a model that has never seen them. */
export async function bitsPerCharacter(
  { net }: CharacterModel,
  rows: Rows,
  batchSize: number,
): Promise<number> {
  const shape = [rows.rows, rows.length];
  const inputs = { data: rows.inputs, shape };
  const targets = { data: rows.targets, shape };
  const { bits: mean } = await net.evaluate(inputs, targets, { batchSize });
  return mean ?? Number.NaN;
}
