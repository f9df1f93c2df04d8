/** What layers ask of the dtypes of their inputs, as soon as they are put together. */

import { type DType, HeddleError } from '../../engine/index.js';

/** The one dtype of all inputs. Throws where they differ: nothing is converted in silence. */
export function commonDtype(label: string, dtypes: readonly DType[]): DType {
  const [first = 'float32'] = dtypes;
  if (dtypes.every((dtype) => dtype === first)) return first;
  throw new HeddleError({
    op: label,
    message: `inputs are ${dtypes.join(' and ')}`,
    roles: ['inputs'],
    values: { dtypes },
    fix: 'give them one dtype: layers.rescaling({ scale: 1 }) makes float32 of any',
  });
}

/** float32, of inputs that are. Throws for any other: nothing is converted in silence. */
export function floatDtype(label: string, dtypes: readonly DType[]): DType {
  const other = dtypes.find((dtype) => dtype !== 'float32');
  if (other === undefined) return 'float32';
  throw new HeddleError({
    op: label,
    message: `the input is ${other}, not float32`,
    roles: ['input'],
    values: { dtypes },
    fix: 'put layers.rescaling({ scale: 1 }) before it, which makes float32 of any; bytes of a data set need no dtype in layers.input',
  });
}
