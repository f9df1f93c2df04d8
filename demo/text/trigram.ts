/**
 * What counting alone achieves: a model that knows, for each two characters, which ones followed them. A network has to do better.
 *
 * Three counts are mixed, each smoothed by the one with less context: with n(·) how often something was seen, V characters and weight w,
 *   p(c)     = (n(c) + w / V)           / (n() + w)
 *   p(c|b)   = (n(bc) + w · p(c))       / (n(b) + w)
 *   p(c|ab)  = (n(abc) + w · p(c|b))    / (n(ab) + w)
 * where n(b) and n(ab) count the contexts. The larger w, the more a rare context is overruled by its shorter one.
 */

import { END } from './vocabulary.js';

/** Weights that `tunedTrigram` tries. */
const WEIGHTS: readonly number[] = Object.freeze([0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50]);

/** The part of the training texts that weights are tuned on. */
const TUNED_ON = 0.1;

type Texts = readonly (readonly number[])[];

export interface Trigram {
  readonly weight: number;
  /** p(c | a, b) for two ids and the next; `END` stands for what is before a text. */
  probability(a: number, b: number, c: number): number;
  /** Bits that each id of `texts` costs on average; each text begins anew, behind two `END`. */
  bitsPerCharacter(texts: Texts): number;
}

/** Counts all of `texts`. `characters` is V: how many ids there can be, without padding. */
export function trigram(texts: Texts, characters: number, weight: number): Trigram {
  return smoothed(counts(texts), characters, weight);
}

/**
 * The trigram model of `texts` with the weight that does best on a tenth of them, counted on the rest: the last texts, or, of a single one,
 * its end. The model itself counts all.
 */
export function tunedTrigram(texts: Texts, characters: number): Trigram {
  const { rest, last } = withoutLast(texts, TUNED_ON);
  const seen = counts(rest);
  const bits = (weight: number): number => smoothed(seen, characters, weight).bitsPerCharacter(last);
  const tried = WEIGHTS.map((weight) => ({ weight, bits: bits(weight) }));
  const best = tried.reduce((a, b) => (b.bits < a.bits ? b : a));
  return trigram(texts, characters, best.weight);
}

/** `texts` without their last `share`, and that: whole texts, or parts of a single one. */
export function withoutLast(texts: Texts, share: number): { readonly rest: Texts; readonly last: Texts } {
  const [only] = texts;
  if (texts.length === 1 && only) {
    const kept = only.length - Math.round(only.length * share);
    return { rest: [only.slice(0, kept)], last: [only.slice(kept)] };
  }
  const kept = texts.length - Math.round(texts.length * share);
  return { rest: texts.slice(0, kept), last: texts.slice(kept) };
}

/** How often each run of one, two and three ids was seen, and each context of none, one and two. */
interface Counts {
  readonly runs: readonly ReadonlyMap<number, number>[];
  readonly contexts: readonly ReadonlyMap<number, number>[];
}

/** Ids are below 2¹⁶: three of them make a number that is exact. */
const key = (a: number, b: number, c: number): number => (a * 65_536 + b) * 65_536 + c;

function counts(texts: Texts): Counts {
  const runs = [0, 1, 2].map(() => new Map<number, number>());
  const contexts = [0, 1, 2].map(() => new Map<number, number>());
  const count = (map: Map<number, number> | undefined, at: number): void => {
    map?.set(at, (map.get(at) ?? 0) + 1);
  };
  for (const text of texts) {
    let [a, b] = [END, END];
    for (const c of text) {
      const [none, one, two] = runKeys(a, b, c);
      for (const [map, at] of [
        [runs[0], none],
        [runs[1], one],
        [runs[2], two],
      ] as const)
        count(map, at);
      const [noContext, last, lastTwo] = contextKeys(a, b);
      for (const [map, at] of [
        [contexts[0], noContext],
        [contexts[1], last],
        [contexts[2], lastTwo],
      ] as const)
        count(map, at);
      [a, b] = [b, c];
    }
  }
  return { runs, contexts };
}

const runKeys = (a: number, b: number, c: number) => [key(0, 0, c), key(0, b, c), key(a, b, c)] as const;
const contextKeys = (a: number, b: number) => [0, key(0, 0, b), key(0, a, b)] as const;

function smoothed({ runs, contexts }: Counts, characters: number, weight: number): Trigram {
  const probability = (a: number, b: number, c: number): number => {
    const seen = runKeys(a, b, c);
    const context = contextKeys(a, b);
    return seen.reduce((shorter, run, order) => {
      const times = runs[order]?.get(run) ?? 0;
      const all = contexts[order]?.get(context[order] ?? 0) ?? 0;
      return (times + weight * shorter) / (all + weight);
    }, 1 / characters);
  };
  return Object.freeze({
    weight,
    probability,
    bitsPerCharacter(texts: Texts) {
      let bits = 0;
      let characters = 0;
      for (const text of texts) {
        let [a, b] = [END, END];
        for (const c of text) {
          bits -= Math.log2(probability(a, b, c));
          characters++;
          [a, b] = [b, c];
        }
      }
      return bits / characters;
    },
  });
}
