/**
 * Data that stay on the device while a model trains on them: each column in a variable (or several, where it is larger than one
 * binding may be), and the order in which rows are taken.
 */

import type { Column, Columns } from '../../data/columns.js';
import { sliceRows } from '../../data/columns.js';
import type { ColumnSpec } from '../../data/spec.js';
import {
  type Backend,
  type DType,
  giveWay,
  HeddleError,
  type HostTensor,
  Tensor,
  training,
  Variable,
  type VariableStore,
  zeros,
} from '../../engine/index.js';

/** A column on the device. */
export interface ResidentColumn {
  readonly shards: readonly Variable[];
  /** What the batches of it are. */
  readonly dtype: DType;
}

/** Rows whose order is written at once. */
const ORDER_ROWS = 4096;

/** Most shards that one gather can bind beside cursor, order and output, on default limits. */
const MOST_SHARDS = 5;

export class Dataset {
  readonly rows: number;
  /** How many epochs' orders fit at once: several where epochs are short. */
  readonly orders: number;
  readonly #order: Variable;
  readonly columns: readonly ResidentColumn[];
  readonly inputs: number;
  readonly targets: number;
  readonly weighted: boolean;
  /** Programs compiled for one data set run on every other with the same signature. */
  readonly signature: string;
  readonly #store: VariableStore;

  private constructor(store: VariableStore, columns: Columns, resident: readonly ResidentColumn[]) {
    this.#store = store;
    this.rows = columns.rows;
    this.columns = resident;
    this.inputs = columns.inputs.length;
    this.targets = columns.targets.length;
    this.weighted = columns.weights !== null;
    this.orders = Math.max(1, Math.floor(ORDER_ROWS / columns.rows));
    const order = zeros([columns.rows * this.orders], 'int32');
    this.#order = new Variable(store.create(order, { name: 'order', trainable: false }));
    this.signature = signatureOf(columns);
  }

  /** Uploads `columns`, shard by shard, giving way to the page in between. */
  static async upload(
    store: VariableStore,
    backend: Backend,
    columns: Columns,
    specs: { readonly inputs: readonly ColumnSpec[]; readonly targets: readonly ColumnSpec[] },
  ): Promise<Dataset> {
    store.bind(backend);
    const limit = backend.capabilities.maxStorageBufferBindingSize;
    const resident: ResidentColumn[] = [];
    for (const [column, dtype] of withDtypes(columns, specs)) {
      const shards: Variable[] = [];
      for (const part of shardsOf(column.value, limit)) {
        shards.push(new Variable(store.create(part, { name: column.name, trainable: false })));
        store.bind(backend);
        await giveWay();
      }
      resident.push({ shards, dtype });
    }
    const dataset = new Dataset(store, columns, resident);
    store.bind(backend);
    return dataset;
  }

  /** Overwrites the data of a set with the same signature. */
  async refill(columns: Columns): Promise<void> {
    const list = listOf(columns);
    for (const [index, column] of list.entries()) {
      const shards = this.columns[index]?.shards ?? [];
      let from = 0;
      for (const shard of shards) {
        const rows = shard.shape[0] ?? 0;
        shard.assign(sliceRows(column.value, from, from + rows));
        from += rows;
        await giveWay();
      }
    }
  }

  /** Takes the rows in these orders from now on, one after the other; at most `orders` of them. */
  takeIn(orders: readonly Int32Array[]): void {
    const all = new Int32Array(this.rows * this.orders);
    for (const [index, order] of orders.entries()) all.set(order, index * this.rows);
    this.#order.assign(all);
  }

  /** The next `batchSize` rows of every column, from `cursor` on. */
  batch(cursor: Variable, batchSize: number): Tensor[] {
    const columns = this.columns.map(({ shards, dtype }) => ({ shards: [...shards], dtype }));
    return training
      .nextBatch({ cursor, order: this.#order, columns, batchSize })
      .map((value) => new Tensor(value));
  }

  dispose(): void {
    for (const { shards } of this.columns) for (const shard of shards) this.#store.remove(shard.ref);
    this.#store.remove(this.#order.ref);
  }
}

const listOf = ({ inputs, targets, weights }: Columns): Column[] => [
  ...inputs,
  ...targets,
  ...(weights ? [weights] : []),
];

function withDtypes(
  columns: Columns,
  specs: { readonly inputs: readonly ColumnSpec[]; readonly targets: readonly ColumnSpec[] },
): [Column, DType][] {
  const wanted = [...specs.inputs.map((spec) => spec.dtype), ...specs.targets.map((spec) => spec.dtype)];
  return listOf(columns).map((column, index) => [
    column,
    columns.targets.length === 0 && index >= columns.inputs.length ? 'float32' : (wanted[index] ?? 'float32'),
  ]);
}

export function signatureOf(columns: Columns): string {
  const parts = listOf(columns).map(({ value }) => `${value.dtype}[${value.shape.join(',')}]`);
  return `${columns.inputs.length}/${columns.targets.length} ${parts.join(' ')}`;
}

/** Whether the column fits the shards that one gather can bind. */
export function fitsDevice(columns: Columns, backend: Backend): boolean {
  const limit = backend.capabilities.maxStorageBufferBindingSize;
  return listOf(columns).every(({ value }) => [...shardsOf(value, limit)].length <= MOST_SHARDS);
}

/** Consecutive row ranges, each within one binding and a whole number of words. */
function* shardsOf(value: HostTensor, limit: number): Generator<HostTensor> {
  const rows = value.shape[0] ?? 0;
  const rowBytes = value.dtype === 'uint8' ? value.data.length / rows : (value.data.length / rows) * 4;
  if (rowBytes > limit) {
    throw new HeddleError({
      op: 'fit',
      message: `one example has ${rowBytes} bytes, this device binds at most ${limit}`,
      roles: ['x'],
      values: { rowBytes, limit },
      fix: 'make the examples smaller',
    });
  }
  const perShard = Math.max(1, Math.floor(limit / rowBytes / 4) * 4);
  for (let from = 0; from < rows; from += perShard)
    yield sliceRows(value, from, Math.min(rows, from + perShard));
}
