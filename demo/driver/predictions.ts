/** What a classifier makes of pictures: class, confidence, and who is taken for whom. */

import type { Model, NDArray } from 'heddle';
import type { PackedImages } from '../data/datasets.js';
import type { Predicted, TestReport } from './events.js';

/** Pictures on show. */
export const SAMPLES = 25;
const BATCH = 100;

/** Predicts the first `count` rows of `set`. The model gives logits. */
export async function predictRows(model: Model, set: PackedImages, count: number): Promise<Predicted[]> {
  const images = set.images.subarray(0, count * set.height * set.width);
  const { data } = (await model.predict(images, { batchSize: Math.min(count, BATCH) })) as NDArray;
  const classes = set.classNames.length;
  return Array.from({ length: count }, (_, row) => {
    const logits = Array.from(data.subarray(row * classes, (row + 1) * classes));
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return { row, truth: set.labels[row] ?? 0, predicted: logits.indexOf(largest), confidence: 1 / sum };
  });
}

/** All of `set`, counted, and the first pictures with what the model says. */
export async function testReport(model: Model, set: PackedImages): Promise<TestReport> {
  const predictions = await predictRows(model, set, set.rows);
  const { classNames } = set;
  const confusion = classNames.map(() => classNames.map(() => 0));
  for (const { truth, predicted } of predictions) {
    const row = confusion[truth];
    if (row) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  const canvas = document.createElement('canvas');
  const samples = predictions.slice(0, SAMPLES).map((one) => {
    drawImage(canvas, set, one.row);
    return { ...one, image: canvas.toDataURL('image/png') };
  });
  return { classNames, confusion, samples };
}

/** Draws a picture, one canvas pixel for each of its own. */
export function drawImage(canvas: HTMLCanvasElement, set: PackedImages, row: number): void {
  const { width, height } = set;
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    const ink = set.images[row * width * height + index] ?? 0;
    pixels.data.set([ink, ink, ink, 255], index * 4);
  }
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
}
