// The judge of the GPU cases, judged itself: planted faults must be seen.
import { describe, expect, it } from 'vitest';
import { type CaseFile, compare, describeFailures, equal, exact, type GpuCase } from '../../gpu/kit.js';
import { runIn } from '../../gpu/page/run-case.js';
import { caseFiles } from '../../gpu/setup/bundle.js';

const indices = (failures: ReturnType<typeof compare>) => failures.map(({ at }) => at);

describe('compare', () => {
  it('passes what lies within the tolerance, and reports what lies outside with its ratio', () => {
    expect(compare('y', [1, 2.5], [1.25, 2], 0.5)).toEqual([]);
    const [failure] = compare('y', [1, 4], [1, 2], [0, 0.5]);
    expect(failure).toEqual({ what: 'y', expected: '2 ± 0.5', actual: '4', at: '[1]', budgetRatio: 4 });
  });

  it('lets nothing stand for NaN or an infinity', () => {
    const wide = 1e30;
    expect(indices(compare('y', [NaN, 1, Infinity, -Infinity], [1, NaN, 1, Infinity], wide))).toHaveLength(4);
    expect(compare('y', [NaN, Infinity, -Infinity], [NaN, Infinity, -Infinity], 0)).toEqual([]);
  });

  it('tells the zeros apart only where no tolerance is given', () => {
    expect(indices(exact('y', [-0, 0], [0, 0]))).toEqual(['[0]']);
    expect(compare('y', [-0], [0], 1e-6)).toEqual([]);
    expect(equal('y', [-0, 3], [0, 3])).toEqual([]);
    expect(indices(equal('y', [2 ** 24 + 2, 1e-30], [2 ** 24, 0]))).toEqual(['[0]', '[1]']);
  });

  it('reports at most five elements, the worst first, and says how many there are', () => {
    const failures = compare('y', [1, 2, 3, 4, 5, 6, 7], [0, 0, 0, 0, 0, 0, 0], 0.5);
    expect(indices(failures)).toEqual(['[6]', '[5]', '[4]', '[3]', '[2]']);
    expect(failures[0]?.what).toBe('y (one of 7 of 7 wrong)');
  });

  it('refuses lengths that differ, and tolerances that are none', () => {
    expect(compare('y', [1], [1, 2], 1)[0]?.what).toBe('y: length');
    expect(compare('y', [1, 2], [1, 2], [1])[0]?.what).toBe('y: length of the tolerances');
    expect(compare('y', [1, 1, 1], [1, 1, 1], [NaN, Infinity, -1])).toHaveLength(3);
  });
});

describe('running a case', () => {
  const options = { full: false, faults: async () => [] };
  const fileOf = (run: GpuCase['run']): CaseFile => ({ cases: [{ name: 'it', run }] });

  it('passes on failures, exceptions, cleanups that throw and faults of the GPU', async () => {
    const order: string[] = [];
    const file = fileOf(async ({ onCleanup }) => {
      onCleanup(() => void order.push('first'));
      onCleanup(() => {
        order.push('last');
        throw new Error('cleanup');
      });
      throw new TypeError('boom');
    });
    const verdict = await runIn(file, 'f', 'it', { full: false, faults: async () => ['device lost'] });
    const text = describeFailures(verdict.failures);
    expect(verdict.failures).toHaveLength(3);
    for (const word of ['boom', 'cleanup', 'device lost']) expect(text).toContain(word);
    expect(order).toEqual(['last', 'first']);
  });

  it('gives each case its own fixed seed', async () => {
    const seeds: number[] = [];
    const file = fileOf(async ({ seed }) => {
      seeds.push(seed);
      return [];
    });
    for (const name of ['a', 'a', 'b']) await runIn(file, name, 'it', options);
    expect(seeds[0]).toBe(seeds[1]);
    expect(seeds[0]).not.toBe(seeds[2]);
  });

  it('refuses a name that is missing or given twice', async () => {
    const item: GpuCase = { name: 'it', run: async () => [] };
    await expect(runIn({ cases: [] }, 'f', 'it', options)).rejects.toThrow('0 cases named "it"');
    await expect(runIn({ cases: [item, item] }, 'f', 'it', options)).rejects.toThrow('2 cases named "it"');
  });
});

describe('the list of case files', () => {
  it('holds every file, or those that CASES names, and is never empty', () => {
    expect(caseFiles('')).toContain('harness.cases.ts');
    expect(caseFiles('harness,')).toEqual(['harness.cases.ts']);
    expect(() => caseFiles('mistyped')).toThrow('no file *.cases.ts matches CASES=mistyped');
  });
});
