/**
 * Tensors of the public API. A tensor is a value of the graph: ops on it record nodes and compute nothing; `data()` compiles what
 * it depends on, caches the program, and runs it.
 */

import type { DType } from '../core/dtype.js';
import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import { applyOne, canonical, type Node, type Value } from '../ir/graph.js';
import { constant, inputOp } from '../ir/leaves.js';
import type { DeviceTensor } from './backend.js';
import { evaluateTensor } from './eager.js';
import { type ArrayLike, type NDArray, type Nested, toHostTensor } from './ndarray.js';
import { markResident, unmarkResident } from './resident.js';

export class Tensor implements Value {
  readonly node: Node;
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(value: Value) {
    const held = canonical(value);
    this.node = held.node;
    this.index = held.index;
    this.shape = held.shape;
    this.dtype = held.dtype;
  }

  /** The elements, row-major, in the typed array of the dtype (`bool` and `uint8`: Uint8Array). */
  async data(): Promise<NDArray['data']> {
    return (await evaluateTensor(this)).data;
  }

  /** The elements as nested arrays; a number for a scalar. */
  async array(): Promise<Nested> {
    return (await evaluateTensor(this)).array();
  }
}

/**
 * A tensor from host data. Nested arrays give `float32` (booleans `bool`), typed arrays their own dtype, unless `dtype` says
 * otherwise. `shape` defaults to the nesting, or `[length]`. Throws for an unknown option.
 */
export function tensor(data: ArrayLike, options: { shape?: Shape; dtype?: DType } = {}): Tensor {
  rejectUnknownOptions('tensor', options, ['shape', 'dtype']);
  const host = toHostTensor(data, { op: 'tensor', role: 'data', ...options });
  return new Tensor(constant(host.data.slice(), host.shape, host.dtype));
}

let inputCount = 0;

/** A symbolic input of a program: it has a shape and a dtype, and gets its data at `run`. Default dtype `float32`. */
export function input(shape: Shape, dtype: DType = 'float32'): Tensor {
  const bad = shape.find((extent) => !Number.isInteger(extent) || extent < 0);
  if (bad !== undefined) {
    throw new HeddleError({
      op: 'input',
      message: `shape [${shape.join(',')}] has the extent ${bad}`,
      roles: ['shape'],
      values: { shape },
      fix: 'programs have static shapes: give non-negative integers',
    });
  }
  return new Tensor(applyOne(inputOp, [], { name: `input_${inputCount++}`, shape, dtype }));
}

/** A tensor that lies in a buffer on the device. The caller disposes it; used after that, it throws. */
export class ResidentTensor extends Tensor {
  readonly #resident: DeviceTensor;

  constructor(resident: DeviceTensor) {
    super(input(resident.shape, resident.dtype));
    this.#resident = resident;
    markResident(this.node, resident);
  }

  /** The `GPUBuffer` with the elements, row-major; `null` on the CPU device. Valid until `dispose()`. */
  get buffer(): DeviceTensor['buffer'] {
    return this.#resident.buffer;
  }

  dispose(): void {
    unmarkResident(this.node);
    this.#resident.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
