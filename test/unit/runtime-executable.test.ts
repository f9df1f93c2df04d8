import { describe, expect, it } from 'vitest';
import { HeddleError } from '../../src/core/errors.js';
import { ArenaBuffers, acquireDevice, Executable } from '../../src/runtime/index.js';
import { type FakeDevice, fakeDevice } from '../kit/fake-gpu.js';
import {
  affinePlan,
  arenaRef,
  dispatch,
  mapKernel,
  placed,
  plan,
  step,
  variableArena,
} from '../kit/runtime-plans.js';

const N = 64;

async function setUp(fake: FakeDevice = fakeDevice(), maxDispatchesPerSubmit?: number) {
  const context = await acquireDevice({ gpuDevice: fake.device });
  const arena = variableArena('totals', N * 4);
  const arenas = new ArenaBuffers(context);
  const cut = maxDispatchesPerSubmit === undefined ? {} : { maxDispatchesPerSubmit };
  const executable = await Executable.create(context, affinePlan(arena, N), {
    variables: arenas.buffer,
    ...cut,
  });
  return { fake, context, arena, arenas, executable };
}

async function rejection(work: Promise<unknown>): Promise<HeddleError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof HeddleError) return error;
  throw new Error(`expected a HeddleError, got ${error}`);
}

describe('encoding a run', () => {
  it('is one submit with one pass, and creates nothing', async () => {
    const { fake, executable, context } = await setUp();
    const before = { ...context.counters };
    fake.calls.length = 0;
    executable.submit(16);
    expect(context.counters).toEqual({
      ...before,
      submits: before.submits + 1,
      passes: before.passes + 1,
      dispatches: before.dispatches + 48,
    });
    expect(fake.calls.filter((call) => /create|write|copy/.test(call))).toEqual([]);
    expect(fake.calls.filter((call) => call === 'beginPass' || call === 'submit')).toEqual([
      'beginPass',
      'submit',
    ]);
    expect(fake.calls.filter((call) => call.startsWith('dispatch'))).toHaveLength(48);
  });

  it('sets pipeline and bind group only where they change', async () => {
    const { fake, context } = await setUp();
    const increment = mapKernel('increment', [['v', 'inout', 'u32']], 'v[i] += 1u;');
    const v = placed([4], 'uint32', arenaRef(0));
    const steps = [1, 2, 3].map(() => step('increment', [dispatch(increment, 4, [v])]));
    const executable = await Executable.create(context, plan({ name: 'count', steps, arenas: [16] }), {
      variables: () => {
        throw new Error('no variables');
      },
    });
    fake.calls.length = 0;
    executable.submit(2);
    expect(fake.calls).toEqual([
      'beginPass',
      'setPipeline heddle increment',
      'setBindGroup heddle increment',
      ...new Array(6).fill('dispatch 1 1 1'),
      'end',
      'submit',
    ]);
  });

  it('cuts a long run anywhere, in order', async () => {
    const { fake, executable } = await setUp(fakeDevice(), 4);
    fake.calls.length = 0;
    executable.submit(3);
    const shape = fake.calls
      .filter((call) => /^setPipeline|submit/.test(call))
      .map((call) => call.replace('setPipeline heddle ', ''));
    const [a, b, c] = ['affine', 'accumulate', 'square'];
    expect(shape).toEqual([a, b, c, a, 'submit', b, c, a, b, 'submit', c, 'submit']);
  });

  it('copies outputs inside the same submit', async () => {
    const { fake, executable } = await setUp();
    fake.calls.length = 0;
    await executable.run({ times: 2, outputs: ['z'] });
    expect(fake.calls.filter((call) => call === 'submit')).toHaveLength(1);
    expect(fake.calls.slice(-3)).toEqual(['end', 'copy heddle affine arena 1', 'submit']);
  });

  it('reuses staging buffers as soon as their reads are done', async () => {
    const { context, executable } = await setUp();
    await Promise.all([executable.run(), executable.run()]);
    const { buffersCreated } = context.counters;
    await Promise.all([executable.run(), executable.run()]);
    await executable.run();
    expect(context.counters.buffersCreated).toBe(buffersCreated);
  });
});

