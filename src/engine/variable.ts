/** A variable: a tensor that lasts, lives on the device, and changes only by `assign` and by a program's updates. */

import type { DType } from '../core/dtype.js';
import { HeddleError, rejectUnknownOptions } from '../core/errors.js';
import { type Shape, sameShape, showShape } from '../core/shape.js';
import { applyOne, type HostTensor, type Value, type VariableRef } from '../ir/graph.js';
import { variableOp } from '../ir/leaves.js';
import { type ArrayLike, NDArray, toHostTensor } from './ndarray.js';
import { storeOf, VariableStore } from './store.js';
import { Tensor } from './tensor.js';

export interface VariableOptions {
  /** For printing, saving and errors. Default `variable_N`. */
  readonly name?: string;
  /** Whether optimizers may change it. Default `true` for `float32`, else `false`. */
  readonly trainable?: boolean;
  readonly shape?: Shape;
  readonly dtype?: DType;
  /** The owner of its memory. Default: a store of its own. */
  readonly store?: VariableStore;
  /** Variables of one group lie side by side (see `VariableStore`). */
  readonly group?: string;
}

export class Variable extends Tensor {
  readonly ref: VariableRef;

  constructor(ref: VariableRef) {
    super(applyOne(variableOp, [], { variable: ref }));
    this.ref = ref;
  }

  get name(): string {
    return this.ref.name;
  }

  get trainable(): boolean {
    return this.ref.trainable;
  }

  /** The store that owns its memory. */
  get store(): VariableStore {
    return storeOf(this.ref);
  }

  /** Overwrites all elements, after all work queued so far. Throws where shape or dtype differ. */
  assign(value: ArrayLike): void {
    const host = toHostTensor(value, {
      op: 'assign',
      role: 'value',
      ...(Array.isArray(value) ? {} : { shape: shapeFor(this, value) }),
      dtype: this.dtype,
    });
    if (!sameShape(host.shape, this.shape)) {
      throw new HeddleError({
        op: 'assign',
        message: `variable '${this.name}' has shape ${showShape(this.shape)}, the value ${showShape(host.shape)}`,
        roles: ['variable', 'value'],
        values: { variable: this.shape, value: host.shape },
        fix: 'pass a value of the same shape',
      });
    }
    this.store.write(this.ref, { ...host, data: host.data.slice() });
  }

  /** The elements after all work queued so far. */
  override async data(): Promise<NDArray['data']> {
    return (await this.read()).data;
  }

  override async array(): Promise<ReturnType<NDArray['array']>> {
    return (await this.read()).array();
  }

  async read(): Promise<NDArray> {
    const { data, shape, dtype } = await this.store.read(this.ref);
    return new NDArray(data, shape, dtype);
  }

  /** Gives its memory back. Programs that use it must not run any more. */
  dispose(): void {
    this.store.remove(this.ref);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A bare typed array takes the variable's shape; anything with a shape of its own keeps it. */
const shapeFor = (variable: Variable, value: ArrayLike): Shape =>
  typeof value === 'object' && 'shape' in value ? value.shape : variable.shape;

const OPTIONS = ['name', 'trainable', 'shape', 'dtype', 'store', 'group'] as const;

let count = 0;

/** A variable with the given initial value: nested arrays, a typed array, or a host array with a shape. Throws for an unknown option. */
export function variable(initial: ArrayLike | HostTensor, options: VariableOptions = {}): Variable {
  rejectUnknownOptions('variable', options, OPTIONS);
  const { name = `variable_${count++}`, shape, dtype, group } = options;
  const host = toHostTensor(initial, {
    op: 'variable',
    role: 'initial value',
    ...(shape ? { shape } : {}),
    ...(dtype ? { dtype } : {}),
  });
  const store = options.store ?? new VariableStore(name);
  const spec = {
    name,
    trainable: options.trainable ?? host.dtype === 'float32',
    ...(group === undefined ? {} : { group }),
  };
  return new Variable(store.create({ ...host, data: host.data.slice() }, spec));
}

/** A new value for a variable, as `compile({ updates })` takes them. */
export interface Update {
  readonly variable: Variable;
  readonly value: Value;
}
