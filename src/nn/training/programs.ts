/** Compiled programs of one model: one for each mode and shape, the least recently used given up first. */

import { compile, type Program, type ProgramSpec } from '../../engine/index.js';

/** Programs kept. A fit needs two (full and last batch), its validation two more. */
const CAPACITY = 16;

export type Progress = (done: number, total: number) => void;

export class Programs {
  readonly #cache = new Map<string, Promise<Program>>();

  /** The program of `key`, compiled by `spec` where it is not there yet. A failure is not kept. */
  async get(key: string, spec: () => ProgramSpec, onProgress?: Progress): Promise<Program> {
    const known = this.#cache.get(key);
    const program = known ?? compile({ ...spec(), ...(onProgress ? { onProgress } : {}) });
    this.#cache.delete(key);
    this.#cache.set(key, program);
    try {
      return await program;
    } catch (error) {
      this.#cache.delete(key);
      throw error;
    } finally {
      this.#evict();
    }
  }

  /** Gives up every program whose key starts with `prefix`. */
  drop(prefix: string): void {
    for (const [key, program] of this.#cache) {
      if (!key.startsWith(prefix)) continue;
      this.#cache.delete(key);
      release(program);
    }
  }

  dispose(): void {
    this.drop('');
  }

  #evict(): void {
    for (const [key, program] of this.#cache) {
      if (this.#cache.size <= CAPACITY) return;
      this.#cache.delete(key);
      release(program);
    }
  }
}

function release(program: Promise<Program>): void {
  program.then(
    (made) => made.dispose(),
    () => {},
  );
}
