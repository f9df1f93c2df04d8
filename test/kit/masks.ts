/** What tests of masks share. */

import { expect } from 'vitest';
import { ops, type Tensor, tensor } from '../../src/engine/index.js';
import { type AnyLayer, defineLayer } from '../../src/nn/layer.js';
import { model } from '../../src/nn/model.js';
import type { Network } from '../../src/nn/network.js';
import { networkFromConfig } from '../../src/nn/restore.js';
import { isSymbolic, type SymbolicTensor } from '../../src/nn/symbolic.js';

export { nestedNumbers } from './sequences.js';

/** The mask that arrives, as numbers; −1 where none does. */
export const seen = defineLayer<object>({
  type: 'seen',
  options: [],
  create: () => ({
    outputShape: ([[batch = null, steps = null] = []]) => [batch, steps],
    call: ([x], _, { masks: [mask] }) => mask ?? ops.broadcastTo(tensor(-1), (x as Tensor).shape.slice(0, 2)),
  }),
});

/** The mask of an output, or of what a stack of layers gives, for `data`; `null` where there is none. */
export async function maskOf(
  inputs: SymbolicTensor | readonly SymbolicTensor[],
  layers: SymbolicTensor | readonly AnyLayer[],
  data: Parameters<ReturnType<typeof model>['predict']>[0],
): Promise<number[][] | null> {
  const from = isSymbolic(inputs) ? [inputs] : (inputs as readonly SymbolicTensor[]);
  const output = isSymbolic(layers)
    ? layers
    : (layers as readonly AnyLayer[]).reduce(
        (flow, layer) => layer.use([flow])[0] as SymbolicTensor,
        from[0] as SymbolicTensor,
      );
  const net = model({ inputs: from, outputs: seen().apply(output) });
  const mask = (await net.predict(data)).array() as number[][];
  net.dispose();
  return mask.flat().every((one) => one === -1) ? null : mask;
}

/** Checks that a model's config goes through JSON and back. */
export function expectKept(net: Network): void {
  const again = networkFromConfig(JSON.parse(JSON.stringify(net.config)));
  expect(again.config).toEqual(net.config);
  again.dispose();
}
