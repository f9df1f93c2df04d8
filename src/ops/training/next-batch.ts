/** `nextBatch`: the rows of the next batch out of data that lies on the device. Internal to training; no gradient. */

import { type DType, WGSL_TYPE } from '../../core/dtype.js';
import { HeddleError } from '../../core/errors.js';
import { sameShape, showShape, sizeOf } from '../../core/shape.js';
import { apply, type TensorType, type Value } from '../../ir/graph.js';
import {
  type Arg,
  type Candidate,
  inputArg,
  type LoweredDispatch,
  type LowerRequest,
  type OpDef,
  outputArg,
} from '../../ir/op.js';
import { type BatchColumn, nextBatch as nextBatchKernel } from '../../kernels/next-batch.js';
import { emitEpilogue } from '../pointwise/emit.js';

export interface NextBatchColumn {
  /** How many inputs hold this column, consecutive rows in each, as many in each but the last. */
  readonly shards: number;
  /** Of the output. uint8 data becomes any number; other data keeps its dtype. */
  readonly dtype: DType;
}

export interface NextBatchAttrs {
  readonly batchSize: number;
  readonly columns: readonly NextBatchColumn[];
}

/** A column's shards among the inputs. */
interface Stored {
  readonly index: number;
  /** Input of its first shard. */
  readonly first: number;
  readonly shards: readonly TensorType[];
  readonly rows: number;
  readonly shardRows: number;
  readonly rest: readonly number[];
}

/** Inputs before the columns: cursor, order. */
const LEADING = 2;

/** y_c[b, …] = column_c[order[cursor + b], …], indices clamped to the data. */
export const nextBatchOp: OpDef<NextBatchAttrs> = {
  name: 'nextBatch',
  fusion: { epilogue: 0 },
  infer(inputs, attrs) {
    const [cursor, order] = inputs;
    if (cursor?.dtype !== 'uint32' || order?.dtype !== 'int32' || order.shape.length !== 1) {
      throw new HeddleError({
        op: 'nextBatch',
        message: `takes a uint32 cursor and an int32 order of rank 1, got ${cursor?.dtype} and ${order?.dtype} ${showShape(order?.shape ?? [])}`,
        roles: ['cursor', 'order'],
        values: { cursor, order },
        fix: 'pass the scalar cursor and the permutation of the rows',
      });
    }
    return storedColumns(inputs, attrs).map(({ index, shards, rest }) => {
      const dtype = attrs.columns[index]?.dtype ?? 'float32';
      const stored = shards[0]?.dtype ?? dtype;
      if (stored !== dtype && (stored !== 'uint8' || dtype === 'uint8' || dtype === 'bool')) {
        throw new HeddleError({
          op: 'nextBatch',
          message: `column ${index} is stored as ${stored} and cannot be taken as ${dtype}`,
          roles: [`column ${index}`],
          values: { stored, dtype },
          fix: 'take it as it is stored; only uint8 data is converted, to float32, int32 or uint32',
        });
      }
      return { shape: [attrs.batchSize, ...rest], dtype };
    });
  },
  reference(inputs, outputs, attrs) {
    const [cursor, order] = inputs;
    if (!cursor || !order) return;
    for (const { index, first, rows, shardRows, rest } of storedColumns(inputs, attrs)) {
      const y = outputs[index];
      const length = sizeOf(rest);
      for (let b = 0; b < attrs.batchSize; b++) {
        const at = Math.min((cursor.data[0] as number) + b, order.data.length - 1);
        const row = Math.min(Math.max(order.data[at] as number, 0), rows - 1);
        const shard = inputs[first + Math.floor(row / shardRows)];
        for (let i = 0; i < length; i++) {
          if (y && shard) y.data[b * length + i] = shard.data[(row % shardRows) * length + i] as number;
        }
      }
    }
  },
  candidates: nextBatchCandidates,
};

