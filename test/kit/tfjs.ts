/** TensorFlow.js on its plain-JavaScript CPU backend, with gradients: an oracle that shares nothing with Heddle. */

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';

// Else it advertises its native addon.
tf.env().set('IS_TEST', true);
await tf.setBackend('cpu');

export { tf };
