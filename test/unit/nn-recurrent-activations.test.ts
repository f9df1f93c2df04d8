/** Every activation in every recurrent layer: by name, in a kernel where one knows it, it is what it is as a function, step by step. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, type Tensor, tensor } from '../../src/engine/index.js';
import { ACTIVATION_NAMES, type ActivationSpec, resolveActivation } from '../../src/nn/activations.js';
import type { AnyLayer } from '../../src/nn/layer.js';
import * as layers from '../../src/nn/layers/index.js';
import { distance, numbers, sequenceNet } from '../kit/sequences.js';

beforeAll(() => init({ device: 'cpu' }));

const [BATCH, STEPS, FEATURES, UNITS] = [2, 3, 3, 2];
const x = tensor(numbers([BATCH, STEPS, FEATURES]), { shape: [BATCH, STEPS, FEATURES] });

type Make = (activation: ActivationSpec) => AnyLayer;
const common = { units: UNITS, returnSequences: true, biasInitializer: 'randomNormal' } as const;

const PLACES: Readonly<Record<string, Make>> = {
  'simpleRNN, activation': (activation) => layers.simpleRNN({ ...common, activation }),
  'gru, activation': (activation) => layers.gru({ ...common, activation }),
  'gru, recurrentActivation': (recurrentActivation) => layers.gru({ ...common, recurrentActivation }),
  'lstm, activation': (activation) => layers.lstm({ ...common, activation }),
  'lstm, recurrentActivation': (recurrentActivation) => layers.lstm({ ...common, recurrentActivation }),
};

describe.each(Object.entries(PLACES))('%s', (_, make) => {
  it.each(ACTIVATION_NAMES)('%s', async (name) => {
    const named = sequenceNet(make(name), { shape: [STEPS, FEATURES] });
    const own = resolveActivation('test', name);
    const stepwise = sequenceNet(
      make((value) => own(value)),
      { shape: [STEPS, FEATURES] },
    );
    const [a, b] = [named, stepwise].map((net) => net.apply([x])[0]) as [Tensor, Tensor];
    const [actual, expected] = [await a.data(), await b.data()];
    expect(distance(actual, expected)).toBeLessThan(2e-6 * Math.max(1, ...Array.from(expected, Math.abs)));
  });
});
