/** Tuning tables: what they change, where they are refused, and that they travel with a model. Measuring needs a GPU: `tuning.cases.ts`. */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { tunableRequests } from '../../src/compiler/tunable.js';
import { graphOf } from '../../src/engine/compile.js';
import { checkedTable, tuningTable } from '../../src/engine/tuning-table.js';
import { parse, serialize } from '../../src/formats/safetensors.js';
import {
  compile,
  init,
  input,
  layers,
  ops,
  type Program,
  sequential,
  type TuneOptions,
  type TuningTable,
  tune,
} from '../../src/index.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { load, save } from '../../src/nn/file.js';
import { failure } from '../kit/failure.js';
import { rejection } from '../kit/rejection.js';
import { compiled, examples, smallModel, weightsOf } from '../kit/small-model.js';

/** The CPU device, as tables call it. */
const HERE = 'heddle, cpu, CPU reference';

const a = input([40, 24]);
const b = input([24, 48]);
const spec = { inputs: { a, b }, outputs: { c: ops.relu(ops.matmul(a, b)) } };

const software = { ...DEFAULT_CAPABILITIES, software: true };
const [request] = tunableRequests(graphOf('product', spec).graph, software);
if (!request) throw new Error('the product leaves no choice');
const [own, ...others] = request.candidates.map(({ key }) => key);
const other = others[0] as string;
const tableOf = (kernel: string, adapter = HERE): TuningTable =>
  tuningTable(adapter, [[request.key, kernel]]);

const variantOf = ({ executor }: Program): string | undefined =>
  executor.plan.steps.find(({ label }) => label.includes('matmul'))?.variant;

beforeEach(() => init({ device: 'cpu' }));

describe('the requests of a graph', () => {
  it('are those of tunable ops that leave a choice, fused or not, each once, most work first', () => {
    const small = ops.matmul(a, input([24, 4]));
    const again = ops.matmul(input([40, 24]), input([24, 4]));
    const graph = graphOf('all', { outputs: {}, inputs: {} }).graph;
    const outputs = [spec.outputs.c, small, again, ops.sum(a), ops.transpose(b)];
    const requests = tunableRequests(
      { ...graph, outputs: outputs.map((value, index) => ({ name: `${index}`, value })) },
      software,
    );
    expect(requests.map(({ node }) => node.op.name)).toEqual(['matmul+relu', 'matmul']);
    expect(requests.map(({ work }) => work)).toEqual([2 * 40 * 24 * 48, 2 * 2 * 40 * 24 * 4]);
    for (const { candidates } of requests) expect(candidates.length).toBeGreaterThan(1);
  });

  it('say which outputs are used, as the program that runs does', async () => {
    const requests = tunableRequests(graphOf('product', spec).graph, software);
    expect(requests.map(({ used }) => used)).toEqual([[true]]);
  });
});

describe('a table', () => {
  it('is JSON as it stands, frozen, and in order', () => {
    const table = tuningTable('X', [
      ['b', '2'],
      ['a', '1'],
      ['b', '3'],
    ]);
    expect(JSON.stringify(table)).toBe('{"version":1,"adapter":"X","entries":{"a":"1","b":"3"}}');
    expect(Object.isFrozen(table) && Object.isFrozen(table.entries)).toBe(true);
    expect(checkedTable('t', JSON.parse(JSON.stringify(table)))).toEqual(table);
  });

  it.each([
    [null, 'null'],
    [7, 'number'],
    [{ version: 2, adapter: 'X', entries: {} }, 'version is 2'],
    [{ version: 1, entries: {} }, 'no adapter'],
    [{ version: 1, adapter: 'X', entries: { a: 1 } }, 'no names of kernels'],
    [{ version: 1, adapter: 'X', entries: [] }, 'no names of kernels'],
  ])('is not %j', (value, words) => {
    const error = failure(() => checkedTable('init', value));
    expect(error).toMatchObject({ op: 'init', roles: ['tuning'] });
    expect(error.message).toContain(words);
  });

  it('keeps a key that objects have by themselves', () => {
    const table = checkedTable('t', JSON.parse('{"version":1,"adapter":"X","entries":{"__proto__":"k"}}'));
    expect(Object.entries(table.entries)).toEqual([['__proto__', 'k']]);
  });
});

