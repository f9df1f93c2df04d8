/** One readback: several tensors through one staging buffer, copied inside a submit that runs anyway. */

import { deviceBytes, type HostArray, hostArray } from '../core/dtype.js';
import { sizeOf } from '../core/shape.js';
import type { HostTensor } from '../ir/graph.js';
import type { PlacedTensor } from '../ir/plan.js';
import type { CountedDevice } from './counted.js';
import { fromDevice } from './encoding.js';
import type { StagingPool } from './staging.js';

export interface ReadItem {
  readonly tensor: PlacedTensor;
  /** The buffer behind `tensor.location`. */
  readonly source: GPUBuffer;
  /** How many values to gather, as a new first dimension; `null` for the tensor as it is. */
  readonly rows: number | null;
}

interface Slot extends ReadItem {
  /** Byte offset in the staging buffer. */
  readonly at: number;
  /** Bytes of one row. */
  readonly bytes: number;
}

export class Readback {
  readonly #ops: CountedDevice;
  readonly #pool: StagingPool;
  readonly #slots: readonly Slot[];
  readonly #bytes: number;
  readonly #staging: GPUBuffer | null;

  constructor(ops: CountedDevice, pool: StagingPool, items: readonly ReadItem[]) {
    this.#ops = ops;
    this.#pool = pool;
    let end = 0;
    this.#slots = items.map((item) => {
      const { shape, dtype } = item.tensor.type;
      const slot = { ...item, at: end, bytes: deviceBytes(shape, dtype) };
      end += slot.bytes * (item.rows ?? 1);
      return slot;
    });
    this.#bytes = end;
    this.#staging = end > 0 ? pool.take(end) : null;
  }

  /** Copies row `row` of the items that gather rows; `null` copies the others. */
  copy(encoder: GPUCommandEncoder, row: number | null): void {
    if (!this.#staging) return;
    for (const { tensor, source, rows, at, bytes } of this.#slots) {
      if ((rows === null) !== (row === null) || bytes === 0) continue;
      this.#ops.copy(encoder, source, tensor.location.offset, this.#staging, at + (row ?? 0) * bytes, bytes);
    }
  }

  /** The values, item by item, once the submitted copies are done. Once only. */
  async values(): Promise<HostTensor[]> {
    if (!this.#staging) return this.#slots.map((slot) => decode(new ArrayBuffer(0), slot));
    return this.#pool.read(this.#staging, this.#bytes, (mapped) =>
      this.#slots.map((slot) => decode(mapped, slot)),
    );
  }

  /** Gives the staging buffer back unread. */
  abandon(): void {
    if (this.#staging) this.#pool.release(this.#staging);
  }
}

function decode(mapped: ArrayBuffer, { tensor, rows, at, bytes }: Slot): HostTensor {
  const { shape, dtype } = tensor.type;
  const size = sizeOf(shape);
  if (size === 0 || rows === 0)
    return { shape: rows === null ? shape : [rows, ...shape], dtype, data: hostArray(dtype, 0) };
  if (rows === null) return { shape, dtype, data: fromDevice(mapped, dtype, size, at) };
  const data: HostArray = hostArray(dtype, rows * size);
  for (let row = 0; row < rows; row++)
    data.set(fromDevice(mapped, dtype, size, at + row * bytes), row * size);
  return { shape: [rows, ...shape], dtype, data };
}
