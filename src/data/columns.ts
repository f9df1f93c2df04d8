/**
 * Whatever a user passes as data becomes columns: one host tensor for each input and target of the model, all with the same number of
 * rows, checked once, so that nothing after this has to doubt them.
 */

import {
  type ArrayLike,
  HeddleError,
  type HostTensor,
  hostArray,
  NDArray,
  Tensor,
  toHostTensor,
  unknownName,
} from '../engine/index.js';
import { checkFinite, checkLabels, checkRange } from './checks.js';
import type { ColumnSpec, DataSpec, FreeShape } from './spec.js';

/** One array, or one for each input by name. */
export type ColumnData = ArrayLike | Tensor | { readonly [name: string]: ArrayLike | Tensor };

export interface Column {
  /** As errors call it: `x`, or `x.left` where there are several. */
  readonly name: string;
  readonly value: HostTensor;
}

export interface Columns {
  readonly inputs: readonly Column[];
  /** Empty where only inputs were given. */
  readonly targets: readonly Column[];
  /** One weight for each row, or `null`. */
  readonly weights: Column | null;
  readonly rows: number;
}

export interface ColumnSource {
  readonly x: ColumnData;
  readonly y?: ColumnData | undefined;
  readonly sampleWeight?: ArrayLike | undefined;
}

export interface ColumnOptions {
  /** The function that errors name. */
  readonly op: string;
  /** Whether 0 rows are allowed. Default false. */
  readonly empty?: boolean;
}

/**
 * @throws HeddleError for missing, unknown, ragged or empty data, rows that differ in number, shapes that do not fit the model, NaN or
 * infinity (named by row and column), labels, token ids and lengths that are no whole numbers or out of range.
 */
export async function toColumns(
  source: ColumnSource,
  spec: DataSpec,
  options: ColumnOptions,
): Promise<Columns> {
  const { op, empty = false } = options;
  const inputs = await columnsOf(op, 'x', source.x, spec.inputs);
  const targets = source.y === undefined ? [] : await columnsOf(op, 'y', source.y, spec.targets);
  const weights = source.sampleWeight === undefined ? null : await weightsOf(op, source.sampleWeight);
  const all = [...inputs, ...targets, ...(weights ? [weights] : [])];
  const rows = sameRows(op, all);
  if (rows === 0 && !empty) {
    throw new HeddleError({
      op,
      message: 'the data has no rows',
      roles: ['x'],
      values: { rows },
      fix: 'pass at least one example',
    });
  }
  if (rows > 0) {
    for (const column of all) checkNotEmpty(op, column);
    await checkRanges(op, inputs, spec);
  }
  return { inputs, targets, weights, rows };
}

/** Throws where there are rows, but nothing in them: sequences of no steps. */
function checkNotEmpty(op: string, { name, value }: Column): void {
  if (value.data.length > 0) return;
  throw new HeddleError({
    op,
    message: `${name} has shape [${value.shape.join(',')}]: its rows are empty`,
    roles: [name],
    values: { shape: value.shape },
    fix: 'leave such rows out, or pad sequences to at least one step and mask it',
  });
}

/** Throws where an input holds indices or counts that the model has no use for. */
async function checkRanges(op: string, inputs: readonly Column[], { ranges }: DataSpec): Promise<void> {
  const accepted = ranges?.(inputs.map(({ value }) => value.shape)) ?? [];
  for (const [index, range] of accepted.entries()) {
    const { name, value } = inputs[index] as Column;
    if (range) await checkRange(op, name, value, range);
  }
}

async function columnsOf(
  op: string,
  role: string,
  data: ColumnData,
  specs: readonly ColumnSpec[],
): Promise<Column[]> {
  const parts = partsOf(op, role, data, specs);
  const columns: Column[] = [];
  for (const [index, spec] of specs.entries()) {
    const label = specs.length === 1 ? role : `${role}.${spec.name}`;
    const value = conformed(
      op,
      label,
      await hostOf(op, label, parts[index] as ArrayLike | Tensor, spec),
      spec,
    );
    if (spec.classes === undefined) {
      await checkFinite(op, label, value);
      columns.push({ name: label, value });
    } else {
      await checkLabels(op, label, value, spec.classes);
      const kept = keepsDtype(value, spec)
        ? value
        : toHostTensor(value, { op, role: label, dtype: spec.dtype });
      columns.push({ name: label, value: kept });
    }
  }
  return columns;
}

