/** Activations against their formulas in double precision. */

import { beforeAll, expect, it } from 'vitest';
import { grad, init, tensor } from '../../src/engine/index.js';
import { ACTIVATION_NAMES, resolveActivation } from '../../src/nn/activations.js';
import { failure } from '../kit/failure.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});

const XS = [-120, -3.5, -1, -0.25, 0, 0.5, 2, 7];
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** Simpson's rule on Φ's density. */
const normalCdf = (x: number): number => {
  const n = 2000;
  const h = x / n;
  let sum = 0;
  for (let i = 0; i <= n; i++) {
    const weight = i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-((i * h) ** 2) / 2);
  }
  return 0.5 + (sum * h) / 3 / Math.sqrt(2 * Math.PI);
};
const exponentials = XS.map((x) => Math.exp(x - 7));
const total = exponentials.reduce((sum, x) => sum + x, 0);

const FORMULAS: Record<string, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  leakyRelu: (x) => (x > 0 ? x : 0.2 * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  sigmoid: logistic,
  hardSigmoid: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
  tanh: Math.tanh,
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  gelu: (x) => (x < -20 ? 0 : x * normalCdf(x)),
  silu: (x) => x * logistic(x),
  swish: (x) => x * logistic(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  exponential: Math.exp,
  softmax: (x) => Math.exp(x - 7) / total,
  logSoftmax: (x) => x - 7 - Math.log(total),
};

it('every activation has a formula here', () => {
  expect(Object.keys(FORMULAS).sort()).toEqual([...ACTIVATION_NAMES].sort());
});

it.each(ACTIVATION_NAMES)('%s follows its formula, with a finite gradient', async (name) => {
  const x = tensor([XS]);
  const y = resolveActivation('dense', name)(x);
  const found = [...(await y.data())];
  XS.forEach((value, index) => {
    const expected = FORMULAS[name]?.(value) ?? Number.NaN;
    expect(Math.abs((found[index] as number) - expected)).toBeLessThan(
      2e-6 * Math.max(1, Math.abs(expected)),
    );
  });
  expect([...(await grad(y, x).data())].every(Number.isFinite)).toBe(true);
});

it('unknown names are refused with the nearest, and so is anything else', () => {
  const error = failure(() => resolveActivation("dense 'hidden'", 'rellu'));
  expect(error.op).toBe("dense 'hidden'");
  expect(error.values.activation).toBe('rellu');
  expect(error.fix).toContain("did you mean 'relu'");
  expect(failure(() => resolveActivation('dense', null as never)).roles).toEqual(['activation']);
});
