/**
 * From a drawing to a picture like those of the data set. Its digits were fitted into a box of 20 × 20 cells and put with their centre
 * of mass into the middle of 28 × 28; a network that has seen nothing else expects just that.
 */

const SIDE = 28;
const BOX = 20;
/** Samples along each side of a cell, whose mean is its ink. */
const SAMPLES = 4;
/** Fainter than this is no ink. */
const FAINT = 16;

export interface Drawing {
  /** Ink from 0 to 255, row by row. */
  readonly ink: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** [28, 28] bytes; `null` where nothing is drawn. */
export function asPicture({ ink, width, height }: Drawing): Uint8Array<ArrayBuffer> | null {
  const at = (x: number, y: number): number =>
    x >= 0 && y >= 0 && x < width && y < height ? (ink[Math.floor(y) * width + Math.floor(x)] ?? 0) : 0;
  let [left, right, top, bottom] = [width, -1, height, -1];
  let [mass, alongX, alongY] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = at(x, y);
      if (here < FAINT) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      mass += here;
      alongX += here * (x + 0.5);
      alongY += here * (y + 0.5);
    }
  }
  if (mass === 0) return null;
  /** Pixels of the drawing along each side of a cell. */
  const cell = Math.max(right - left + 1, bottom - top + 1) / BOX;
  const [startX, startY] = [alongX / mass - (SIDE / 2) * cell, alongY / mass - (SIDE / 2) * cell];
  return Uint8Array.from({ length: SIDE * SIDE }, (_, index) => {
    let sum = 0;
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
      const x = (index % SIDE) + ((sample % SAMPLES) + 0.5) / SAMPLES;
      const y = Math.floor(index / SIDE) + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES;
      sum += at(startX + x * cell, startY + y * cell);
    }
    return Math.round(sum / (SAMPLES * SAMPLES));
  });
}
