// The elementwise table against known values, finite differences of its own functions, and its rules for dtypes and shapes.
import { describe, expect, it } from 'vitest';
import { ELEMENTWISE_ULPS } from '../../src/core/budgets.js';
import { HeddleError } from '../../src/core/errors.js';
import { constant, scalar } from '../../src/ir/leaves.js';
import type { PointwiseRow } from '../../src/ir/pointwise.js';
import * as ops from '../../src/ops/pointwise/index.js';
import { POINTWISE_ROWS, pointwiseOp } from '../../src/ops/pointwise/index.js';
import { evaluateValues } from '../../src/reference/evaluate.js';

const float = (...numbers: number[]) => constant(Float64Array.from(numbers), [numbers.length], 'float32');
const int = (...numbers: number[]) => constant(Int32Array.from(numbers), [numbers.length], 'int32');
const uint = (...numbers: number[]) => constant(Uint32Array.from(numbers), [numbers.length], 'uint32');
const value = (result: ReturnType<typeof float>) => [
  ...(evaluateValues([result], new Map(), { precision: 'float64' })[0]?.data ?? []),
];

function thrownBy(build: () => unknown): HeddleError {
  try {
    build();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the table', () => {
  it('has names of its own, and a budget line only for rows that exist', () => {
    const names = POINTWISE_ROWS.map((row) => row.name);
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(ELEMENTWISE_ULPS).filter((name) => !names.includes(name))).toEqual([]);
  });

  it('makes one op per row', () => {
    for (const row of POINTWISE_ROWS) expect(pointwiseOp(row)).toBe(pointwiseOp(row));
  });

  it.each([
    [
      'erf',
      ops.erf,
      [-3, -0.5, 0, 0.84, 0.86, 1, 2.6],
      [
        -0.9999779095030014, -0.5204998778130465, 0, 0.7651427115, 0.7761002683, 0.8427007929497149,
        0.9997639655834707,
      ],
    ],
    [
      'gelu',
      (x: ReturnType<typeof float>) => ops.gelu(x),
      [-3, -1, 0, 1, 3],
      [-0.00404969409489031, -0.15865525393145707, 0, 0.8413447460685429, 2.99595030590511],
    ],
    [
      'gelu, approximate',
      (x: ReturnType<typeof float>) => ops.gelu(x, { approximate: true }),
      [-1, 0, 1, 3],
      [-0.15880800939172324, 0, 0.8411919906082768, 2.996362607918227],
    ],
    ['softplus', ops.softplus, [-40, 0, 40], [4.248354255291589e-18, Math.LN2, 40]],
    ['sigmoid', ops.sigmoid, [-700, 0, 700], [9.85967654375977e-305, 0.5, 1]],
  ] as const)('%s has its published values', (_, apply, arguments_, expected) => {
    value(apply(float(...arguments_))).forEach((got, i) => {
      const want = expected[i] as number;
      expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-10 * Math.abs(want));
    });
  });

  it('wraps integers, divides them towards zero, and by zero as WGSL does', () => {
    expect(value(ops.add(int(2147483647, -2147483648), int(1, -1)))).toEqual([-2147483648, 2147483647]);
    expect(value(ops.mul(int(65537, -65537), int(65537, 65537)))).toEqual([131073, -131073]);
    expect(value(ops.mul(uint(4294967295), uint(4294967295)))).toEqual([1]);
    expect(value(ops.div(int(7, -7, 5, -2147483648), int(2, 2, 0, -1)))).toEqual([3, -3, 5, -2147483648]);
    expect(value(ops.sub(uint(0), uint(1)))).toEqual([4294967295]);
  });

  it('casts by truncation and saturation', () => {
    expect(value(ops.cast(float(-2.7, 2.7, 3e9, -3e9), 'int32'))).toEqual([-2, 2, 2147483520, -2147483648]);
    expect(value(ops.cast(float(-2.7, 2.7, 5e9), 'uint32'))).toEqual([0, 2, 4294967040]);
    expect(value(ops.cast(int(-1), 'uint32'))).toEqual([4294967295]);
    expect(value(ops.cast(float(0, -0.1, 2), 'bool'))).toEqual([0, 1, 1]);
  });

  it('gives the gradient of ties to the first operand', () => {
    for (const row of POINTWISE_ROWS.filter(({ name }) => name === 'maximum' || name === 'minimum')) {
      const [a, b] = [float(2), float(2)];
      const cotangents = row.vjp?.(float(1), [a, b], float(2)) ?? [];
      expect(cotangents.map((one) => (one ? value(one) : null))).toEqual([[1], [0]]);
    }
  });
});

/** Points per row, away from kinks; other rows get three ordinary numbers per operand. */
const POINTS: Readonly<Record<string, readonly (readonly number[])[]>> = {
  log: [[0.3], [1.01], [5]],
  sqrt: [[0.3], [1.01], [5]],
  pow: [
    [0.3, 2.2],
    [1.7, -1.5],
    [4, 0],
  ],
  select: [
    [1, 0.5, -2],
    [0, 0.5, -2],
  ],
};