/** The data for each spec, in order. */
function partsOf(
  op: string,
  role: string,
  data: ColumnData,
  specs: readonly ColumnSpec[],
): (ArrayLike | Tensor)[] {
  const names = specs.map((spec) => spec.name);
  if (isNamed(data)) {
    const unknown = Object.keys(data).find((name) => !names.includes(name));
    if (unknown !== undefined) throw unknownName(op, role, unknown, names);
    return names.map((name) => {
      const part = data[name];
      if (part !== undefined) return part;
      throw new HeddleError({
        op,
        message: `${role} has no '${name}'`,
        roles: [role],
        values: { names },
        fix: `pass { ${names.join(': …, ')}: … }`,
      });
    });
  }
  if (specs.length === 1) return [data];
  throw new HeddleError({
    op,
    message: `the model has ${specs.length} ${role === 'x' ? 'inputs' : 'outputs'} (${names.join(', ')}), ${role} is a single array`,
    roles: [role],
    values: { names },
    fix: `pass { ${names.join(': …, ')}: … }`,
  });
}

function isNamed(data: ColumnData): data is { readonly [name: string]: ArrayLike | Tensor } {
  if (typeof data !== 'object' || data === null || Array.isArray(data) || ArrayBuffer.isView(data))
    return false;
  return !(data instanceof Tensor || data instanceof NDArray) && !('data' in data && 'shape' in data);
}

async function hostOf(
  op: string,
  role: string,
  data: ArrayLike | Tensor,
  spec: ColumnSpec,
): Promise<HostTensor> {
  if (data === undefined || data === null) {
    throw new HeddleError({
      op,
      message: `${role} is ${data}`,
      roles: [role],
      values: { [role]: data },
      fix: 'pass an array',
    });
  }
  if (data instanceof Tensor) {
    const { shape, dtype } = data;
    return hostOf(op, role, { data: await data.data(), shape, dtype }, spec);
  }
  const shape = ArrayBuffer.isView(data) ? inferredShape(op, role, data.length, spec.shape) : undefined;
  // Labels are looked at as they came, so that a fault is told by its row.
  const keep = spec.classes !== undefined || keepsDtype(data, spec);
  return toHostTensor(data, {
    op,
    role,
    ...(shape ? { shape } : {}),
    ...(keep ? {} : { dtype: spec.dtype }),
  });
}

/** Bytes travel as they are and become numbers on the device. */
function keepsDtype(data: ArrayLike, spec: ColumnSpec): boolean {
  if (spec.dtype === 'bool') return false;
  if (typeof data !== 'object' || !('data' in data)) return data instanceof Uint8Array;
  return data.data instanceof Uint8Array && data.dtype !== 'bool';
}

/** The shape of a bare typed array: its rows follow from the model's shape where only the batch is free. */
function inferredShape(op: string, role: string, length: number, shape: FreeShape | null): number[] {
  if (!shape) return [length];
  const inner = shape.slice(1);
  const known = inner.filter((extent) => extent !== null);
  const size = known.reduce((product, extent) => product * extent, 1);
  if (known.length === inner.length && size > 0 && length % size === 0) return [length / size, ...known];
  throw new HeddleError({
    op,
    message: `${role} has ${length} elements, which is no whole number of rows of shape ${showFree(inner)}`,
    roles: [role],
    values: { length, shape },
    fix: 'pass { data, shape }, or complete rows',
  });
}

