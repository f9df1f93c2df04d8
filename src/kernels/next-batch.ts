/**
 * `shaders/next-batch.wgsl`: rows of several columns in the order of a permutation. What differs between columns (how a row is
 * stored, how many shards there are) is written out per column here; the rest stands in the shader.
 */

import source from '../../shaders/next-batch.wgsl?raw';
import {
  type Attachment,
  assembleKernel,
  paramValues,
  requireIndexable,
  rowAndColumn,
  type TypedBinding,
} from './attachment.js';
import { counts, LANES } from './elements.js';
import { foldWorkgroups, type Launch } from './kernel.js';

export interface BatchColumn {
  /** Number in binding names, and of the epilogue's column (0). */
  readonly index: number;
  /** Elements of a row. */
  readonly length: number;
  /** Of the output, batch first. */
  readonly shape: readonly number[];
  /** Four elements to a stored word, instead of one. */
  readonly packed: boolean;
  /** WGSL scalar of a stored element (`f32` where it is copied bit by bit as well), and of a converted one. */
  readonly stored: string;
  readonly taken: string;
  /** WGSL scalar of the output, after an epilogue. */
  readonly result: string;
  /** Shards bound in this dispatch. */
  readonly shards: number;
  /** Rows of the whole column, and of each shard but the last. */
  readonly rows: number;
  readonly shardRows: number;
  /** Rows in the bound shards: from … to − 1. */
  readonly from: number;
  readonly to: number;
}

/** Bindings: cursor, order, the shards of each column, the output of each column, then those of the epilogue. */
export function nextBatch(
  batchSize: number,
  orderLength: number,
  columns: readonly BatchColumn[],
  epilogue?: Attachment,
): Launch {
  let end = 0;
  const values = columns.flatMap((column) => {
    requireIndexable('nextBatch', [column.shardRows, column.length]);
    end += Math.ceil((batchSize * unitsOf(column)) / LANES);
    return [end, column.rows, column.shardRows, column.from, column.to];
  });
  const own = [batchSize, orderLength, ...values];
  const names = columns.flatMap(({ index }) =>
    ['end', 'rows', 'shard_rows', 'from', 'to'].map((name) => `${name}_${index}`),
  );
  const kernel = assembleKernel({
    entryPoint: 'next_batch',
    source,
    baked: columns.map(
      ({ index, length, shape, packed, stored, taken, result, shards }) =>
        `${index}:${stored}${packed ? 'x4' : ''}>${taken}>${result},${length}/${shape.length < 2 ? 1 : shape.at(-1)},${shards}`,
    ),
    declarations: [
      ...(epilogue ? [] : identityEpilogue(columns)),
      ...columns.flatMap((column) => [loadFunction(column), takeFunction(column)]),
      dealFunction(columns),
    ],
    params: counts(['batch_size', 'order_length', ...names]),
    bindings: [
      { name: 'cursor', access: 'read', type: 'array<u32>' },
      { name: 'order', access: 'read', type: 'array<i32>' },
      ...columns.flatMap(shardBindings),
      ...columns.map((column): TypedBinding => {
        const type = isWide(column) ? `array<vec4<${column.result}>>` : `array<${column.result}>`;
        return { name: `batch_${column.index}`, access: 'write', type };
      }),
    ],
    attachments: [epilogue],
  });
  return { kernel, workgroups: foldWorkgroups(end), params: paramValues(own, [epilogue]) };
}

/** Rows are whole quads, so that outputs (and stored words) are read and written four at a time. */
const isWide = ({ length }: BatchColumn): boolean => length % 4 === 0;
/** Elements that an invocation moves. */
const unitOf = (column: BatchColumn): number => (column.packed || isWide(column) ? 4 : 1);
const unitsOf = (column: BatchColumn): number => Math.ceil(column.length / unitOf(column));
const storedType = (column: BatchColumn): string =>
  isWide(column) && !column.packed ? `vec4<${column.stored}>` : column.stored;