function nextBatchCandidates(request: LowerRequest<NextBatchAttrs>): Candidate[] {
  const { inputs, outputs, attrs, used, capabilities } = request;
  const plain = nextBatchOp.infer(inputs.slice(0, LEADING + shardCount(attrs)), attrs);
  const epilogue = request.epilogue && emitEpilogue(request.epilogue, plain[0] as TensorType);
  const extra = epilogue?.args ?? [];
  const limit = capabilities.maxStorageBuffersPerShaderStage - LEADING;
  const wanted = storedColumns(inputs, attrs).filter(({ index }) => used[index]);
  const orderLength = inputs[1]?.shape[0] ?? 1;

  const dispatchOf = (parts: readonly { column: Stored; from: number; to: number }[]): LoweredDispatch => {
    const own = parts.some(({ column }) => column.index === 0) ? epilogue : undefined;
    const columns = parts.map(({ column, from, to }) =>
      bound(column, from, to, plain[column.index] as TensorType, outputs[column.index] as TensorType),
    );
    const args: Arg[] = [inputArg(0), inputArg(1)];
    for (const { column, from, to } of parts) {
      for (let shard = from; shard < to; shard++) args.push(inputArg(column.first + shard));
    }
    args.push(...parts.map(({ column }) => outputArg(column.index)), ...(own ? extra : []));
    return { launch: nextBatchKernel(attrs.batchSize, orderLength, columns, own), args };
  };

  const whole = wanted.map((column) => ({ column, from: 0, to: column.shards.length }));
  const bindings = whole.reduce((sum, { to }) => sum + to + 1, wanted[0]?.index === 0 ? extra.length : 0);
  if (bindings <= limit) {
    return [{ key: 'next_batch', lower: () => ({ scratch: [], dispatches: [dispatchOf(whole)] }) }];
  }
  // Each column in dispatches of its own, each of which writes the rows that lie in the shards it sees.
  const dispatches = wanted.flatMap((column) => {
    const room = Math.max(1, limit - 1 - (column.index === 0 ? extra.length : 0));
    const parts: LoweredDispatch[] = [];
    for (let from = 0; from < column.shards.length; from += room) {
      parts.push(dispatchOf([{ column, from, to: Math.min(from + room, column.shards.length) }]));
    }
    return parts;
  });
  return [{ key: 'next_batch_split', lower: () => ({ scratch: [], dispatches }) }];
}

/** The shards `from … to − 1` of `column` as the kernel sees them. */
function bound(
  { index, shards, rows, shardRows, rest }: Stored,
  from: number,
  to: number,
  plain: TensorType,
  output: TensorType,
): BatchColumn {
  const dtype = shards[0]?.dtype ?? plain.dtype;
  return {
    index,
    length: sizeOf(rest),
    shape: plain.shape,
    packed: dtype === 'uint8',
    stored: WGSL_TYPE[dtype],
    taken: WGSL_TYPE[plain.dtype],
    result: WGSL_TYPE[output.dtype],
    shards: to - from,
    rows,
    shardRows,
    from: from * shardRows,
    to: Math.min(to * shardRows, rows),
  };
}

const shardCount = ({ columns }: NextBatchAttrs): number =>
  columns.reduce((sum, { shards }) => sum + shards, 0);

/** Which inputs hold which column. Throws where shards do not make up a column. */
function storedColumns(inputs: readonly TensorType[], { columns }: NextBatchAttrs): Stored[] {
  let next = LEADING;
  return columns.map(({ shards: count }, index) => {
    const first = next;
    next += count;
    const shards = inputs.slice(first, next);
    const [lead] = shards;
    const shardRows = lead?.shape[0] ?? 0;
    const rest = lead?.shape.slice(1) ?? [];
    const even = shards.every(
      ({ shape, dtype }, at) =>
        dtype === lead?.dtype &&
        sameShape(shape.slice(1), rest) &&
        (at === count - 1 ? (shape[0] ?? 0) <= shardRows : shape[0] === shardRows),
    );
    if (count < 1 || shards.length !== count || shardRows < 1 || !even) {
      throw new HeddleError({
        op: 'nextBatch',
        message: `column ${index} is not made up by ${count} shards of shapes ${shards.map(({ shape }) => showShape(shape)).join(' ')}`,
        roles: [`column ${index}`],
        values: { shards: shards.map(({ shape, dtype }) => ({ shape, dtype })) },
        fix: 'give all shards but the last the same number of rows, and all the same row shape and dtype',
      });
    }
    const rows = shards.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    return { index, first, shards, rows, shardRows, rest };
  });
}

export interface NextBatchArguments {
  /** uint32 []: position in `order` of the batch's first row. */
  readonly cursor: Value;
  /** int32 [n]: a permutation of the rows, or a part of one. */
  readonly order: Value;
  readonly batchSize: number;
  readonly columns: readonly {
    /** [rows, …rest], float32, int32, uint32, bool or uint8; several where one would be larger than a binding. */
    readonly shards: readonly Value[];
    /** Of the batch. Default: that of the shards, float32 for uint8. */
    readonly dtype?: DType;
  }[];
}

/** Rows `order[cursor + b]`, b < batchSize, of each column: a list of [batchSize, …rest]. */
export function nextBatch({ cursor, order, batchSize, columns }: NextBatchArguments): readonly Value[] {
  const attrs: NextBatchAttrs = {
    batchSize,
    columns: columns.map(({ shards, dtype }) => {
      const stored = shards[0]?.dtype ?? 'float32';
      return { shards: shards.length, dtype: dtype ?? (stored === 'uint8' ? 'float32' : stored) };
    }),
  };
  return apply(nextBatchOp, [cursor, order, ...columns.flatMap(({ shards }) => shards)], attrs);
}
