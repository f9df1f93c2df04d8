/** A network that foretells the next character, and how it is measured: what `titles` trains, on titles or on any text. */

import { layers, losses, type Model, model, type NDArray, ops, optimizers } from 'heddle';
import type { Rows } from '../text/rows.js';

const EMBEDDED = 32;
const UNITS = 96;
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

/** Ids [batch, length] → logits [batch, length, ids], compiled. Dropout holds it back from learning 3,000 titles by heart. */
export function characterModel(ids: number, length: number, seed: number): CharacterModel {
  const embedding = layers.embedding({ inputDim: ids, outputDim: EMBEDDED, maskZero: true });
  const lstm = recurrent();
  const output = layers.dense({ units: ids });
  const inputs = layers.input({ shape: [length], dtype: 'int32' });
  const embedded = layers.dropout({ rate: 0.1 }).apply(embedding.apply(inputs));
  const [states] = lstm.apply(embedded);
  if (!states) throw new Error('an lstm layer gives at least its sequence');
  const net = model({ inputs, outputs: output.apply(layers.dropout({ rate: 0.35 }).apply(states)), seed });
  const optimizer = optimizers.adam({ learningRate: RATES[0] });
  net.compile({ optimizer, loss: bits, metrics: [bits] });
  return { net, embedding, lstm, output, units: UNITS, optimizer };
}

/** With its states, so that it can be asked for one step after the other. */
const recurrent = () =>
  layers.lstm({ units: UNITS, recurrentDropout: 0.25, returnSequences: true, returnState: true });

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