describe('what is wrong with a call', () => {
  it('is said with the names and sizes', async () => {
    const { executable } = await setUp();
    expect(() => executable.feed('y', new Float32Array(N))).toThrowError(
      "affine: unknown input 'y'; did you mean 'x'?",
    );
    expect(() => executable.feed('x', new Float32Array(3))).toThrowError(
      "input 'x' [64] has 64 elements, the data 3",
    );
    expect((await rejection(executable.run({ outputs: ['zz'] }))).values).toMatchObject({
      output: 'zz',
      valid: ['z', 'total'],
    });
  });

  it.each([
    ['bindings', { bindings: [] }, '0 tensors for a kernel with 1 bindings'],
    ['workgroups', { workgroups: [65_536, 1, 1] as const }, '65536 × 1 × 1 workgroups'],
    ['empty', { bindings: [placed([0], 'float32', arenaRef(0)).location] }, "binding 'v' has 0 bytes"],
    [
      'large',
      { bindings: [placed([1 << 20], 'float32', arenaRef(0)).location] },
      "binding 'v' has 4194304 bytes",
    ],
    ['params', { params: [] }, '0 parameters for a kernel that declares 1'],
  ])('a plan that does not fit the device: %s', async (_, change, message) => {
    const { context } = await setUp();
    const before = context.memory();
    const kernel = mapKernel('fill', [['v', 'write', 'f32']], 'v[i] = 1.0;');
    const use = { ...dispatch(kernel, 4, [placed([4], 'float32', arenaRef(0))]), ...change };
    const wrong = plan({ name: 'wrong', steps: [step('fill', [use])], arenas: [16] });
    const error = await rejection(
      Executable.create(context, wrong, { variables: (arena) => new ArenaBuffers(context).buffer(arena) }),
    );
    expect(error.op).toBe('fill');
    expect(error.message).toContain(message);
    expect(error.fix).not.toBe('');
    expect(context.memory()).toEqual(before);
  });

  it('counts are whole numbers', async () => {
    const { executable } = await setUp();
    expect(() => executable.submit(1.5)).toThrowError('affine: times is 1.5; give a whole number from 0 up');
    expect((await rejection(executable.run({ times: -1 }))).values).toEqual({ times: -1 });
    expect((await rejection(setUp(fakeDevice(), 0))).roles).toEqual(['maxDispatchesPerSubmit']);
  });

  it('destroying the last arena leaves nothing, staging included', async () => {
    const { context, arenas, arena, executable } = await setUp();
    await arenas.read(arena, 0, 16);
    executable.dispose();
    expect(context.memory().buffers).toBe(2);
    arenas.destroy(arena);
    expect(context.memory()).toEqual({ buffers: 0, bytes: 0 });
  });

  it('variables that are disposed of do not come back', async () => {
    const { arenas, arena } = await setUp();
    arenas.dispose();
    arenas.dispose();
    expect(() => arenas.write(arena, 0, new Float32Array(1))).toThrowError("'totals' has been disposed of");
    expect((await rejection(arenas.read(arena, 0, 4))).fix).not.toBe('');
  });

  it('a variable arena may not grow after its buffer was made', async () => {
    const { context } = await setUp();
    let bytes = 16;
    const arena = { id: 0, label: 'growing', bytes: () => bytes };
    const arenas = new ArenaBuffers(context);
    arenas.write(arena, 0, new Float32Array(4));
    bytes = 32;
    expect(() => arenas.buffer(arena)).toThrowError("'growing' grew from 16 to 32 bytes");
    expect(() => arenas.write({ ...arena, bytes: () => 16 }, 2, new Float32Array(1))).toThrowError(
      'are no range of words',
    );
  });
});

describe('a device in trouble', () => {
  it('out of memory while a program is made: sizes in the error, nothing left behind', async () => {
    const { fake, context, arenas } = await setUp();
    const before = context.memory();
    const bytes = fake.liveBytes();
    const arena = variableArena('more', N * 4);
    arenas.buffer(arena);
    arenas.destroy(arena);
    await context.idle();
    const creating = Executable.create(context, affinePlan(arena, N), { variables: arenas.buffer });
    fake.failNext('out-of-memory', 'planted');
    const error = await rejection(creating);
    expect(error.op).toBe('device');
    expect(error.message).toContain('out of memory');
    expect(error.values.bytes).toBe(N * 4);
    arenas.destroy(arena);
    expect(context.memory()).toEqual(before);
    expect(fake.liveBytes()).toBe(bytes);
  });

  it('an error outside any scope is thrown at the next wait, once', async () => {
    const { fake, context, executable } = await setUp();
    fake.uncaptured("[Buffer 'heddle x'] planted");
    expect((await rejection(context.idle())).message).toContain('planted');
    await context.idle();
    fake.uncaptured("the owner's own fault");
    await expect(executable.run()).resolves.toBeInstanceOf(Map);
  });

  it('a device that hangs and is lost rejects what waits, and later calls', async () => {
    const { fake, context, executable, arenas, arena } = await setUp();
    fake.hang = true;
    const waiting = [executable.run(), arenas.read(arena, 0, 16), context.idle()].map(rejection);
    fake.lose('unknown', 'the driver fell over');
    for (const error of await Promise.all(waiting)) {
      expect(error).toMatchObject({ op: 'device', values: { reason: 'unknown' } });
      expect(error.message).toContain('the driver fell over');
    }
    expect(await context.lost).toBe(await rejection(executable.run()));
    expect(() => executable.submit()).toThrowError('the driver fell over');
    expect(() => executable.feed('x', new Float32Array(N))).toThrowError('the driver fell over');
    expect(context.alive).toBe(false);
  });

  it('releasing a borrowed device frees what was made on it, and leaves it alone', async () => {
    const { fake, context } = await setUp();
    context.destroy();
    expect(fake.liveBytes()).toBe(0);
    expect(context.memory()).toEqual({ buffers: 0, bytes: 0 });
    expect(await Promise.race([fake.device.lost, Promise.resolve('alive')])).toBe('alive');
    expect((await context.lost).values.reason).toBe('destroyed');
  });
});
