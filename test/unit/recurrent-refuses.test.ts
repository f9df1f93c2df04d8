/** What the recurrent ops refuse, and that each refusal names the part at fault and its mend. */

import { expect, test } from 'vitest';
import type { Value } from '../../src/ir/graph.js';
import { scalar } from '../../src/ir/leaves.js';
import { broadcastTo, gru, lstm, simpleRNN } from '../../src/ops/index.js';
import type { GatedOptions } from '../../src/ops/recurrent/options.js';
import type { LstmOptions } from '../../src/ops/recurrent/recurrent.js';
import { failure } from '../kit/failure.js';

const zeros = (...shape: number[]): Value => broadcastTo(scalar(0), shape);
const integers = (...shape: number[]): Value => broadcastTo(scalar(0, 'int32'), shape);

const B = 2;
const T = 3;
const I = 4;
const H = 5;

interface Parts {
  readonly x?: Value;
  readonly kernel?: Value;
  readonly recurrentKernel?: Value;
  readonly bias?: Value | null;
}

const lstmOf = (options: LstmOptions, parts: Parts = {}) => {
  const { x, kernel, recurrentKernel, bias } = {
    x: zeros(B, T, I),
    kernel: zeros(I, 4 * H),
    recurrentKernel: zeros(H, 4 * H),
    bias: zeros(4 * H),
    ...parts,
  };
  return () => lstm(x, kernel, recurrentKernel, bias, options);
};

/** A call, and the words of its refusal. */
const REFUSALS: Readonly<Record<string, readonly [() => unknown, string, readonly string[]]>> = {
  'an x of rank 2': [lstmOf({}, { x: zeros(T, I) }), 'x is float32 [3,4]', ['x']],
  'an x of integers': [lstmOf({}, { x: integers(B, T, I) }), 'x is int32', ['x']],
  'sequences of length 0': [lstmOf({}, { x: zeros(B, 0, I) }), 'have length 0', ['x']],
  'a kernel for other features': [
    lstmOf({}, { kernel: zeros(I + 1, 4 * H) }),
    'kernel is float32 [5,20], not float32 [4,20]',
    ['kernel'],
  ],
  'columns that are no multiple of units and gates': [
    lstmOf({}, { recurrentKernel: zeros(H, 4 * H + 1) }),
    'has 21 columns, 5 units ask for 20',
    ['recurrentKernel'],
  ],
  'weights of one direction for two': [
    lstmOf({ bidirectional: true }),
    'has 20 columns, 5 units ask for 40',
    ['recurrentKernel'],
  ],
  'no units': [
    lstmOf({}, { recurrentKernel: zeros(0, 0), kernel: zeros(I, 0), bias: null }),
    'has 0 columns',
    ['recurrentKernel'],
  ],
  'a short bias': [lstmOf({}, { bias: zeros(H) }), 'bias is float32 [5], not float32 [20]', ['bias']],
  'a gru bias of one row': [
    () => gru(zeros(B, T, I), zeros(I, 3 * H), zeros(H, 3 * H), zeros(3 * H)),
    'bias is float32 [15], not float32 [2,15]',
    ['bias'],
  ],
  'both ways twice': [
    lstmOf({ goBackwards: true, bidirectional: true }),
    'goBackwards is set together with bidirectional',
    ['goBackwards', 'bidirectional'],
  ],
  'one state for lstm': [
    lstmOf({ initialState: [zeros(B, H)] }),
    'initialState is a list of 1',
    ['initialState'],
  ],
  'two states for simpleRNN': [
    () =>
      simpleRNN(zeros(B, T, I), zeros(I, H), zeros(H, H), null, { initialState: [zeros(B, H), zeros(B, H)] }),
    'initialState is a list of 2',
    ['initialState'],
  ],
  'a state of another batch': [
    lstmOf({ initialState: [zeros(B, H), zeros(B + 1, H)] }),
    'initialState[1] is float32 [3,5], not float32 [2,5]',
    ['initialState[1]'],
  ],
  'a mask per feature': [
    lstmOf({ mask: zeros(B, T, I) }),
    'mask is float32 [2,3,4], not float32 [2,3]',
    ['mask'],
  ],
  'a mask of integers': [lstmOf({ mask: integers(B, T) }), 'mask is int32 [2,3]', ['mask']],
  'dropout factors per step': [
    lstmOf({ recurrentDropout: zeros(B, T) }),
    'recurrentDropout is float32 [2,3], not float32 [2,5]',
    ['recurrentDropout'],
  ],
  'an unknown activation': [
    lstmOf({ activation: 'tanhh' }),
    "unknown activation 'tanhh'; did you mean 'tanh'?",
    ['activation'],
  ],
  'an activation that no kernel knows': [
    lstmOf({ recurrentActivation: 'gelu' }),
    "unknown recurrentActivation 'gelu'",
    ['recurrentActivation'],
  ],
  'an unknown option': [
    lstmOf({ returnSequences: true } as LstmOptions),
    "unknown option 'returnSequences'",
    ['option'],
  ],
  'a gate activation where there is no gate': [
    () =>
      simpleRNN(zeros(B, T, I), zeros(I, H), zeros(H, H), null, {
        recurrentActivation: 'tanh',
      } as GatedOptions),
    "unknown option 'recurrentActivation'",
    ['option'],
  ],
};

test.each(Object.entries(REFUSALS))('%s', (_, [call, words, roles]) => {
  const { message, roles: named, fix } = failure(call);
  expect(message).toContain(words);
  expect(named).toEqual(roles);
  expect(fix).not.toBe('');
});
