// What the commands of the benchmarks understand, and which drivers the pack tries.
import { describe, expect, it } from 'vitest';
import { benchOptions } from '../../../tools/bench/options.js';
import { driversInOrder, manifestOf } from '../../../tools/bench-pack/drivers.js';
import { packOptions } from '../../../tools/bench-pack/options.js';

describe('options of the benchmarks', () => {
  it('leave out what is not asked for', () => {
    expect(benchOptions([])).toEqual({
      help: false,
      json: false,
      run: { runs: 9, peers: true, size: 'full' },
      profile: null,
    });
  });

  it('gather suites and cases', () => {
    const words = '--suite steps --suite recurrent --case mlp/free --runs 3 --no-peers --tiny --json';
    expect(benchOptions(words.split(' '))).toEqual({
      help: false,
      json: true,
      run: { runs: 3, peers: false, size: 'tiny', suites: ['steps', 'recurrent'], cases: ['mlp/free'] },
      profile: null,
    });
    expect(benchOptions(['--profile', 'mlp']).profile).toEqual({ task: 'mlp', size: 'full' });
  });

  it('refuse what means nothing', () => {
    expect(() => benchOptions(['--runs', '0'])).toThrow('--runs is 0; give a whole number from 1 up');
    expect(() => benchOptions(['--runs', '1.5'])).toThrow('--runs is 1.5');
    expect(() => benchOptions(['--sweet', 'steps'])).toThrow('--sweet');
    expect(() => benchOptions(['steps'])).toThrow('steps');
  });
});

describe('options of the pack', () => {
  const chosen = (words: string) => {
    const { caseFiles, suites, profiles } = packOptions(words.split(' ').filter((word) => word !== ''));
    return { caseFiles, suites, profiles };
  };

  it('mean everything where nothing is named', () => {
    expect(chosen('')).toEqual({ caseFiles: [], suites: [], profiles: true });
    expect(chosen('cases suites')).toEqual({ caseFiles: [], suites: [], profiles: false });
  });

  it('mean cases, all suites, or suites by name', () => {
    expect(chosen('cases')).toMatchObject({ caseFiles: [], suites: null });
    expect(chosen('suites')).toMatchObject({ caseFiles: null, suites: [] });
    expect(chosen('profiles')).toEqual({ caseFiles: null, suites: null, profiles: true });
    expect(chosen('steps recurrent')).toMatchObject({ caseFiles: null, suites: ['steps', 'recurrent'] });
    expect(chosen('cases steps --cases harness')).toMatchObject({
      caseFiles: ['harness'],
      suites: ['steps'],
    });
  });

  it('are those of the benchmarks for the rest', () => {
    expect(packOptions(['steps', '--runs', '2', '--no-peers', '--case', 'mlp/free']).run).toEqual({
      runs: 2,
      peers: false,
      size: 'full',
      cases: ['mlp/free'],
    });
    expect(() => packOptions(['--runs', 'many'])).toThrow('--runs is many');
  });
});

describe('the order of drivers', () => {
  const manifests = [
    'lvp_icd.json',
    'virtio_icd.json',
    'intel_icd.json',
    'radeon_icd.json',
    'nvidia_icd.json',
  ];
  const paths = manifests.map((name) => `/usr/share/vulkan/icd.d/${name}`);

  it("is NVIDIA's, AMD's, Intel's, others, those for processors", () => {
    const names = driversInOrder(undefined, paths, []).map(({ path }) => path.split('/').at(-1));
    expect(names).toEqual([...manifests].reverse());
  });

  it('knows one alone where the environment names it', () => {
    expect(driversInOrder('/my/driver.json', paths, [])).toEqual([
      { kind: 'manifest', path: '/my/driver.json' },
    ]);
    expect(driversInOrder('', paths, [])).toHaveLength(5);
  });

  it("takes NVIDIA's libraries behind its manifest, before other drivers", () => {
    const library = '/usr/lib64/libGLX_nvidia.so.0';
    const names = driversInOrder(undefined, paths, [library]).map(({ path }) => path.split('/').at(-1));
    expect(names.slice(0, 3)).toEqual(['nvidia_icd.json', 'libGLX_nvidia.so.0', 'radeon_icd.json']);
    expect(driversInOrder(undefined, [], [library])).toEqual([{ kind: 'library', path: library }]);
    expect(driversInOrder(undefined, paths.slice(-1), [library])).toHaveLength(2);
    expect(JSON.parse(manifestOf(library)).ICD.library_path).toBe(library);
  });
});
