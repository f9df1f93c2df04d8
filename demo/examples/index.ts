/** The code of each example, by name. */

import { adding } from './adding.js';
import type { ExampleName } from './catalogue.js';
import { celsius } from './celsius.js';
import { co2 } from './co2.js';
import { denoise } from './denoise.js';
import { digits } from './digits.js';
import { digitsCnn } from './digits-cnn.js';
import type { Example } from './example.js';
import { fashionCnn } from './fashion-cnn.js';
import { fashionMnist } from './fashion-mnist.js';
import { fashionResnet } from './fashion-resnet.js';
import { genres } from './genres.js';
import { spokenDigits } from './spoken-digits.js';
import { tenTimes } from './ten-times.js';
import { titles } from './titles.js';
import { twoNodes } from './two-nodes.js';

export const EXAMPLES: Readonly<Record<ExampleName, Example>> = Object.freeze({
  adding,
  celsius,
  co2,
  denoise,
  digits,
  'digits-cnn': digitsCnn,
  'fashion-cnn': fashionCnn,
  'fashion-mnist': fashionMnist,
  'fashion-resnet': fashionResnet,
  genres,
  'spoken-digits': spokenDigits,
  'ten-times': tenTimes,
  titles,
  'two-nodes': twoNodes,
});
