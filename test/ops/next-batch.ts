/** Cases of batches taken from data on the device: packed and plain columns, shards, more of them than bindings, an epilogue. */

import type { DType } from '../../src/core/dtype.js';
import { fusedNode } from '../../src/ops/fused.js';
import { POINTWISE_ROWS } from '../../src/ops/pointwise/index.js';
import { nextBatch, nextBatchOp } from '../../src/ops/training/index.js';
import { cut } from '../../src/ops/training/named.js';
import type { CaseInput, OpCase } from './case.js';

type List = readonly number[];

const word = (value: number): CaseInput => ({ shape: [], dtype: 'uint32', fill: [value] });

interface BatchCase {
  readonly rows: number;
  readonly batchSize: number;
  readonly cursor: number;
  readonly columns: readonly {
    readonly dtype: DType;
    readonly row: List;
    /** Rows of each shard but the last. Default: one shard. */
    readonly shardRows?: number;
    readonly as?: DType;
  }[];
}

const BATCHES: readonly BatchCase[] = [
  { rows: 1, batchSize: 1, cursor: 0, columns: [{ dtype: 'float32', row: [] }] },
  { rows: 9, batchSize: 4, cursor: 2, columns: [{ dtype: 'uint8', row: [5], shardRows: 5 }] },
  {
    rows: 11,
    batchSize: 5,
    cursor: 3,
    columns: [
      { dtype: 'uint8', row: [4, 7] },
      { dtype: 'int32', row: [] },
      { dtype: 'float32', row: [] },
    ],
  },
  {
    rows: 13,
    batchSize: 7,
    cursor: 0,
    columns: [
      { dtype: 'float32', row: [8], shardRows: 7 },
      { dtype: 'float32', row: [3] },
    ],
  },
  {
    rows: 7,
    batchSize: 6,
    cursor: 0,
    columns: [
      { dtype: 'uint8', row: [2, 3], as: 'int32' },
      { dtype: 'uint8', row: [], as: 'int32' },
    ],
  },
  // More shards than bindings: several dispatches, each of which writes some rows.
  {
    rows: 20,
    batchSize: 17,
    cursor: 1,
    columns: [
      { dtype: 'uint8', row: [3], shardRows: 3 },
      { dtype: 'bool', row: [2] },
    ],
  },
  // Past the end of the order the last row is taken again.
  { rows: 6, batchSize: 5, cursor: 4, columns: [{ dtype: 'uint8', row: [1] }] },
];

function batchCase(one: BatchCase): OpCase {
  const { rows, batchSize, cursor, columns } = one;
  const order = Array.from({ length: rows }, (_, k) => (k * 5 + 3) % rows);
  const shards = columns.map(({ shardRows = rows }) =>
    Array.from({ length: Math.ceil(rows / shardRows) }, (_, s) => Math.min(shardRows, rows - s * shardRows)),
  );
  return {
    op: 'nextBatch',
    name: `${batchSize} of ${rows} from ${cursor}: ${columns
      .map(({ dtype, row, as = '' }, c) => `${dtype}[${row.join(',')}]${as}×${shards[c]?.length}`)
      .join(' ')}`,
    inputs: [
      word(cursor),
      { shape: [rows], dtype: 'int32', fill: order },
      ...columns.flatMap(({ dtype, row }, c) =>
        (shards[c] ?? []).map((count): CaseInput => ({ shape: [count, ...row], dtype })),
      ),
    ],
    build: (at, permutation, ...data) => {
      const parts = cut(
        data,
        shards.map((list) => list.length),
      );
      return nextBatch({
        cursor: at,
        order: permutation,
        batchSize,
        columns: columns.map(({ as }, c) => ({ shards: parts[c] ?? [], ...(as ? { dtype: as } : {}) })),
      });
    },
    exact: true,
    gradients: false,
  };
}

const rowsByName = new Map(POINTWISE_ROWS.map((row) => [row.name, row]));

/** Column 0 through an epilogue, value / 255 + offset, with value / 255 as a side output. */
function scaledBatchCase(row: List, shardRows: number): OpCase {
  const rows = 9;
  const batchSize = 6;
  const [mul, add] = ['mul', 'add'].map((name) => rowsByName.get(name));
  if (!mul || !add) throw new Error('the table of elementwise ops has no mul or no add');
  const shards = Array.from({ length: Math.ceil(rows / shardRows) }, (_, s) =>
    Math.min(shardRows, rows - s * shardRows),
  );
  const data = shards.map((count): CaseInput => ({ shape: [count, ...row], dtype: 'uint8' }));
  const offset: CaseInput = { shape: row.slice(-1) };
  return {
    op: 'nextBatch+mul+add',
    name: `[${row.join(',')}] in ${shards.length} shards`,
    inputs: [
      word(1),
      { shape: [rows], dtype: 'int32', fill: Array.from({ length: rows }, (_, k) => (k * 4 + 1) % rows) },
      ...data,
      { shape: [rows], dtype: 'int32' },
      offset,
    ],
    build: (...inputs) =>
      fusedNode(
        {
          base: nextBatchOp,
          baseAttrs: {
            batchSize,
            columns: [
              { shards: shards.length, dtype: 'float32' },
              { shards: 1, dtype: 'int32' },
            ],
          },
          baseInputs: inputs.length - 1,
          epilogue: {
            program: {
              operands: ['float32', 'float32'],
              constants: [{ value: 1 / 255, dtype: 'float32' }],
              steps: [
                { row: mul, args: [0, 2], dtype: 'float32' },
                { row: add, args: [3, 1], dtype: 'float32' },
              ],
              results: [4, 3],
            },
            operands: [{ type: { shape: row.slice(-1), dtype: 'float32' }, input: inputs.length - 1 }],
            sides: [2],
          },
        },
        inputs,
      ),
    gradients: false,
  };
}

export const cases: OpCase[] = [
  ...BATCHES.map(batchCase),
  scaledBatchCase([5], 9),
  scaledBatchCase([2, 8], 9),
  scaledBatchCase([], 9),
  scaledBatchCase([3], 2),
];
