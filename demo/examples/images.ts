/** Rows of packed images, cut and joined. */

import type { PackedImages } from '../data/datasets.js';

/** Rows `from` to `to`, without copying. */
export function rows(set: PackedImages, from: number, to: number): PackedImages {
  const size = set.height * set.width;
  const images = set.images.subarray(from * size, to * size);
  return { ...set, rows: to - from, images, labels: set.labels.subarray(from, to) };
}

/** The rows of `a`, then those of `b`. */
export function joined(a: PackedImages, b: PackedImages): PackedImages {
  const images = new Uint8Array(a.images.length + b.images.length);
  images.set(a.images);
  images.set(b.images, a.images.length);
  const labels = new Uint8Array(a.rows + b.rows);
  labels.set(a.labels);
  labels.set(b.labels, a.rows);
  return { ...a, rows: a.rows + b.rows, images, labels };
}
