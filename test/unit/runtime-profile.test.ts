import { describe, expect, it } from 'vitest';
import { ArenaBuffers, acquireDevice, Executable } from '../../src/runtime/index.js';
import { type FakeDevice, fakeDevice } from '../kit/fake-gpu.js';
import { affinePlan, variableArena } from '../kit/runtime-plans.js';

const N = 64;
const OPTIONS = { repeat: 3, milliseconds: 1 } as const;

async function setUp(fake: FakeDevice = fakeDevice()) {
  const context = await acquireDevice({ gpuDevice: fake.device });
  const arenas = new ArenaBuffers(context);
  const arena = variableArena('totals', N * 4);
  const executable = await Executable.create(context, affinePlan(arena, N), { variables: arenas.buffer });
  fake.calls.length = 0;
  return { fake, context, executable };
}

/** What each submit does: kernels that start, copies into a profile's own memory (`aside`) and out of it (`back`). */
function submits(calls: readonly string[]): string[] {
  const found: string[] = [];
  let words: string[] = [];
  for (const call of calls) {
    const [verb = '', ...rest] = call.split(' ');
    if (verb === 'submit') {
      found.push(words.join(' '));
      words = [];
    } else if (verb === 'copy') words.push(rest.at(-1) === 'profile' ? 'back' : 'aside');
    else if (verb === 'setPipeline') words.push(rest.at(-1) ?? '');
  }
  return found;
}

describe('profiling a plan', () => {
  it('gives as many times of the whole and of each dispatch as passes are asked for', async () => {
    const { executable } = await setUp();
    const { source, whole, dispatches } = await executable.profile(OPTIONS);
    expect(source).toBe('clock');
    expect(whole).toHaveLength(3);
    expect(dispatches.map((times) => times.length)).toEqual([3, 3, 3]);
    for (const time of [...whole, ...dispatches.flat()]) expect(time).toBeGreaterThanOrEqual(0);
  });

  it('repeats a short dispatch at least fifty times in a pass', async () => {
    const { executable, context } = await setUp();
    const before = { ...context.counters };
    await executable.profile(OPTIONS);
    const [dispatches, passes] = [
      context.counters.dispatches - before.dispatches,
      context.counters.passes - before.passes,
    ];
    expect(dispatches / passes).toBeGreaterThan(50);
  });

  it('puts a tensor that a kernel changes in place back before each pass, runs the kernel once more, and in the end restores all', async () => {
    const { fake, executable } = await setUp();
    await executable.profile(OPTIONS);
    const found = submits(fake.calls);
    // Both snapshots; the passes of the whole, each behind the variables that it changes.
    expect(found.slice(0, 2)).toEqual(['aside', 'aside aside']);
    const whole = found.indexOf('back');
    expect(found.slice(whole, whole + 2)).toEqual([
      'back',
      expect.stringMatching(/^affine accumulate square/),
    ]);
    // A kernel that only writes is not disturbed.
    const affine = found.indexOf('affine');
    expect(found.slice(affine, affine + 3)).toEqual(['affine', 'affine', 'affine']);
    // One that changes in place: set aside once, put back before each pass, and run once behind the last.
    const first = found.indexOf('accumulate');
    expect(found.slice(first - 2, first)).toEqual(['aside', 'back']);
    const last = found.lastIndexOf('accumulate');
    const passes = found.slice(first - 1, last + 1);
    expect(new Set(passes.filter((_, index) => index % 2 === 0))).toEqual(new Set(['back']));
    expect(new Set(passes.filter((_, index) => index % 2 === 1))).toEqual(new Set(['accumulate']));
    expect(found.slice(-2)).toEqual(['back', 'back back']);
  });

  it('leaves no memory behind, and makes no bind group and no pipeline', async () => {
    const { fake, context, executable } = await setUp();
    const [bytes, before] = [fake.liveBytes(), { ...context.counters }];
    await executable.profile(OPTIONS);
    expect(fake.liveBytes()).toBe(bytes);
    const { bindGroupsCreated, pipelinesCreated, liveQuerySets } = context.counters;
    expect([bindGroupsCreated, pipelinesCreated, liveQuerySets]).toEqual([
      before.bindGroupsCreated,
      before.pipelinesCreated,
      0,
    ]);
  });

  it('runs nothing where memory is short for what it must put back', async () => {
    const { fake, executable } = await setUp();
    const bytes = fake.liveBytes();
    fake.failNext('out-of-memory', 'no room');
    await expect(executable.profile(OPTIONS)).rejects.toThrow(/out of memory/);
    expect(fake.calls.filter((call) => call.startsWith('dispatch'))).toEqual([]);
    expect(fake.liveBytes()).toBe(bytes);
  });

  it('ends with the loss of a device that is lost meanwhile, and leaves no memory behind', async () => {
    const { fake, executable } = await setUp();
    const bytes = fake.liveBytes();
    const onProgress = (): void => fake.lose('unknown', 'the driver fell over');
    await expect(executable.profile({ ...OPTIONS, onProgress })).rejects.toThrow(/lost \(unknown\)/);
    expect(fake.liveBytes()).toBe(bytes);
  });

  it('copies inputs that lie on the device in before it times', async () => {
    const { fake, context, executable } = await setUp();
    const given = context.buffers.create({ label: 'heddle given', bytes: N * 4, usage: 0 });
    executable.feedBuffer('x', given);
    fake.calls.length = 0;
    await executable.profile(OPTIONS);
    expect(fake.calls[0]).toBe('copy heddle given');
    expect(fake.calls.filter((call) => call === 'copy heddle given')).toHaveLength(1);
  });
});
