/** The error for a name that no example has. */

import { nearest } from '../../src/core/errors.js';
import { CATALOGUE } from './catalogue.js';

export function unknownExample(name: string): Error {
  const names = CATALOGUE.map((one) => one.name);
  return new Error(
    `there is no example '${name}': did you mean '${nearest(name, names)}'? All: ${names.join(', ')}`,
  );
}
