/** Choosing, converting and cutting gradients: rows that move a value without computing with it. */

import type { DType } from '../../core/dtype.js';
import { HeddleError, unknownName } from '../../core/errors.js';
import type { Operand, Value } from '../../ir/graph.js';
import type { PointwiseRow } from '../../ir/pointwise.js';
import { applyRow, toValues } from './op.js';
import { defineRow, literal, registerType, STORED, sameDtype } from './row.js';

const sameBranches = sameDtype('select', STORED);

const selectRow = defineRow({
  name: 'select',
  arity: 3,
  dtype([condition, ...branches]) {
    if (condition === 'bool') return sameBranches(branches);
    throw new HeddleError({
      op: 'select',
      message: `the condition is ${condition}, not bool`,
      roles: ['condition'],
      values: { dtype: condition },
      fix: "compare first, such as notEqual(x, 0), or cast(x, 'bool')",
    });
  },
  wgsl: ([condition, a, b]) => `select(${b}, ${a}, ${condition})`,
  js: ([condition, a = 0, b = 0]) => (condition ? a : b),
  slopes: ([condition]) => (condition ? [0, 1, 0] : [0, 0, 1]),
  carried([condition, a = 0, b = 0], [unsure = 0, ea = 0, eb = 0]) {
    if (unsure > 0) return Math.abs(a - b) + Math.max(ea, eb);
    return condition ? ea : eb;
  },
  vjp: (dy, [condition]) => (condition ? [null, select(condition, dy, 0), select(condition, 0, dy)] : []),
});

/** What int32 and uint32 hold of float32: the largest floats within, so that conversion saturates alike everywhere. */
const FLOAT_RANGE = { int32: [-2147483648, 2147483520], uint32: [0, 4294967040] } as const;

type CastTarget = Exclude<DType, 'uint8'>;

function castRow(target: CastTarget): PointwiseRow {
  return defineRow({
    name: `cast_${target}`,
    arity: 1,
    dtype: () => target,
    wgsl([x], context) {
      const [source = 'float32'] = context.operands;
      if (target === 'bool') return source === 'bool' ? `${x}` : `(${x} != ${literal(0, source, context)})`;
      const type = registerType(target, context);
      if (source !== 'float32' || target === 'float32') return `${type}(${x})`;
      const [low, high] = FLOAT_RANGE[target].map((bound) => literal(bound, 'float32', context));
      return `${type}(clamp(${x}, ${low}, ${high}))`;
    },
    js([x = 0], _, { operands: [source] }) {
      if (target === 'bool') return x === 0 ? 0 : 1;
      if (source !== 'float32' || target === 'float32') return x;
      const [low, high] = FLOAT_RANGE[target];
      return Math.trunc(Math.min(Math.max(x, low), high));
    },
    slopes: () => [1],
    carried([x = 0], [error = 0]) {
      if (target === 'float32') return error;
      if (target === 'bool') return Math.abs(x) <= error ? 1 : 0;
      return Math.trunc(x + error) - Math.trunc(x - error);
    },
    cheap: true,
  });
}

const castRows: Readonly<Record<CastTarget, PointwiseRow>> = {
  float32: castRow('float32'),
  int32: castRow('int32'),
  uint32: castRow('uint32'),
  bool: castRow('bool'),
};

const stopGradientRow = defineRow({
  name: 'stopGradient',
  arity: 1,
  dtype: sameDtype('stopGradient', STORED),
  wgsl: ([x]) => `${x}`,
  js: ([x = 0]) => x,
  slopes: () => [1],
  cheap: true,
});

export const SELECT_ROWS: readonly PointwiseRow[] = [selectRow, ...Object.values(castRows), stopGradientRow];

/**
 * `a` where `condition` (bool) holds, `b` elsewhere; all three broadcast, `a` and `b` have one dtype. Each branch gets the
 * gradient where it was chosen.
 */
export function select(condition: Value, a: Operand, b: Operand): Value {
  return applyRow(selectRow, [condition, ...toValues('select', [a, b])]);
}

/**
 * `x` as `dtype`. Floats become integers by dropping the fraction, saturating at the range; integers wrap into each other;
 * bool is "not zero", and 0 or 1 as a number. uint8 data can be cast, but nothing can be cast to uint8. No gradient flows.
 */
export function cast(x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x;
  if (dtype === 'uint8') {
    throw new HeddleError({
      op: 'cast',
      message: 'uint8 holds data only and cannot be a result',
      roles: ['dtype'],
      values: { dtype },
      fix: "cast to 'uint32' or 'int32'",
    });
  }
  const row = castRows[dtype];
  if (!row) throw unknownName('cast', 'dtype', dtype, Object.keys(castRows));
  return applyRow(row, [x]);
}

/** `x` itself, through which no gradient flows. */
export const stopGradient = (x: Value): Value => applyRow(stopGradientRow, [x]);
