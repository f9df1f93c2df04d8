/** The dtype of what several inputs become together. */

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
