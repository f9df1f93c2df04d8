/** The code of each example, by name. */

import type { ExampleName } from './catalogue.js';
import { celsius } from './celsius.js';
import { digits } from './digits.js';
import type { Example } from './example.js';
import { fashionMnist } from './fashion-mnist.js';
import { tenTimes } from './ten-times.js';
import { twoNodes } from './two-nodes.js';

export const EXAMPLES: Readonly<Record<ExampleName, Example>> = Object.freeze({
  celsius,
  digits,
  'fashion-mnist': fashionMnist,
  'ten-times': tenTimes,
  'two-nodes': twoNodes,
});