describe('programs', () => {
  it("take the kernels of a table, each of its own before init's", async () => {
    expect(variantOf(await compile(spec))).toBe(own);
    expect(variantOf(await compile({ ...spec, tuning: tableOf(other) }))).toBe(other);
    await init({ device: 'cpu', tuning: tableOf(other) });
    expect(variantOf(await compile(spec))).toBe(other);
    expect(variantOf(await compile({ ...spec, tuning: null }))).toBe(other);
    expect(variantOf(await compile({ ...spec, tuning: tableOf(others[1] as string) }))).toBe(others[1]);
    expect(variantOf(await compile({ ...spec, tuning: tuningTable(HERE, []) }))).toBe(other);
    await init({ device: 'cpu' });
    expect(variantOf(await compile(spec))).toBe(own);
  });

  it('take their own choice where a kernel is not offered any more', async () => {
    expect(variantOf(await compile({ ...spec, tuning: tableOf('matmul_of_the_past') }))).toBe(own);
  });

  it('refuse a table of another adapter, by name', async () => {
    const foreign = tableOf(other, 'Voodoo 2');
    const errors = [
      await rejection(() => compile({ ...spec, name: 'product', tuning: foreign })),
      await rejection(() => init({ device: 'cpu', tuning: foreign })),
    ];
    expect(errors.map(({ op }) => op)).toEqual(["compile 'product'", 'init']);
    for (const error of errors) {
      expect(error).toMatchObject({
        roles: ['tuning', 'adapter'],
        values: { table: 'Voodoo 2', adapter: HERE },
      });
      expect(error.fix).toContain('tuning: null');
    }
  });

  it('find their table in a store', async () => {
    const asked: string[] = [];
    const read = async (adapter: string): Promise<TuningTable | null> => {
      asked.push(adapter);
      return tableOf(other);
    };
    await init({ device: 'cpu', tuning: { read } });
    expect(variantOf(await compile(spec))).toBe(other);
    await init({ device: 'cpu', tuning: { read: async () => null } });
    expect(variantOf(await compile(spec))).toBe(own);
    expect(asked).toEqual([HERE]);
  });

  it('do without, with one warning, where a store cannot be read or holds what is no table for here', async () => {
    const stores: readonly (() => Promise<unknown>)[] = [
      () => Promise.reject(new DOMException('storage is blocked', 'SecurityError')),
      async () => ({ version: 1, adapter: HERE, entries: { a: 1 } }),
      async () => tableOf(other, 'Voodoo 2'),
    ];
    const words = ['storage is blocked', 'no names of kernels', 'Voodoo 2'];
    for (const [index, read] of stores.entries()) {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
      try {
        const device = await init({ device: 'cpu', tuning: { read: read as () => Promise<TuningTable> } });
        expect(device.kind).toBe('cpu');
        expect(variantOf(await compile(spec))).toBe(own);
        expect(warn).toHaveBeenCalledOnce();
        expect(String(warn.mock.calls[0])).toContain(words[index]);
      } finally {
        warn.mockRestore();
      }
    }
  });
});