function shardBindings(column: BatchColumn): TypedBinding[] {
  const type = `array<${storedType(column)}>`;
  return Array.from({ length: column.shards }, (_, shard) => ({
    name: `column_${column.index}_shard_${shard}`,
    access: 'read',
    type,
  }));
}

function identityEpilogue(columns: readonly BatchColumn[]): string[] {
  return columns
    .filter(({ index }) => index === 0)
    .map(({ taken }) => `fn epilogue(value: ${taken}, row: u32, col: u32) -> ${taken} {\n  return value;\n}`);
}

function loadFunction(column: BatchColumn): string {
  const { index, shards } = column;
  const cases = Array.from({ length: shards - 1 }, (_, shard) => {
    return `  if (shard == ${shard}u) {\n    return column_${index}_shard_${shard}[at];\n  }`;
  });
  return [
    `fn load_${index}(shard: u32, at: u32) -> ${storedType(column)} {`,
    ...cases,
    `  return column_${index}_shard_${shards - 1}[at];`,
    '}',
  ].join('\n');
}

function takeFunction(column: BatchColumn): string {
  const { index, length } = column;
  const unit = unitOf(column);
  const units = unitsOf(column);
  return `fn take_${index}(item: u32) {
  let b = item / ${units}u;
  let col = item % ${units}u * ${unit}u;
  if (b >= params.batch_size) {
    return;
  }
  let row = source_row(b, params.rows_${index});
  if (row < params.from_${index} || row >= params.to_${index}) {
    return;
  }
  let shard = (row - params.from_${index}) / params.shard_rows_${index};
  let at = (row - params.from_${index}) % params.shard_rows_${index} * ${length}u + col;
  let e = b * ${length}u + col;
${readStatements(column).join('\n')}
${writeStatements(column, unit).join('\n')}
}`;
}

/** Sets `unit`, the elements at `at`. */
function readStatements(column: BatchColumn): string[] {
  const { index, length, packed } = column;
  if (!packed) return [`  let unit = load_${index}(shard, at${isWide(column) ? ' / 4u' : ''});`];
  if (isWide(column)) return [`  let unit = bytes_of(load_${index}(shard, at / 4u));`];
  return [
    `  let last = at + min(4u, ${length}u - col) - 1u;`,
    `  let word = funnel(load_${index}(shard, at / 4u), load_${index}(shard, last / 4u), at % 4u * 8u);`,
    '  let unit = bytes_of(word);',
  ];
}

/** Stores `unit` at element `e` of the output. */
function writeStatements(column: BatchColumn, unit: number): string[] {
  const { index, length, taken, stored, packed, shape } = column;
  const element = (lane: number): string => {
    const raw = unit === 1 ? 'unit' : `unit[${lane}]`;
    const value = packed || stored !== taken ? `${taken}(${raw})` : raw;
    const at = lane === 0 ? 'e' : `(e + ${lane}u)`;
    return index === 0 ? `epilogue(${value}, ${rowAndColumn(at, shape)})` : value;
  };
  if (isWide(column)) {
    const lanes = [0, 1, 2, 3].map(element).join(', ');
    return [`  batch_${index}[e / 4u] = vec4<${column.result}>(${lanes});`];
  }
  if (unit === 1) return [`  batch_${index}[e] = ${element(0)};`];
  return [0, 1, 2, 3].map((lane) =>
    lane === 0
      ? `  batch_${index}[e] = ${element(0)};`
      : `  if (col + ${lane}u < ${length}u) {\n    batch_${index}[e + ${lane}u] = ${element(lane)};\n  }`,
  );
}

/** Gives workgroups to columns, in order. */
function dealFunction(columns: readonly BatchColumn[]): string {
  const branches = columns.map(({ index }, position) => {
    const earlier = columns[position - 1];
    const own = earlier ? `(workgroup - params.end_${earlier.index})` : 'workgroup';
    return `if (workgroup < params.end_${index}) {\n    take_${index}(${own} * LANES + lane);\n  }`;
  });
  return `fn take(workgroup: u32, lane: u32) {\n  ${branches.join(' else ')}\n}`;
}
