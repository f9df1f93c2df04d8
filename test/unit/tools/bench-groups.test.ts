// Which cases of the benchmarks share a page or a process, and how their runs become one.
import { expect, it } from 'vitest';
import type { OfferedCase } from '../../../bench/face.js';
import type { Row } from '../../../bench/row.js';
import {
  type CaseGroup,
  type GroupRun,
  groupsOf,
  groupWords,
  optionsOf,
  runGroups,
} from '../../../tools/bench/groups.js';

const offered = (suite: string, name: string, first = false): OfferedCase => ({ suite, name, first });

const CASES = [
  offered('steps', 'mlp/free', true),
  offered('steps', 'mlp/read'),
  offered('steps', 'cnn/free', true),
  offered('steps', 'control'),
  offered('matmul', 'matmul/64'),
];

const names = (groups: readonly CaseGroup[]): string[][] =>
  groups.map(({ cases }) => cases.map(({ name }) => name));

const rowNamed = (suite: string, name: string): Row => ({ suite, case: name }) as Row;

/** What a page says of a group: a row for each case, and another for its first step. */
const rowsOf = ({ cases }: CaseGroup): Row[] =>
  cases.flatMap(({ suite, name, first }) => [
    rowNamed(suite, name),
    ...(first ? [rowNamed(suite, name.replace('/free', '/first'))] : []),
  ]);

it('gives each case whose first step is timed a group of its own, and the others one', () => {
  const groups = groupsOf(CASES);
  expect(names(groups)).toEqual([['mlp/free'], ['cnn/free'], ['mlp/read', 'control', 'matmul/64']]);
  expect(groups.map(({ cold }) => cold)).toEqual([true, true, false]);
  expect(groups.map(groupWords)).toEqual(['steps/mlp/free', 'steps/cnn/free', 'steps, matmul']);
  expect(groupsOf([])).toEqual([]);
});

it('keeps suites apart where each has a process of its own', () => {
  expect(names(groupsOf(CASES, { bySuite: true }))).toEqual([
    ['mlp/free'],
    ['cnn/free'],
    ['mlp/read', 'control'],
    ['matmul/64'],
  ]);
});

it('asks for the cases of a group alone, and keeps what else was asked for', () => {
  const [cold, , warm] = groupsOf(CASES) as [CaseGroup, CaseGroup, CaseGroup];
  const options = { suites: ['steps', 'matmul'], cases: ['mlp/free'], runs: 3, peers: false };
  expect(optionsOf(options, cold)).toEqual({ ...options, suites: ['steps'], only: ['steps/mlp/free'] });
  expect(optionsOf({}, warm)).toEqual({
    suites: ['steps', 'matmul'],
    only: ['steps/mlp/read', 'steps/control', 'matmul/matmul/64'],
  });
});

it('gives rows in the order of the cases, as they come and as a whole, and the progress of the whole', async () => {
  const told: string[] = [];
  const progress: number[] = [];
  const run = async (
    group: CaseGroup,
    { onRows, onProgress }: Parameters<Parameters<typeof runGroups>[1]>[1],
  ): Promise<GroupRun> => {
    onProgress?.({ text: 'half', done: 0.5, secondsLeft: 1 });
    const rows = rowsOf(group);
    onRows?.(rows);
    return { rows, roof: group.cold ? null : { gflops: 1, gbps: 2 }, error: null };
  };
  const { rows, roof, errors } = await runGroups(groupsOf(CASES), run, {
    onRows: (found) => told.push(...found.map((row) => row.case)),
    onProgress({ done, secondsLeft }) {
      progress.push(done);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
    },
  });
  expect(rows.map((row) => row.case)).toEqual([
    'mlp/free',
    'mlp/first',
    'mlp/read',
    'cnn/free',
    'cnn/first',
    'control',
    'matmul/64',
  ]);
  expect(told).toEqual([
    'mlp/free',
    'mlp/first',
    'cnn/free',
    'cnn/first',
    'mlp/read',
    'control',
    'matmul/64',
  ]);
  [0.1, 0.3, 0.7].forEach((done, index) => {
    expect(progress[index]).toBeCloseTo(done);
  });
  expect(roof).toEqual({ gflops: 1, gbps: 2 });
  expect(errors).toEqual([]);
});

it('keeps the rows before an error, and goes on with the other groups unless there is nobody to run them', async () => {
  const seen: string[] = [];
  const run =
    (fail: (group: CaseGroup) => GroupRun) =>
    async (group: CaseGroup, { onRows }: Parameters<Parameters<typeof runGroups>[1]>[1]) => {
      seen.push(groupWords(group));
      onRows?.(rowsOf(group));
      return fail(group);
    };
  const failed = await runGroups(
    groupsOf(CASES),
    run((group) => ({ rows: [], roof: null, error: group.cold ? `${groupWords(group)}: crashed` : null })),
  );
  expect(failed.errors).toEqual(['steps/mlp/free: crashed', 'steps/cnn/free: crashed']);
  expect(failed.rows).toHaveLength(7);
  expect(seen.splice(0)).toEqual(['steps/mlp/free', 'steps/cnn/free', 'steps, matmul']);
  const ended = await runGroups(
    groupsOf(CASES),
    run(() => {
      throw new Error('the browser is gone');
    }),
  );
  expect(ended).toMatchObject({ errors: ['the browser is gone'], rows: [{}, {}] });
  expect(seen).toEqual(['steps/mlp/free']);
});
