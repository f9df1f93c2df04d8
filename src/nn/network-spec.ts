/** What a network is made of, and how it is applied. */

import type { Update, Value } from '../engine/index.js';
import type { AnyLayer } from './layer.js';
import type { SymbolicTensor } from './symbolic.js';
import type { InitialWeights } from './weights.js';

interface CommonSpec {
  readonly name?: string;
  /** Its name where the user gave none. Default `model`. */
  readonly defaultName?: string;
  /** Of initialisation, shuffling and dropout: an unsigned 32-bit integer. Default: `init`'s, else 0. */
  readonly seed?: number;
}

/** A functional model. */
export interface GraphSpec extends CommonSpec {
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
  /** The first values of weights, by name, instead of those of their initializers. */
  readonly initial?: InitialWeights;
  /** Models within this one that go when it goes. */
  readonly owned?: readonly { dispose(): void }[];
}

/** A sequential one. */
export interface StackSpec extends CommonSpec {
  /** `input()` may stand first, in place of an `inputShape`. */
  readonly layers: readonly (AnyLayer | SymbolicTensor)[];
}

export type NetworkSpec = GraphSpec | StackSpec;

export interface ApplyOptions {
  /** Whether layers behave as in training (dropout drops). Default `false`. */
  readonly training?: boolean;
  /** uint32 []: what random layers count their steps by. Default: the model's own, which `fit` and `minimize` turn on. */
  readonly counter?: Value;
  /**
   * Takes the updates of weights that no optimizer changes, such as moving averages, and of layers' states, once for each: `updates:
   * [...minimized, ...own]` of a program. Without it they are left as they are.
   */
  readonly onUpdate?: (update: Update) => void;
}
