/** Checks of data on the host, in slices: millions of numbers must not hold up the page. */

import { HeddleError, type HostTensor, pauses } from '../engine/index.js';
import type { NumberRange } from './spec.js';

/** Elements looked at between two chances to give way: a few milliseconds. */
const SLICE = 2 ** 20;
/** All ones: infinity or NaN. */
const EXPONENT = 0x7f800000;

/** Throws at the first NaN or infinity, naming row and column. By bits, since arithmetic on them may be optimised away. */
export async function checkFinite(op: string, role: string, { data, shape }: HostTensor): Promise<void> {
  if (!(data instanceof Float32Array)) return;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const at = await findInSlices(bits.length, (index) => ((bits[index] as number) & EXPONENT) === EXPONENT);
  if (at < 0) return;
  const { row, column, where } = position(at, shape);
  throw new HeddleError({
    op,
    message: `${role} has ${data[at]} at ${where}`,
    roles: [role],
    values: { row, column, value: data[at] },
    fix: 'clean the data: replace or drop such rows',
  });
}

/** Throws at the first label that is no class. */
export async function checkLabels(
  op: string,
  role: string,
  { data, shape }: HostTensor,
  classes: number,
): Promise<void> {
  const at = await findInSlices(data.length, (index) => {
    const label = data[index] as number;
    return !(label >= 0 && label < classes && Number.isInteger(label));
  });
  if (at < 0) return;
  const { row, column, where } = position(at, shape);
  throw new HeddleError({
    op,
    message: `${role} has the label ${data[at]} at ${where}, the model has ${classes} classes`,
    roles: [role],
    values: { row, column, label: data[at], classes },
    fix: `use whole numbers from 0 to ${classes - 1}, or give the last layer more units`,
  });
}

/** Throws at the first number that is no whole one of `range`. */
export async function checkRange(
  op: string,
  role: string,
  { data, shape }: HostTensor,
  { least, most, what, layer, fix }: NumberRange,
): Promise<void> {
  const at = await findInSlices(data.length, (index) => {
    const value = data[index] as number;
    return !(value >= least && value <= most && Number.isInteger(value));
  });
  if (at < 0) return;
  const { row, column, where } = position(at, shape);
  throw new HeddleError({
    op,
    message: `${role} has the ${what} ${data[at]} at ${where}, ${layer} takes ${least} to ${most}`,
    roles: [role],
    values: { row, column, value: data[at], least, most },
    fix,
  });
}

async function findInSlices(length: number, wrong: (index: number) => boolean): Promise<number> {
  const pause = pauses();
  for (let from = 0; from < length; from += SLICE) {
    const to = Math.min(length, from + SLICE);
    for (let index = from; index < to; index++) if (wrong(index)) return index;
    await pause();
  }
  return -1;
}

/** Row, position within the row, and both in words. */
function position(at: number, shape: readonly number[]): { row: number; column: number; where: string } {
  const size = shape.slice(1).reduce((product, extent) => product * extent, 1);
  const row = Math.floor(at / size);
  const column = at % size;
  return { row, column, where: shape.length > 1 ? `row ${row}, column ${column}` : `row ${row}` };
}
