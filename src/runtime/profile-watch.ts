/**
 * Watches for work on the device: timestamps at both ends of a pass or, on a device without them, the clock around a submit. Either is
 * coarse (Chrome rounds timestamps to 65 µs), so that what is timed must last much longer.
 */

import type { GpuContext } from './context.js';
import { StagingPool } from './staging.js';
import { BUFFER_USAGE } from './usage.js';

export type WatchSource = 'timestamps' | 'clock';

/** Encodes one pass, which takes `timestamps` where they are given. */
export type EncodePass = (encoder: GPUCommandEncoder, timestamps?: GPUComputePassTimestampWrites) => void;

export interface Watch {
  readonly source: WatchSource;
  /** What takes less is told badly. */
  readonly leastMilliseconds: number;
  /** Submits a pass and resolves to the milliseconds that it took; 0 where that is too short to tell. */
  time(encode: EncodePass): Promise<number>;
  dispose(): void;
}

/** The best watch that the device has. */
export const openWatch = (context: GpuContext): Promise<Watch> =>
  context.timestamps ? Promise.resolve(timestampWatch(context)) : clockWatch(context);

/** Two numbers of 64 bits, in nanoseconds. */
const STAMP_BYTES = 16;

function timestampWatch({ ops, buffers, health }: GpuContext): Watch {
  const querySet = ops.createQuerySet('heddle profile', 2);
  const usage = BUFFER_USAGE.queryResolve | BUFFER_USAGE.copySource;
  const resolved = buffers.create({ label: 'heddle profile timestamps', bytes: STAMP_BYTES, usage });
  const staging = new StagingPool(buffers, health, 'heddle profile');
  return {
    source: 'timestamps',
    leastMilliseconds: 2,
    async time(encode) {
      health.assertAlive();
      const encoder = ops.device.createCommandEncoder({ label: 'heddle profile' });
      encode(encoder, { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 });
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      const target = staging.take(STAMP_BYTES);
      ops.copy(encoder, resolved, 0, target, 0, STAMP_BYTES);
      ops.submit(encoder);
      return staging.read(target, STAMP_BYTES, (mapped) => {
        const [begin = 0n, end = 0n] = new BigUint64Array(mapped, 0, 2);
        return Math.max(0, Number(end - begin) / 1e6);
      });
    },
    dispose() {
      ops.destroyQuerySet(querySet);
      buffers.destroy(resolved);
      staging.dispose();
    },
  };
}

/** No pass is made longer for the clock's sake: a page draws with the same GPU. */
const LONGEST_PASS = 50;

/** Submits of nothing that are timed: the quickest is what each submit costs. */
const EMPTY_SUBMITS = 5;

async function clockWatch(context: GpuContext): Promise<Watch> {
  const { ops, health } = context;
  const elapsed = async (encode: EncodePass): Promise<number> => {
    await context.idle();
    health.assertAlive();
    const start = performance.now();
    const encoder = ops.device.createCommandEncoder({ label: 'heddle profile' });
    encode(encoder);
    ops.submit(encoder);
    await context.idle();
    return performance.now() - start;
  };
  let empty = Number.POSITIVE_INFINITY;
  for (let count = 0; count < EMPTY_SUBMITS; count++) {
    empty = Math.min(empty, await elapsed((encoder) => ops.beginPass(encoder, 'heddle profile').end()));
  }
  return {
    source: 'clock',
    leastMilliseconds: Math.min(LONGEST_PASS, 4 * empty),
    time: async (encode) => Math.max(0, (await elapsed(encode)) - empty),
    dispose() {},
  };
}