/** `value` in the shape that the model expects: it may lack, or have in excess, a last dimension of 1. */
function conformed(op: string, role: string, value: HostTensor, { shape }: ColumnSpec): HostTensor {
  if (!shape || fits(value.shape, shape)) return value;
  // `[]` cannot say how wide its rows would be.
  if (value.shape.length === 1 && value.data.length === 0)
    return { ...value, shape: shape.map((extent, axis) => (axis === 0 ? 0 : (extent ?? 0))) };
  const wide = [...value.shape, 1];
  if (fits(wide, shape)) return { ...value, shape: wide };
  const narrow = value.shape.slice(0, -1);
  if (value.shape.at(-1) === 1 && fits(narrow, shape)) return { ...value, shape: narrow };
  throw new HeddleError({
    op,
    message: `${role} has shape [${value.shape.join(',')}], the model expects ${showFree(shape)}`,
    roles: [role],
    values: { actual: value.shape, expected: shape },
    fix: 'reshape the data, or change inputShape or the last layer',
  });
}

const showFree = (shape: FreeShape): string => `[${shape.map((extent) => extent ?? 'any').join(',')}]`;

const fits = (shape: readonly number[], free: FreeShape): boolean =>
  shape.length === free.length && free.every((extent, axis) => extent === null || extent === shape[axis]);

/** Throws where `columns` has inputs only. */
export function requireTargets(op: string, { targets }: Columns): void {
  if (targets.length > 0) return;
  throw new HeddleError({
    op,
    message: 'there are no targets',
    roles: ['y'],
    values: { targets: 0 },
    fix: `pass y: ${op}(x, y), or batches { x, y }`,
  });
}

async function weightsOf(op: string, data: ArrayLike): Promise<Column> {
  const value = toHostTensor(data, { op, role: 'sampleWeight', dtype: 'float32' });
  if (value.shape.length !== 1) {
    throw new HeddleError({
      op,
      message: `sampleWeight has shape [${value.shape.join(',')}]`,
      roles: ['sampleWeight'],
      values: { shape: value.shape },
      fix: 'pass one weight for each example',
    });
  }
  await checkFinite(op, 'sampleWeight', value);
  return { name: 'sampleWeight', value };
}

function sameRows(op: string, columns: readonly Column[]): number {
  const rows = columns.map((column) => column.value.shape[0] ?? 0);
  const [first = 0] = rows;
  const other = rows.findIndex((count) => count !== first);
  if (other < 0) return first;
  throw new HeddleError({
    op,
    message: `'${columns[0]?.name}' has ${first} rows, '${columns[other]?.name}' has ${rows[other]}`,
    roles: [columns[0]?.name ?? '', columns[other]?.name ?? ''],
    values: { rows },
    fix: 'pass the same number of examples in each',
  });
}

/** Rows `from` to `to` of every column, without copying. */
export function rowsOf(columns: Columns, from: number, to: number): Columns {
  const cut = ({ name, value }: Column): Column => ({ name, value: sliceRows(value, from, to) });
  return mapColumns(columns, to - from, cut);
}

function mapColumns(
  { inputs, targets, weights }: Columns,
  rows: number,
  each: (column: Column) => Column,
): Columns {
  return { inputs: inputs.map(each), targets: targets.map(each), weights: weights && each(weights), rows };
}

export function sliceRows({ data, shape, dtype }: HostTensor, from: number, to: number): HostTensor {
  const inner = shape.slice(1);
  const size = inner.reduce((product, extent) => product * extent, 1);
  return { data: data.subarray(from * size, to * size), shape: [to - from, ...inner], dtype };
}

/** Rows `order[from]` to `order[to − 1]` of every column, copied. */
export function takeRows(columns: Columns, order: Int32Array, from: number, to: number): Columns {
  const take = ({ name, value }: Column): Column => {
    const { shape, dtype, data } = value;
    const size = shape.slice(1).reduce((product, extent) => product * extent, 1);
    const rows = hostArray(dtype, (to - from) * size);
    for (let row = from; row < to; row++) {
      const at = (order[row] as number) * size;
      rows.set(data.subarray(at, at + size), (row - from) * size);
    }
    return { name, value: { data: rows, shape: [to - from, ...shape.slice(1)], dtype } };
  };
  return mapColumns(columns, to - from, take);
}
