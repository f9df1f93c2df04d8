/** The numbers that go into an op task, made anew whenever they are asked for: the largest are too large to be kept. */

import { type Operand, type OperandData, type OpTask, sizeOf } from './task.js';

/**
 * The same numbers on every machine, from 0 up to 1: xorshift (Marsaglia, "Xorshift RNGs", 2003). Those of a multiplicative generator
 * would go up in even steps along the columns of a matrix whose rows are powers of two.
 */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export const dataOf = ({ operands }: OpTask): OperandData[] =>
  operands.map((operand, index) => filled(operand, numbers(2654435761 + 97 * index)));

function filled({ shape, from, to, whole }: Operand, next: () => number): OperandData {
  const data = whole === 'int32' ? new Int32Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
  for (let index = 0; index < data.length; index++) {
    data[index] = whole ? from + Math.floor((to - from + 1) * next()) : from + (to - from) * next();
  }
  return data;
}
