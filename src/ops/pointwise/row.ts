/** What all rows of the elementwise table share: dtype rules, literals for both widths, budgets by name. */

import { ELEMENTWISE_ULPS } from '../../core/budgets.js';
import type { DType } from '../../core/dtype.js';
import { HeddleError } from '../../core/errors.js';
import type { PointwiseRow, WgslContext } from '../../ir/pointwise.js';

/** A row whose `ulps` is its line in `ELEMENTWISE_ULPS`; a row without a line there is exact. */
export function defineRow(row: Omit<PointwiseRow, 'ulps'>): PointwiseRow {
  const ulps = ELEMENTWISE_ULPS[row.name] ?? (() => 0);
  return Object.freeze({ ...row, ulps });
}

/** `f32`, or `vec4<f32>` where the code is four wide. */
export const wide = (scalar: string, { width }: Pick<WgslContext, 'width'>): string =>
  width === 1 ? scalar : `vec4<${scalar}>`;

/** Names a helper apart from its four-wide twin, since WGSL functions do not overload. */
export const helperName = (name: string, { width }: Pick<WgslContext, 'width'>): string =>
  width === 1 ? name : `${name}_4`;

const REGISTER: Readonly<Record<DType, string>> = {
  float32: 'f32',
  int32: 'i32',
  uint32: 'u32',
  bool: 'bool',
  uint8: 'u32',
};

/** WGSL type of a register. */
export const registerType = (dtype: DType, context: Pick<WgslContext, 'width'>): string =>
  wide(REGISTER[dtype], context);

/** A literal in all lanes. */
export const literal = (value: number, dtype: DType, context: Pick<WgslContext, 'width'>): string =>
  `${registerType(dtype, context)}(${value})`;

/** A float32 polynomial in `x`, lowest coefficient first, by Horner's rule with one fma per term. */
export function horner(x: string, coefficients: readonly number[], type: string): string {
  const [last = 0, ...rest] = [...coefficients].reverse();
  return rest.reduce((sum, coefficient) => `fma(${sum}, ${x}, ${type}(${coefficient}))`, `${type}(${last})`);
}

type DTypeRule = (operands: readonly DType[]) => DType;

/** All operands of one dtype out of `allowed`, which is also the result's unless `result` says otherwise. */
export function sameDtype(op: string, allowed: readonly DType[], result?: DType): DTypeRule {
  return (operands) => {
    const [dtype = 'float32'] = operands;
    if (operands.some((other) => other !== dtype)) {
      throw new HeddleError({
        op,
        message: `operands have different dtypes: ${operands.join(' and ')}`,
        roles: operands.map((_, index) => `input ${index}`),
        values: { dtypes: operands },
        fix: `convert one of them, such as cast(x, '${dtype}')`,
      });
    }
    if (!allowed.includes(dtype)) throw refused(op, dtype, allowed);
    return result ?? dtype;
  };
}

export function refused(op: string, dtype: DType, allowed: readonly DType[]): HeddleError {
  return new HeddleError({
    op,
    message: `does not take ${dtype}`,
    roles: ['input'],
    values: { dtype, allowed },
    fix: `cast(x, '${allowed[0]}') first; it takes ${allowed.join(', ')}`,
  });
}

export const FLOATS: readonly DType[] = ['float32'];
export const SIGNED: readonly DType[] = ['float32', 'int32'];
export const NUMBERS: readonly DType[] = ['float32', 'int32', 'uint32'];
export const STORED: readonly DType[] = ['float32', 'int32', 'uint32', 'bool'];

/** A float function of one operand by a WGSL helper of one argument. `code` is the body for type `T`. */
export function helperFunction(
  name: string,
  context: WgslContext,
  code: (T: string) => string,
  parameters: readonly string[] = ['x'],
): string {
  const T = wide('f32', context);
  const list = parameters.map((parameter) => `${parameter}: ${T}`).join(', ');
  return `fn ${helperName(name, context)}(${list}) -> ${T} {${code(T).trimEnd()}\n}`;
}

/** The value as it is stored: integers wrap, booleans are 0 or 1, floats stay in double precision. */
export function wrap(value: number, dtype: DType): number {
  switch (dtype) {
    case 'float32':
      return value;
    case 'int32':
      return value | 0;
    case 'uint32':
      return value >>> 0;
    case 'uint8':
      return value & 255;
    case 'bool':
      return value === 0 ? 0 : 1;
  }
}
