/** Initializers with options, shapes and names that they cannot take: each error says which. */

import { describe, expect, it } from 'vitest';
import * as initializers from '../../src/nn/initializers/index.js';
import { type InitializerSpec, resolveInitializer } from '../../src/nn/initializers/resolve.js';
import { failure } from '../kit/failure.js';

describe('bad input', () => {
  it.each([
    ['glorot_uniform', 'glorotUniform'],
    ['GlorotUniform', 'glorotUniform'],
    ['he_normal', 'heNormal'],
    ['random_normal', 'randomNormal'],
    ['Zeros', 'zeros'],
    ['zero', 'zeros'],
    ['leCunNormal', 'lecunNormal'],
    ['orthogonl', 'orthogonal'],
  ])('the unknown name %s names %s', (word, expected) => {
    const error = failure(() => resolveInitializer("dense 'hidden'", word));
    expect(error).toMatchObject({
      op: "dense 'hidden'",
      roles: ['initializer'],
      values: { initializer: word },
    });
    expect(error.fix).toContain(`did you mean '${expected}'?`);
  });

  it.each(['__proto__', 'constructor', 'toString', ''])('the name "%s" is unknown too', (word) => {
    expect(failure(() => resolveInitializer('dense', word)).roles).toEqual(['initializer']);
  });

  it.each([[null], [undefined], [3], [{}], [{ name: 'zeros' }], [{ name: 'zeros', config: null }]])(
    '%o is no initializer',
    (spec) => {
      const error = failure(() => resolveInitializer('dense', spec as unknown as InitializerSpec));
      expect(error).toMatchObject({ op: 'dense', roles: ['initializer'], values: { initializer: spec } });
    },
  );

  it('a factory that was not called says so', () => {
    const error = failure(() =>
      resolveInitializer('dense', initializers.zeros as unknown as InitializerSpec),
    );
    expect(error.fix).toBe('call it: initializers.glorotUniform()');
  });

  it("a user's own initializer is taken as it is", () => {
    const own = { name: 'mine', config: {}, create: () => Float32Array.of(1) };
    expect(resolveInitializer('dense', own)).toBe(own);
  });

  it.each<[string, () => unknown, string, string]>([
    [
      'a seed',
      () => initializers.randomNormal({ seed: 1 } as object),
      'randomNormal',
      'give the seed to the model',
    ],
    [
      'a seed where there are no options',
      () => initializers.heNormal({ seed: 1 } as never),
      'heNormal',
      'give the seed to the model',
    ],
    [
      'a misspelt option',
      () => initializers.randomNormal({ std: 1 } as object),
      'randomNormal',
      "did you mean 'stddev'",
    ],
    [
      'an option too many',
      () => initializers.zeros({ value: 1 } as never),
      'zeros',
      'zeros() takes no options',
    ],
    ['a negative stddev', () => initializers.truncatedNormal({ stddev: -1 }), 'truncatedNormal', '≥ 0'],
    ['NaN', () => initializers.constant({ value: Number.NaN }), 'constant', 'a finite number'],
    ['a string', () => initializers.orthogonal({ gain: '1' } as object), 'orthogonal', 'a finite number'],
    [
      'bounds turned round',
      () => initializers.randomUniform({ minval: 1, maxval: 0 }),
      'randomUniform',
      'swap them',
    ],
    ['a scale of 0', () => initializers.varianceScaling({ scale: 0 }), 'varianceScaling', '> 0'],
    [
      "Keras's mode",
      () => initializers.varianceScaling({ mode: 'fan_in' } as object),
      'varianceScaling',
      "did you mean 'fanIn'",
    ],
    [
      "Keras's distribution",
      () => initializers.varianceScaling({ distribution: 'truncated_normal' } as object),
      'varianceScaling',
      "did you mean 'truncatedNormal'",
    ],
    [
      "TensorFlow.js's normal",
      () => initializers.varianceScaling({ distribution: 'normal' } as object),
      'varianceScaling',
      "'untruncatedNormal'",
    ],
    [
      'a bad config from a file',
      () => resolveInitializer('dense', { name: 'constant', config: { valeu: 1 } }),
      'constant',
      "'value'",
    ],
  ])('%s', (_, run, op, fix) => {
    const error = failure(run);
    expect(error.op).toBe(op);
    expect(error.fix).toContain(fix);
    expect(error.roles.length).toBeGreaterThan(0);
    expect(Object.keys(error.values).length).toBeGreaterThan(0);
  });
});
