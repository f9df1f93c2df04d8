/** Data that a device has no room for: the fit ends with that error, and the next one starts from nothing. */

import { beforeAll, describe, expect, it, vi } from 'vitest';
import { init } from '../../src/engine/index.js';
import { Dataset } from '../../src/nn/training/dataset.js';
import { compiled, examples } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

describe('an upload that fails', () => {
  it('leaves no data behind that the next fit would take for its own', async () => {
    const net = compiled();
    const few = examples(8);
    const more = examples(12);
    await net.fit(few.x, few.y);
    const full = vi.spyOn(Dataset, 'upload').mockRejectedValueOnce(new Error('out of memory'));
    await expect(net.fit(more.x, more.y)).rejects.toThrow('out of memory');
    const { history } = await net.fit(few.x, few.y);
    expect(full).toHaveBeenCalledTimes(2);
    expect(history.loss?.every(Number.isFinite)).toBe(true);
    full.mockRestore();
    net.dispose();
  });
});
