/**
 * Counter-based random numbers: every value is a pure function of (seed, stream, step counter, element), so that the
 * CPU, the GPU, a resumed run and a recomputed mask all see the same bits, and nothing has to be stored.
 *
 * The generator is Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). It needs only 32-bit additions, rotations and exclusive-ors, which WGSL and JavaScript do alike.
 */

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;
const ROUNDS = 20;

/** Two random words for the key (`seed`, `stream`) and the counter (`element`, `step`), all taken as 32-bit unsigned. */
export function threefry(seed: number, stream: number, element: number, step: number): [number, number] {
  const keys = [seed | 0, stream | 0, PARITY ^ seed ^ stream] as const;
  let x = (element + keys[0]) | 0;
  let y = (step + keys[1]) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const turn = ROTATIONS[round % 8] as number;
    x = (x + y) | 0;
    y = ((y << turn) | (y >>> (32 - turn))) ^ x;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      x = (x + (keys[injection % 3] as number)) | 0;
      y = (y + (keys[(injection + 1) % 3] as number) + injection) | 0;
    }
  }
  return [x >>> 0, y >>> 0];
}

/** A word as a float in [0, 1): its top 24 bits, so that the result is exact in float32. */
export const unitFloat = (word: number): number => (word >>> 8) * 2 ** -24;

/** A stream of random numbers on the host, for initialisers and shuffling. */
export interface RandomStream {
  /** Uniform in [0, 1), 24 bits. */
  uniform(): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/** The stream of the key (`seed`, `stream`) at `step`, from its first element. */
export function randomStream(seed: number, stream: number, step = 0): RandomStream {
  let element = 0;
  const next = (): [number, number] => threefry(seed, stream, element++, step);
  return {
    uniform: () => unitFloat(next()[0]),
    normal() {
      const [a, b] = next();
      return Math.sqrt(-2 * Math.log(1 - unitFloat(a))) * Math.cos(2 * Math.PI * unitFloat(b));
    },
    below: (bound) => Math.floor(((next()[0] * 2 ** 21 + (next()[0] >>> 11)) / 2 ** 53) * bound),
  };
}

/** A permutation of `0 … size − 1` (Fisher–Yates). */
export function permutation(size: number, random: RandomStream): Int32Array<ArrayBuffer> {
  const order = Int32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
  return order;
}
