/** What a classifier makes of pictures: class, confidence, and who is taken for whom. */

import type { Model, NDArray } from 'heddle';
import type { PackedImages } from '../data/datasets.js';
import type { Strip } from '../examples/example.js';
import type { DrawnStrip, Predicted, TestReport } from './events.js';
import { softmax } from './softmax.js';

/** Pictures on show. */
export const SAMPLES = 25;
const BATCH = 100;

/** Predicts the first `count` rows of `set`. The model gives logits. */
export async function predictRows(model: Model, set: PackedImages, count: number): Promise<Predicted[]> {
  const images = set.images.subarray(0, count * set.height * set.width);
  const { data } = (await model.predict(images, { batchSize: Math.min(count, BATCH) })) as NDArray;
  const classes = set.classNames.length;
  return Array.from({ length: count }, (_, row) => {
    const shares = softmax(data.subarray(row * classes, (row + 1) * classes));
    const confidence = Math.max(...shares);
    return { row, truth: set.labels[row] ?? 0, predicted: shares.indexOf(confidence), confidence };
  });
}

/** The probability of each class for one picture (bytes). The model gives logits. */
export async function classify(model: Model, picture: Uint8Array): Promise<readonly number[]> {
  const { data } = (await model.predict(picture, { batchSize: 1 })) as NDArray;
  return softmax(data);
}

/** All of `set`, counted, and the first pictures with what the model says. */
export async function testReport(model: Model, set: PackedImages): Promise<TestReport> {
  const predictions = await predictRows(model, set, set.rows);
  const { classNames } = set;
  const confusion = countedBy(classNames.length, predictions);
  const canvas = document.createElement('canvas');
  const samples = predictions.slice(0, SAMPLES).map((one) => {
    drawImage(canvas, set, one.row);
    return { ...one, image: canvas.toDataURL('image/png') };
  });
  return { classNames, confusion, samples };
}

/** `[truth][predicted]` counts. */
export function countedBy(
  classes: number,
  predictions: readonly Pick<Predicted, 'truth' | 'predicted'>[],
): readonly (readonly number[])[] {
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (const { truth, predicted } of predictions) {
    const row = counts[truth];
    if (row) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  return counts;
}

/** Each picture of a row as a data URL. */
export function drawnStrip({ title, width, height, pixels, captions }: Strip): DrawnStrip {
  const canvas = document.createElement('canvas');
  const size = width * height;
  const images = Array.from({ length: pixels.length / size }, (_, index) => {
    drawGray(canvas, { width, height }, (at) => 255 * (pixels[index * size + at] ?? 0));
    return canvas.toDataURL('image/png');
  });
  return { title, images, ...(captions && { captions }) };
}

/** Draws a picture, one canvas pixel for each of its own. */
export function drawImage(canvas: HTMLCanvasElement, set: PackedImages, row: number): void {
  const size = set.height * set.width;
  drawGray(canvas, set, (at) => set.images[row * size + at] ?? 0);
}

/** `ink` gives each pixel from 0 to 255; what lies outside is cut off. */
function drawGray(
  canvas: HTMLCanvasElement,
  { width, height }: Pick<PackedImages, 'width' | 'height'>,
  ink: (at: number) => number,
): void {
  canvas.width = width;
  canvas.height = height;
  const pixels = new ImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    const gray = ink(index);
    pixels.data.set([gray, gray, gray, 255], index * 4);
  }
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
}
