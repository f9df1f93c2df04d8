/** How the naive loops of the recurrent ops walk: the order of steps, where the numbers of a direction and batch row lie, and their reading. */

import type { HostTensor } from '../../ir/graph.js';
import type { ByRole, CellAttrs, RecurrentShape } from './shape.js';

/** The steps in the order in which a direction takes them. */
export const stepsOf = (steps: number, backwards: boolean): number[] =>
  Array.from({ length: steps }, (_, step) => (backwards ? steps - 1 - step : step));

/** One batch row of one direction. */
export interface Walk {
  readonly direction: number;
  readonly row: number;
  /** Steps in the direction's own order. */
  readonly order: readonly number[];
  /** Whether step t counts. */
  counts(t: number): boolean;
  /** Where `rows` holds what multiplies unit u of the state in front of the recurrent product; `null`: nothing does. */
  factorAt(u: number): number | null;
  /** That factor. */
  factor(u: number): number;
  /** Where unit u of step t lies in [B, T, D·H]. */
  unitAt(t: number, u: number): number;
  /** Where gate g of unit u of step t lies in [B, T, D·G·H]. */
  gateAt(t: number, g: number, u: number): number;
  /** Where unit u lies in part `part` of [S, B, D·H]. */
  stateAt(part: number, u: number): number;
  /** The column of gate g and unit u in [·, D·G·H]. */
  column(g: number, u: number): number;
}

/** Every direction and batch row. */
export function walks(
  { batch, steps, units, directions, gates }: RecurrentShape,
  attrs: Pick<CellAttrs, 'directions' | 'mask' | 'dropout'>,
  { rows }: ByRole<HostTensor>,
): Walk[] {
  const states = directions * units;
  const columns = gates * states;
  const width = rows?.shape[1] ?? 0;
  const factorsFrom = attrs.mask ? steps : 0;
  return attrs.directions.flatMap((backwards, direction) =>
    Array.from({ length: batch }, (_, row): Walk => {
      const column = (g: number, u: number): number => (direction * gates + g) * units + u;
      const factorAt = (u: number): number | null =>
        attrs.dropout ? row * width + factorsFrom + direction * units + u : null;
      return {
        direction,
        row,
        order: stepsOf(steps, backwards),
        counts: (t) => !attrs.mask || (rows?.data[row * width + t] as number) > 0.5,
        factorAt,
        factor: (u) => rows?.data[factorAt(u) ?? -1] ?? 1,
        unitAt: (t, u) => (row * steps + t) * states + direction * units + u,
        gateAt: (t, g, u) => (row * steps + t) * columns + column(g, u),
        stateAt: (part, u) => (part * batch + row) * states + direction * units + u,
        column,
      };
    }),
  );
}

export const listOf = <T>(length: number, of: (index: number) => T): T[] =>
  Array.from({ length }, (_, index) => of(index));

export const at = <T>(list: readonly T[], index: number): T => list[index] as T;

/** 0 where the tensor is not there. */
export const read = (tensor: HostTensor | undefined, index: number): number =>
  (tensor?.data[index] ?? 0) as number;

/** Nothing where the tensor is not there. */
export function put(tensor: HostTensor | undefined, index: number, value: number | undefined): void {
  if (tensor) tensor.data[index] = value as number;
}
