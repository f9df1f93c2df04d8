/** Compiled programs of one model: one for each mode and shape, the least recently used given up first. */

import { compile, type Program, type ProgramSpec, type TuningTable } from '../../engine/index.js';

/** Programs kept beside those in use. A fit needs two (full and last batch), its validation two more. */
const CAPACITY = 16;

export type Progress = (done: number, total: number) => void;

interface Entry {
  readonly program: Promise<Program>;
  /** Who runs it: while there is anybody, it stays. */
  readonly users: Set<object>;
  /** The program, once it is there. */
  made: Program | null;
}

export class Programs {
  readonly #cache = new Map<string, Entry>();
  /** What `renew` took out of the cache while somebody ran it. */
  readonly #leaving = new Set<Entry>();
  readonly #tuning: () => Promise<TuningTable | null>;

  /** `tuning`: the table to compile by, asked for each program. */
  constructor(tuning: () => Promise<TuningTable | null>) {
    this.#tuning = tuning;
  }

  /** The program of `key`, compiled by `spec` where it is not there yet. It stays until `user` lets go. A failure is not kept. */
  async get(key: string, user: object, spec: () => ProgramSpec, onProgress?: Progress): Promise<Program> {
    const entry = this.#cache.get(key) ?? {
      program: this.#compile({ ...spec(), ...(onProgress ? { onProgress } : {}) }),
      users: new Set(),
      made: null,
    };
    entry.users.add(user);
    this.#cache.delete(key);
    this.#cache.set(key, entry);
    this.#evict();
    try {
      entry.made = await entry.program;
      return entry.made;
    } catch (error) {
      if (this.#cache.get(key) === entry) this.#cache.delete(key);
      throw error;
    }
  }

  async #compile(spec: ProgramSpec): Promise<Program> {
    return compile({ ...spec, tuning: await this.#tuning() });
  }

  /** Keeps a program until `user` lets go. */
  hold(program: Program, user: object): void {
    for (const { made, users } of this.#cache.values()) if (made === program) users.add(user);
  }

  /** `user` has done with all its programs. */
  letGo(user: object): void {
    for (const { users } of this.#cache.values()) users.delete(user);
    for (const entry of this.#leaving) {
      entry.users.delete(user);
      if (entry.users.size === 0) this.#leave(entry);
    }
    this.#evict();
  }

  /** Gives up every program whose key starts with `prefix`, in use or not. */
  drop(prefix: string): void {
    for (const [key, entry] of this.#cache) {
      if (!key.startsWith(prefix)) continue;
      this.#cache.delete(key);
      release(entry);
    }
  }

  /** Lets every program be compiled anew when it is next asked for. Those in use stay until nobody runs them. */
  renew(): void {
    for (const entry of this.#cache.values()) {
      if (entry.users.size > 0) this.#leaving.add(entry);
      else release(entry);
    }
    this.#cache.clear();
  }

  /** Gives up all that depends on how the model was compiled. */
  dropTraining(): void {
    for (const key of this.#cache.keys()) if (!key.startsWith('predict ')) this.drop(key);
  }

  dispose(): void {
    this.drop('');
    for (const entry of this.#leaving) this.#leave(entry);
  }

  #leave(entry: Entry): void {
    this.#leaving.delete(entry);
    release(entry);
  }

  #evict(): void {
    for (const [key, entry] of this.#cache) {
      if (this.#cache.size <= CAPACITY) return;
      if (entry.users.size > 0) continue;
      this.#cache.delete(key);
      release(entry);
    }
  }
}

function release({ program }: Entry): void {
  program.then(
    (made) => made.dispose(),
    () => {},
  );
}
