/**
 * Writes with a character model, on the device alone: one program takes one step for several texts at once, draws the next characters and
 * keeps them, with the states, in variables; it runs once for each character, all in one submit, and one readback brings what was drawn.
 */

import { compile, input, ops, type Program, type Tensor, tensor, VariableStore, variable } from 'heddle';
import { END, PAD } from '../text/vocabulary.js';
import type { CharacterModel } from './characters.js';

/** Takes a logit out of the draw. */
const NEVER = -1e9;

export interface SamplerOptions {
  /** Ids in all. */
  readonly ids: number;
  /** Texts that are written at once. */
  readonly texts: number;
  /** Characters of each. */
  readonly length: number;
  readonly seed: number;
  readonly onCompile?: (done: number, total: number) => void;
}

export class Sampler {
  readonly #program: Program;
  readonly #store: VariableStore;
  readonly #options: SamplerOptions;
  /** Sets every text to its beginning: `END` was read, nothing is known. */
  readonly #begin: () => void;
  /** One text after the other: all share the variables. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(program: Program, store: VariableStore, options: SamplerOptions, begin: () => void) {
    this.#program = program;
    this.#store = store;
    this.#options = options;
    this.#begin = begin;
  }

  /** Compiles the step. It uses the model's own weights, as they are whenever it runs. */
  static async of(
    { embedding, lstm, output, units }: CharacterModel,
    options: SamplerOptions,
  ): Promise<Sampler> {
    const { ids, texts, length, seed, onCompile } = options;
    const store = new VariableStore('sampler');
    const read = variable(new Int32Array(texts), { shape: [texts, 1], dtype: 'int32', store, name: 'read' });
    const h = variable(new Float32Array(texts * units), { shape: [texts, units], store, name: 'h' });
    const c = variable(new Float32Array(texts * units), { shape: [texts, units], store, name: 'c' });
    const place = variable(Int32Array.of(0), { shape: [1], dtype: 'int32', store, name: 'place' });
    /** Never set back: each text is another one. */
    const drawn = variable(Uint32Array.of(0), { shape: [], dtype: 'uint32', store, name: 'drawn' });

    const temperature = input([]);
    const prefix = input([length], 'int32');
    const [states, nextH, nextC] = lstm.apply([embedding.apply(read), h, c]) as [Tensor, Tensor, Tensor];
    const logits = ops.reshape(output.apply(states), [texts, ids]);
    const possible = ops.add(
      logits,
      tensor(Array.from({ length: ids }, (_, id) => (id === PAD ? NEVER : 0))),
    );
    const free = ops.categorical(possible, { temperature, seed, counter: drawn }); // [texts]
    const given = ops.gather(prefix, place); // [1]; PAD where the prefix is over
    const next = ops.select(ops.notEqual(given, PAD), ops.broadcastTo(given, [texts]), free);

    const program = await compile({
      name: 'write',
      inputs: { temperature, prefix },
      outputs: { next },
      updates: [
        { variable: read, value: ops.reshape(next, [texts, 1]) },
        { variable: h, value: nextH },
        { variable: c, value: nextC },
        { variable: place, value: ops.add(place, 1) },
        { variable: drawn, value: ops.add(drawn, 1) },
      ],
      ...(onCompile ? { onProgress: onCompile } : {}),
    });
    return new Sampler(program, store, options, () => {
      read.assign(new Int32Array(texts).fill(END));
      h.assign(new Float32Array(texts * units));
      c.assign(new Float32Array(texts * units));
      place.assign(Int32Array.of(0));
    });
  }

  /** The ids of each text: `prefix`, as far as there is room, then what is drawn. */
  write(prefix: readonly number[], temperature: number): Promise<readonly (readonly number[])[]> {
    const written = this.#last.then(() => this.#write(prefix, temperature));
    this.#last = written.catch(() => {});
    return written;
  }

  async #write(prefix: readonly number[], temperature: number): Promise<readonly (readonly number[])[]> {
    const { texts, length } = this.#options;
    const padded = Int32Array.from({ length }, (_, place) => prefix[place] ?? PAD);
    this.#begin();
    const feeds = { prefix: padded, temperature };
    const { next } = await this.#program.run(feeds, { times: length, collect: ['next'] });
    const ids = next?.data ?? []; // [length, texts]
    return Array.from({ length: texts }, (_, text) =>
      Array.from({ length }, (_, place) => ids[place * texts + text] ?? PAD),
    );
  }

  dispose(): void {
    this.#program.dispose();
    this.#store.dispose();
  }
}
