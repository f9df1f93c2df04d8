/** Layer and group normalisation: their formulas, over each set of axes, and their weights. */

import { beforeAll, describe, expect, it } from 'vitest';
import { init, tensor } from '../../src/engine/index.js';
import * as layers from '../../src/nn/layers/index.js';
import { Network } from '../../src/nn/network.js';
import { expectClose, floats } from '../kit/normalization.js';

beforeAll(() => init({ device: 'cpu' }));

/** The layers' default. */
const EPSILON = 1e-3;

describe('layerNormalization and groupNormalization', () => {
  const x = floats([2, 3, 2, 4], 5);
  const at = (b: number, h: number, w: number, c: number): number =>
    x.data[((b * 3 + h) * 2 + w) * 4 + c] as number;

  /** The formula over whatever shares `key`. */
  function expected(key: (b: number, h: number, w: number, c: number) => string): number[] {
    const cells: { key: string; value: number }[] = [];
    for (let b = 0; b < 2; b++)
      for (let h = 0; h < 3; h++)
        for (let w = 0; w < 2; w++)
          for (let c = 0; c < 4; c++) cells.push({ key: key(b, h, w, c), value: at(b, h, w, c) });
    return cells.map((cell) => {
      const others = cells.filter((other) => other.key === cell.key).map(({ value }) => value);
      const mean = others.reduce((sum, value) => sum + value) / others.length;
      const variance = others.reduce((sum, value) => sum + (value - mean) ** 2, 0) / others.length;
      return (cell.value - mean) / Math.sqrt(variance + EPSILON);
    });
  }

  const output = async (layer: ReturnType<typeof layers.layerNormalization>): Promise<ArrayLike<number>> => {
    const net = new Network({ layers: [layer] });
    return net.apply(tensor(x.data, { shape: x.shape })).data();
  };
  const inputShape = [3, 2, 4];

  it('are their formulas', async () => {
    expectClose(
      await output(layers.layerNormalization({ inputShape })),
      expected((b, h, w) => `${b},${h},${w}`),
      2e-6,
    );
    const two = layers.layerNormalization({ axis: [1, 3], inputShape });
    expectClose(
      await output(two),
      expected((b, _, w) => `${b},${w}`),
      2e-6,
    );
    const groups = layers.groupNormalization({ groups: 2, inputShape });
    expectClose(
      await output(groups),
      expected((b, _, __, c) => `${b},${c >> 1}`),
      2e-6,
    );
    const each = layers.groupNormalization({ groups: -1, inputShape });
    expectClose(
      await output(each),
      expected((b, _, __, c) => `${b},${c}`),
      2e-6,
    );
  });

  it('have weights of the normalised axes, scaled and shifted by them', async () => {
    const net = new Network({ layers: [layers.layerNormalization({ axis: [1, 3], inputShape })] });
    expect(net.weights.map(({ shape }) => shape)).toEqual([
      [3, 4],
      [3, 4],
    ]);
    const constantLayer = layers.groupNormalization({
      groups: 1,
      gammaInitializer: { name: 'constant', config: { value: 3 } },
      betaInitializer: 'ones',
      inputShape,
    });
    expectClose(
      await output(constantLayer),
      expected((b) => `${b}`).map((value) => 3 * value + 1),
      2e-6,
    );
    const bare = new Network({
      layers: [layers.groupNormalization({ groups: 4, scale: false, center: false, inputShape })],
    });
    expect(bare.weights).toEqual([]);
  });
});
