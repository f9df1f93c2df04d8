/** Names within one model: the user's must differ, the rest are counted by type. */

import { HeddleError } from '../engine/index.js';
import type { SymbolicTensor } from './symbolic.js';

export class Names {
  readonly #model: string;
  readonly #taken = new Set<string>();

  constructor(model: string) {
    this.#model = model;
  }

  /** Takes a name that the user gave. Throws where it is taken. */
  take(name: string): string {
    if (!this.#taken.has(name)) {
      this.#taken.add(name);
      return name;
    }
    throw new HeddleError({
      op: `model '${this.#model}'`,
      message: `two layers or inputs are named '${name}'`,
      roles: ['name'],
      values: { name },
      fix: 'give each its own name, or none; a layer that comes from another model keeps the one it has there',
    });
  }

  /** Gives a name back. */
  free(name: string): void {
    this.#taken.delete(name);
  }

  /** `dense_1`, `dense_2` … */
  next(type: string): string {
    for (let count = 1; ; count++) {
      const name = `${type}_${count}`;
      if (!this.#taken.has(name)) return this.take(name);
    }
  }
}

/** The names of the layers that make the outputs; a layer that makes several has them counted. */
export function outputNames(
  outputs: readonly SymbolicTensor[],
  inputs: readonly SymbolicTensor[],
  inputNames: readonly string[],
): string[] {
  const names: string[] = [];
  for (const output of outputs) {
    const name = output.call?.layer.name ?? inputNames[inputs.indexOf(output)] ?? '';
    let unique = name;
    for (let count = 2; names.includes(unique); count++) unique = `${name}_${count}`;
    names.push(unique);
  }
  return names;
}
