/** What a classifier makes of texts: class, confidence, and who is taken for whom. */

import type { Reader } from '../examples/example.js';
import type { ReadText, TestReport } from './events.js';
import { countedBy, SAMPLES } from './predictions.js';

/** The first `count` of the reader's texts. */
export async function readTexts(reader: Reader, count: number): Promise<readonly ReadText[]> {
  const texts = reader.texts.slice(0, count);
  const all = await reader.shares(texts);
  return texts.map((text, row) => {
    const shares = all[row] ?? [];
    const confidence = Math.max(...shares);
    return {
      row,
      text,
      truth: reader.labels[row] ?? 0,
      predicted: shares.indexOf(confidence),
      confidence,
    };
  });
}

/** All of the reader's texts, counted, and the first of them. */
export async function readReport(reader: Reader): Promise<TestReport> {
  const read = await readTexts(reader, reader.texts.length);
  const { classNames } = reader;
  return { classNames, confusion: countedBy(classNames.length, read), samples: read.slice(0, SAMPLES) };
}
