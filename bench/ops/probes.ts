/** Which places of an op's results are checked, and what must stand there. */

import type { Expected } from '../case.js';
import { dataOf, numbers } from './data.js';
import { type OpTask, type Shape, sizeOf } from './task.js';

/** Places of a result, unless it has fewer. */
const PROBES = 48;

/** Where tiles of kernels end. */
const EDGES = [4, 8, 16, 32, 64, 128];

/** Flat indices in a result: corners and both sides of tile edges, taking it as a matrix of its last axis, then anywhere. */
export function placesOf(shape: Shape): readonly number[] {
  const size = sizeOf(shape);
  const columns = shape.at(-1) ?? 1;
  const rows = size / columns;
  if (size <= PROBES) return Array.from({ length: size }, (_, place) => place);
  const places = new Set<number>();
  const add = (row: number, column: number): void => {
    if (row < rows && column < columns) places.add(row * columns + column);
  };
  for (const row of [0, rows - 1]) for (const column of [0, columns - 1]) add(row, column);
  for (const edge of EDGES) {
    add(edge - 1, edge);
    add(edge, edge - 1);
  }
  const next = numbers(40_503);
  while (places.size < PROBES) places.add(Math.floor(next() * size));
  return [...places];
}

/** The places of all results. */
export const probesOf = ({ results }: Pick<OpTask, 'results'>): { result: number; place: number }[] =>
  results.flatMap((shape, result) => placesOf(shape).map((place) => ({ result, place })));

export function expectedOf(task: OpTask): Expected {
  const oracle = task.oracle(dataOf(task));
  const places = probesOf(task);
  const probes = places.map(({ result, place }) => oracle(result, place));
  return {
    values: probes.map(({ value }) => value),
    tolerance: (index) => probes[index]?.tolerance ?? 0,
    name(index) {
      const { result = 0, place = 0 } = places[index] ?? {};
      const shape = task.results[result] ?? [];
      return `element [${coordinates(place, shape).join(', ')}] of result ${result}`;
    },
  };
}

function coordinates(place: number, shape: Shape): number[] {
  let rest = place;
  const found: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 1;
    found.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return found;
}