const pointsOf = ({ name, arity }: PointwiseRow): readonly (readonly number[])[] =>
  POINTS[name] ??
  [
    [-1.3, 0.7, 1.6],
    [0.4, -2.1, -0.3],
    [2.2, 1.9, 0.8],
  ].map((point) => point.slice(0, arity));

describe('derivatives', () => {
  const smooth = POINTWISE_ROWS.filter((row) => row.vjp);

  it('lack only where no gradient flows', () => {
    const flat = POINTWISE_ROWS.filter((row) => !row.vjp).map(({ name }) => name);
    expect(flat.filter((name) => !/^(cast|random|logical)/.test(name)).sort()).toEqual(
      [
        'equal',
        'floor',
        'greater',
        'greaterEqual',
        'less',
        'lessEqual',
        'notEqual',
        'sign',
        'stopGradient',
      ].sort(),
    );
  });

  it.each(smooth.map((row) => [row.name, row] as const))(
    'of %s agree with finite differences',
    (name, row) => {
      const types = { operands: new Array(row.arity).fill('float32'), result: 'float32' } as const;
      for (const point of pointsOf(row)) {
        const operands = point.map((x, i) =>
          name === 'select' && i === 0 ? constant(Uint8Array.of(x), [1], 'bool') : float(x),
        );
        const result = float(row.js(point, 0, types));
        const cotangents = row.vjp?.(float(1), operands, result) ?? [];
        expect(cotangents).toHaveLength(row.arity);
        point.forEach((x, i) => {
          const cotangent = cotangents[i];
          if (!cotangent) {
            expect(name).toBe('select');
            return;
          }
          const step = 1e-5;
          const at = (moved: number) =>
            row.js(
              point.map((other, j) => (j === i ? moved : other)),
              0,
              types,
            );
          const difference = (at(x + step) - at(x - step)) / (2 * step);
          const [derivative = Number.NaN] = value(cotangent);
          expect(Math.abs(derivative - difference)).toBeLessThan(1e-8 * (1 + Math.abs(difference)));
          expect(Math.abs((row.slopes(point)[i] ?? Number.NaN) - Math.abs(difference))).toBeLessThan(
            1e-8 * (1 + Math.abs(difference)),
          );
        });
      }
    },
  );
});

describe('rules', () => {
  it('refuse mixed dtypes and name cast', () => {
    const error = thrownBy(() => ops.add(float(1), int(1)));
    expect(error.op).toBe('add');
    expect(error.values).toEqual({ dtypes: ['float32', 'int32'] });
    expect(error.fix).toContain("cast(x, 'float32')");
  });

  it('refuse a fraction beside integers, and numbers out of range', () => {
    expect(thrownBy(() => ops.mul(int(1), 0.5)).values).toEqual({ number: 0.5, dtype: 'int32' });
    expect(thrownBy(() => ops.mul(uint(1), -1)).values).toEqual({ number: -1, dtype: 'uint32' });
    expect(value(ops.mul(int(3), 2))).toEqual([6]);
  });

  it('refuse dtypes that a function does not take', () => {
    expect(thrownBy(() => ops.exp(int(1))).fix).toContain("cast(x, 'float32')");
    expect(thrownBy(() => ops.neg(uint(1))).op).toBe('neg');
    expect(thrownBy(() => ops.select(float(1), 1, 2)).roles).toEqual(['condition']);
    expect(thrownBy(() => ops.cast(float(1), 'uint8')).roles).toEqual(['dtype']);
  });

  it('refuse shapes that do not broadcast', () => {
    const error = thrownBy(() => ops.add(float(1, 2), float(1, 2, 3)));
    expect(error.values).toEqual({ shapes: [[2], [3]] });
  });

  it('reject unknown options with the nearest name', () => {
    expect(thrownBy(() => ops.gelu(float(1), { aproximate: true } as object)).fix).toContain("'approximate'");
    expect(thrownBy(() => ops.uniform([2], { low: 1 } as object)).op).toBe('uniform');
  });

  it('refuse impossible random options', () => {
    expect(thrownBy(() => ops.dropout(float(1), { rate: 1 })).values).toEqual({ rate: 1 });
    expect(thrownBy(() => ops.dropout(float(1), { rate: -0.1 })).roles).toEqual(['rate']);
    expect(thrownBy(() => ops.bernoulli([1], { probability: 1.5 })).roles).toEqual(['probability']);
    expect(thrownBy(() => ops.uniform([1], { seed: -1 })).values).toEqual({ seed: -1 });
    expect(thrownBy(() => ops.uniform([1], { counter: scalar(0, 'int32') })).values).toMatchObject({
      dtype: 'int32',
    });
    expect(thrownBy(() => ops.uniform([1], { counter: uint(1) })).roles).toEqual(['counter']);
    expect(thrownBy(() => ops.normal([1], { stddev: Number.NaN })).roles).toEqual(['stddev']);
  });

  it('leave x alone where the dropout rate is 0', () => {
    const x = float(1, 2);
    expect(ops.dropout(x, { rate: 0 })).toBe(x);
  });
});