describe('a model', () => {
  const { x, y } = examples(12);
  const train = (net: ReturnType<typeof compiled>) => net.fit(x, y, { batchSize: 6 });
  const set = (net: ReturnType<typeof compiled>, table: TuningTable | null): void => {
    net.tuning = table;
  };
  const variantsOf = (net: ReturnType<typeof compiled>): Map<string, string> =>
    new Map(net.program?.executor.plan.steps.map(({ label, variant }) => [label, variant]) ?? []);

  /** A table in which the first request of the model's step has another kernel than the heuristics choose. */
  async function another(net: ReturnType<typeof compiled>): Promise<{ table: TuningTable; kernel: string }> {
    const trainer = net.trainer('test');
    const columns = await trainer.columns('test', { x: x.subarray(0, 24), y: y.subarray(0, 6) });
    const [found] = tunableRequests(graphOf('step', trainer.fedSpec('train', columns)).graph, software);
    const kernel = found?.candidates.at(-1)?.key ?? '';
    return { table: tuningTable(HERE, [[found?.key ?? '', kernel]]), kernel };
  }

  it('compiles what it runs by its table, and drops what was compiled before; weights stay', async () => {
    const net = compiled();
    await train(net);
    const before = variantsOf(net);
    const { table, kernel } = await another(net);
    expect([...before.values()]).not.toContain(kernel);
    const weights = await weightsOf(net);
    net.tuning = table;
    expect(net.tuning).toEqual(table);
    expect(net.program).toBeNull();
    expect(await weightsOf(net)).toEqual(weights);
    await train(net);
    expect([...variantsOf(net).values()]).toContain(kernel);
    net.tuning = null;
    await train(net);
    expect(variantsOf(net)).toEqual(before);
    net.dispose();
  });

  it('keeps no program of an older table, and loses none in use', async () => {
    const net = compiled();
    const { table } = await another(net);
    const predictions = [net.predict(x), net.predict(x)];
    net.tuning = table;
    predictions.push(net.predict(x));
    const [first, ...rest] = await Promise.all(predictions);
    for (const one of rest) expect(one.data).toEqual(first?.data);
    net.dispose();
  });

  it('is not tuned while it trains, and does not train while it is tuned', async () => {
    const net = compiled();
    const run = train(net);
    expect(failure(() => set(net, null)).message).toContain('is training');
    expect((await rejection(() => tune(net))).message).toContain('already training');
    await run;
    const tuning = net.trainer('test').exclusively('tune', async () => {
      expect((await rejection(() => train(net))).message).toContain('being tuned');
    });
    await tuning;
    net.dispose();
  });

  it('is neither compiled nor tuned twice while it is tuned, compiled before or not', async () => {
    for (const net of [smallModel(), compiled()]) {
      const tuning = tune(net);
      const settings = { optimizer: 'sgd', loss: 'meanSquaredError' } as const;
      expect(failure(() => net.compile(settings)).message).toContain('being tuned');
      expect((await rejection(() => tune(net))).message).toContain('being tuned');
      // The CPU device: there is nothing to be found.
      expect((await rejection(() => tuning)).roles).toEqual(['device']);
      net.compile(settings);
      net.dispose();
    }
  });

  it('refuses what is no table, and one of another adapter when it is next compiled', async () => {
    const net = compiled();
    expect(failure(() => set(net, {} as TuningTable)).op).toBe('tuning');
    net.tuning = tuningTable('Voodoo 2', []);
    expect((await rejection(() => net.predict(x))).message).toContain("'Voodoo 2'");
    net.tuning = null;
    await net.predict(x);
    net.dispose();
  });

  it('takes its table along in its file', async () => {
    const net = compiled();
    await train(net);
    const untuned = await save(net);
    const { table, kernel } = await another(net);
    net.tuning = table;
    const bytes = await save(net);
    const copy = await load(bytes);
    expect(copy.tuning).toEqual(table);
    await train(copy);
    expect([...variantsOf(copy).values()]).toContain(kernel);
    expect(await save(await load(bytes))).toEqual(bytes);
    expect((await load(untuned)).tuning).toBeNull();
    net.tuning = null;
    expect(await save(net)).toEqual(untuned);
  });

  it('keeps the table of another adapter that its file holds, unused, with one notice', async () => {
    const net = smallModel();
    net.tuning = tuningTable('Voodoo 2', [['matmul', 'fast']]);
    const bytes = await save(net);
    const notice = vi.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      const copy = await load(bytes);
      expect(notice).not.toHaveBeenCalled();
      await copy.predict(x);
      await copy.predict(x.subarray(0, 8));
      expect(notice).toHaveBeenCalledOnce();
      expect(String(notice.mock.calls[0])).toContain("'Voodoo 2'");
      // The CPU device has nothing to measure.
      expect(String(notice.mock.calls[0])).not.toContain('tune()');
      expect(copy.tuning).toEqual(net.tuning);
      expect(await save(copy)).toEqual(bytes);
      expect((await copy.predict(x)).data).toEqual((await smallModel().predict(x)).data);
    } finally {
      notice.mockRestore();
    }
  });

  it('is not loaded with a table that is none', async () => {
    const { tensors, metadata } = parse(await save(smallModel()));
    const config = { ...(JSON.parse(metadata.heddle ?? '') as object), tuning: { version: 1, adapter: 3 } };
    const bytes = serialize(tensors, { heddle: JSON.stringify(config) });
    const error = await rejection(() => load(bytes));
    expect(error).toMatchObject({ op: 'load', roles: ['tuning'] });
    expect(error.message).toContain('names no adapter');
  });
});

describe('tune() refuses', () => {
  it('the CPU device, which has no kernels', async () => {
    for (const target of [spec, compiled(), smallModel()]) {
      expect(await rejection(() => tune(target as typeof spec))).toMatchObject({
        op: 'tune',
        roles: ['device'],
        values: { device: 'cpu' },
      });
    }
  });

  it.each<[object, string]>([
    [{ milliseconds: 0 }, 'milliseconds'],
    [{ variants: 1 }, 'variants'],
    [{ variants: 2.5 }, 'variants'],
    [{ milli: 3 }, 'option'],
    [{ batchSize: 8 }, 'option'],
  ])('%j', async (options, role) => {
    expect((await rejection(() => tune(spec, options as TuneOptions))).roles).toEqual([role]);
  });

  it('a model whose shapes are free, without examples', async () => {
    const net = sequential([layers.gru({ units: 2, inputShape: [null, 3] })]);
    expect(await rejection(() => tune(net))).toMatchObject({ op: 'tune', roles: ['x'] });
    const tuned = await rejection(() => tune(net, { x: { data: new Float32Array(12), shape: [1, 4, 3] } }));
    expect(tuned.roles).toEqual(['device']);
  });

  it('targets without examples', async () => {
    expect((await rejection(() => tune(compiled(), { y: [0] }))).roles).toEqual(['x', 'y']);
  });

  it('to begin when its signal is aborted', async () => {
    const aborted = tune(spec, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  });
});
