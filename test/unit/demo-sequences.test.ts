// The examples on sequences on the CPU reference, in Node: small, but whole, from the data to what they say at the end.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeTable } from '../../demo/data/packed-table.js';
import { compareOnAdding } from '../../demo/examples/adding.js';
import { co2 } from '../../demo/examples/co2.js';
import { init, shutdown } from '../../src/index.js';
import { readCo2 } from '../../tools/data/co2.js';
import { findPackage } from '../../tools/data/sources.js';
import { exampleContext, type Heard } from '../kit/example-context.js';

beforeAll(async () => {
  await init({ device: 'cpu' });
});
afterAll(shutdown);

let heard: Heard | null = null;
afterEach(() => {
  heard?.dispose();
  heard = null;
  vi.unstubAllGlobals();
});

describe('co2', () => {
  it('is better than the seasonal-naive forecast from the first epoch on, and draws both over the truth', async () => {
    const table = readCo2(findPackage('vega-datasets').folder);
    const body = encodeTable({ name: 'co2', source: 'a test', ...table });
    vi.stubGlobal('fetch', async () => new Response(body));
    heard = exampleContext({ epochs: 1, batchSize: 128 });
    const { loss, details, passed } = await co2(heard.context);
    expect(passed).toBe(true);
    expect(loss).toBeLessThan(0.8);
    expect(details[0]).toMatch(
      /^mean absolute error 0\.\d+ ppm on held-out 2010-05 to 2020-04, forecast twelve/,
    );
    expect(details[1]).toContain('2.413 ppm');
    expect(details[2]).toContain('0.805 ppm');
    expect(heard.steps.get('loss')).toHaveLength(Math.ceil(567 / 128));
    const plot = await heard.shown[0]?.plot?.();
    expect(plot?.lines.map(({ name, kind, x }) => [name, kind, x.length])).toEqual([
      ['measured', 'truth', 168],
      ['LSTM', 'model', 120],
      ['as last year', 'baseline', 120],
    ]);
    const [measured, ours] = plot?.lines ?? [];
    expect(ours?.x[0]).toBe(measured?.x[48]);
    for (const [index, value] of (ours?.y ?? []).entries())
      expect(Math.abs(value - (measured?.y[48 + index] ?? 0))).toBeLessThan(5);
  });
});

describe('adding', () => {
  it('trains both kinds on the same sequences for as many steps, and shows what they say', async () => {
    heard = exampleContext({ epochs: 2, batchSize: 16 });
    const sizes = { steps: 12, units: 8, train: 64, test: 40 };
    const { details } = await compareOnAdding(heard.context, sizes);
    expect([...heard.steps].map(([series, steps]) => [series, steps.length])).toEqual([
      ['simple RNN', 8],
      ['LSTM', 8],
    ]);
    expect(details).toEqual([
      expect.stringMatching(/^simple RNN: mean squared error \d\.\d{4} on 40 sequences$/),
      expect.stringMatching(/^LSTM: mean squared error \d\.\d{4} on 40 sequences$/),
      'saying 1 to everything: 0.1667; the LSTM is to come below a tenth of it, 0.0167',
    ]);
    await heard.shown[0]?.plot?.();
    const plot = await heard.shown[1]?.plot?.();
    expect(plot?.lines.map(({ name }) => name)).toEqual(['the sum', 'simple RNN', 'LSTM']);
    for (const { x } of plot?.lines ?? []) expect(x).toEqual([...x].sort((a, b) => a - b));
    // Slow forgetting: what the LSTM starts with, less 16 steps of Adam at 0.01 each.
    const [, , bias] = (await heard.shown[1]?.model.getWeights()) as { readonly data: Float32Array }[];
    const gate = (at: number): number[] => [...(bias?.data.subarray(8 * at, 8 * at + 8) ?? [])];
    for (const unit of Array(8).keys()) {
      expect(gate(1)[unit]).toBeGreaterThan(-0.2);
      expect(gate(1)[unit]).toBeLessThan(Math.log(12) + 0.2);
      expect(Math.abs((gate(0)[unit] ?? 0) + (gate(1)[unit] ?? 0))).toBeLessThan(0.4);
    }
  });
});
