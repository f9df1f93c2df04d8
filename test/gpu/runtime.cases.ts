// The runtime on a real device, with plans written by hand: exact numbers, counted calls, and what happens when things go wrong.
import { HeddleError } from '../../src/core/errors.js';
import {
  ArenaBuffers,
  acquireDevice,
  type Counters,
  type DeviceOptions,
  Executable,
  fromDevice,
  type GpuContext,
  toDevice,
} from '../../src/runtime/index.js';
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
import { type CaseContext, check, exact, type Failure, type GpuCase } from './kit.js';

async function acquire(ctx: CaseContext, options: DeviceOptions = {}): Promise<GpuContext> {
  const context = await acquireDevice(options);
  ctx.onCleanup(() => context.destroy());
  return context;
}

/** What `work` throws or rejects with. */
async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return null;
}

function isDeviceError(what: string, error: unknown, op = 'device'): Failure[] {
  const ok = error instanceof HeddleError && error.op === op && error.fix !== '';
  return check(what, ok, `a HeddleError of '${op}' with a fix`, String(error));
}

function difference(after: Readonly<Counters>, before: Readonly<Counters>): Counters {
  const keys = Object.keys(after) as (keyof Counters)[];
  return Object.fromEntries(keys.map((key) => [key, after[key] - before[key]])) as unknown as Counters;
}

function sameCounters(what: string, actual: Counters, expected: Partial<Counters>): Failure[] {
  const full = { ...difference(actual, actual), ...expected };
  return check(
    what,
    JSON.stringify(full) === JSON.stringify(actual),
    JSON.stringify(full),
    JSON.stringify(actual),
  );
}

/** Counts calls of WebGPU's own methods while `work` runs: the counters must not be taken at their word. */
async function countNatively(work: () => Promise<void>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const undo: (() => void)[] = [];
  const watch = (owner: object, method: string): void => {
    const own: unknown = Reflect.get(owner, method);
    if (typeof own !== 'function') throw new Error(`no method ${method}`);
    counts[method] = 0;
    Reflect.set(owner, method, function (this: unknown, ...args: unknown[]): unknown {
      counts[method] = (counts[method] ?? 0) + 1;
      return Reflect.apply(own, this, args);
    });
    undo.push(() => Reflect.set(owner, method, own));
  };
  watch(GPUDevice.prototype, 'createBuffer');
  watch(GPUDevice.prototype, 'createBindGroup');
  watch(GPUDevice.prototype, 'createComputePipelineAsync');
  watch(GPUDevice.prototype, 'createShaderModule');
  watch(GPUQueue.prototype, 'submit');
  watch(GPUQueue.prototype, 'writeBuffer');
  watch(GPUCommandEncoder.prototype, 'beginComputePass');
  watch(GPUCommandEncoder.prototype, 'copyBufferToBuffer');
  watch(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
  try {
    await work();
  } finally {
    for (const restore of undo) restore();
  }
  return counts;
}

const N = 100;
const ramp = (n: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: n }, (_, i) => i - n / 2);

async function affine(ctx: CaseContext, options: { maxDispatchesPerSubmit?: number } = {}) {
  const context = await acquire(ctx);
  const arena = variableArena('totals', N * 4);
  const arenas = new ArenaBuffers(context);
  const executable = await Executable.create(context, affinePlan(arena, N), {
    variables: arenas.buffer,
    ...options,
  });
  return { context, arena, arenas, executable };
}

/** A kernel with one fault, in its fourth line of body text. */
const BROKEN = mapKernel(
  'broken',
  [['y', 'write', 'f32']],
  'let a = 1.0;\n  let b = 2.0;\n\ty[i] = a + nowhere;',
);

export const cases: GpuCase[] = [
  {
    name: 'an acquired device reports its adapter and its own limits',
    async run(ctx) {
      const context = await acquire(ctx);
      const plain = await acquire(ctx, { limits: 'default' });
      return [
        ...check('vendor', context.adapter.vendor !== ''),
        ...check(
          'software is known by name',
          context.adapter.software === /swiftshader|llvmpipe/i.test(JSON.stringify(context.adapter)),
        ),
        ...exact(
          'limits are those of the device',
          [
            context.capabilities.maxStorageBufferBindingSize,
            context.capabilities.maxComputeWorkgroupStorageSize,
          ],
          [
            context.device.limits.maxStorageBufferBindingSize,
            context.device.limits.maxComputeWorkgroupStorageSize,
          ],
        ),
        ...exact('default limits', [plain.capabilities.maxStorageBufferBindingSize], [128 * 2 ** 20]),
      ];
    },
  },
  {
    name: 'a plan of three kernels gives exact numbers, repeated in one submit and one pass',
    async run(ctx) {
      const { context, executable, arenas, arena } = await affine(ctx);
      const x = ramp(N);
      executable.feed('x', x);
      const first = await executable.run();
      const before = { ...context.counters };
      executable.submit(5);
      const during = difference(context.counters, before);
      const total = fromDevice(await arenas.read(arena, 0, N * 4), 'float32', N);
      const y = x.map((value) => 2 * value - 3);
      return [
        ...exact(
          'z',
          first.get('z')?.data ?? [],
          y.map((value) => value * value),
        ),
        ...exact(
          'total after one',
          first.get('total')?.data ?? [],
          y.map((value) => value / 2),
        ),
        ...exact(
          'total after six',
          total,
          y.map((value) => value * 3),
        ),
        ...sameCounters('calls of submit(5)', during, { submits: 1, passes: 1, dispatches: 15 }),
      ];
    },
  },
  {
    name: 'steady state creates nothing, counted by the runtime and on WebGPU itself',
    async run(ctx) {
      const { context, executable, arenas, arena } = await affine(ctx);
      executable.feed('x', ramp(N));
      await executable.run();
      await arenas.read(arena, 0, 16);
      const before = { ...context.counters };
      const native = await countNatively(async () => {
        for (let round = 0; round < 4; round++) {
          executable.submit(16);
          await executable.run();
          await arenas.read(arena, 0, 16);
        }
        executable.feed('x', ramp(N));
      });
      const ours = difference(context.counters, before);
      return [
        ...sameCounters('counters', ours, {
          submits: 12,
          passes: 8,
          dispatches: 4 * 17 * 3,
          copies: 12,
          writes: 1,
        }),
        ...exact(
          'native calls',
          [
            native.createBuffer,
            native.createBindGroup,
            native.createComputePipelineAsync,
            native.createShaderModule,
          ].map(Number),
          [0, 0, 0, 0],
        ),
        ...exact(
          'counters against native calls',
          [ours.submits, ours.passes, ours.dispatches, ours.copies, ours.writes],
          [
            native.submit,
            native.beginComputePass,
            native.dispatchWorkgroups,
            native.copyBufferToBuffer,
            native.writeBuffer,
          ].map(Number),
        ),
      ];
    },
  },
  {
    name: 'equal parameters and bind groups are made once; programs share pipelines',
    async run(ctx) {
      const context = await acquire(ctx);
      const increment = mapKernel('increment', [['v', 'inout', 'u32']], 'v[i] += 1u;');
      const arena = variableArena('counter', 16);
      const v = placed([4], 'uint32', { kind: 'variables', arena });
      const steps = Array.from({ length: 8 }, () =>
        step('increment', [dispatch(increment, 4, [v])], [v], [v]),
      );
      const counting = plan({
        name: 'count',
        steps,
        outputs: [{ name: 'v', ...v }],
        variableArenas: [arena],
      });
      const arenas = new ArenaBuffers(context);
      const progress: number[] = [];
      const onProgress = (done: number, total: number) => progress.push(done, total);
      const first = await Executable.create(context, counting, { variables: arenas.buffer, onProgress });
      const second = await Executable.create(context, counting, { variables: arenas.buffer, onProgress });
      first.submit(3);
      const result = await second.run({ times: 2 });
      return [
        ...exact('counter', result.get('v')?.data ?? [], [40, 40, 40, 40]),
        ...exact('progress', progress, [0, 1, 1, 1]),
        ...exact(
          'pipelines and bind groups',
          [context.counters.pipelinesCreated, context.counters.bindGroupsCreated],
          [1, 2],
        ),
        ...exact('messages of the compiler', [(await context.compilationMessages()).length], [0]),
      ];
    },
  },
  {
    name: 'runs cut into several submits give the same numbers',
    async run(ctx) {
      const { context, executable } = await affine(ctx, { maxDispatchesPerSubmit: 4 });
      executable.feed('x', ramp(N));
      const before = { ...context.counters };
      executable.submit(3);
      const during = difference(context.counters, before);
      const result = await executable.run({ times: 3 });
      return [
        ...sameCounters('calls of submit(3)', during, { submits: 3, passes: 3, dispatches: 9 }),
        ...exact(
          'total',
          result.get('total')?.data ?? [],
          ramp(N).map((value) => (2 * value - 3) * 3),
        ),
      ];
    },
  },
  {
    name: 'collect gathers an output of every repetition in one submit',
    async run(ctx) {
      const { context, executable } = await affine(ctx);
      executable.feed('x', ramp(N));
      const before = { ...context.counters };
      const result = await executable.run({ times: 4, collect: ['total'], outputs: ['z'] });
      const during = difference(context.counters, before);
      const y = ramp(N).map((value) => 2 * value - 3);
      const expected = [1, 2, 3, 4].flatMap((times) => [...y.map((value) => (value * times) / 2)]);
      return [
        ...exact('shape', result.get('total')?.shape ?? [], [4, N]),
        ...exact('total', result.get('total')?.data ?? [], expected),
        ...exact(
          'z',
          result.get('z')?.data ?? [],
          y.map((value) => value * value),
        ),
        ...exact('submits and passes', [during.submits, during.passes, during.copies], [1, 4, 5]),
      ];
    },
  },
  {
    name: 'bool, uint8, int32 and empty tensors travel both ways',
    async run(ctx) {
      const context = await acquire(ctx);
      const pick = mapKernel(
        'pick',
        [
          ['flags', 'read', 'u32'],
          ['packed', 'read', 'u32'],
          ['result', 'write', 'i32'],
          ['inverse', 'write', 'u32'],
        ],
        `let byte = (packed[i / 4u] >> (8u * (i % 4u))) & 255u;
  result[i] = select(params.low, i32(byte), flags[i] == 1u);
  inverse[i] = 1u - flags[i];`,
        [{ name: 'low', type: 'i32' }],
      );
      const flags = placed([5], 'bool', { kind: 'inputs' });
      const packed = placed([5], 'uint8', { kind: 'inputs' }, 256);
      const none = placed([0, 3], 'float32', { kind: 'inputs' }, 512);
      const result = placed([5], 'int32', arenaRef(0));
      const inverse = placed([5], 'bool', arenaRef(0), 256);
      const program = await Executable.create(
        context,
        plan({
          name: 'pick',
          steps: [step('pick', [dispatch(pick, 5, [flags, packed, result, inverse], [-7])])],
          arenas: [512],
          inputs: [
            { name: 'flags', ...flags },
            { name: 'packed', ...packed },
            { name: 'none', ...none },
          ],
          inputBytes: 512,
          outputs: [
            { name: 'result', ...result },
            { name: 'inverse', ...inverse },
            { name: 'packed', ...packed },
            { name: 'none', ...none },
          ],
        }),
        { variables: () => Promise.reject(new Error('no variables')) as never },
      );
      program.feed('flags', Uint8Array.of(1, 0, 200, 0, 1));
      program.feed('packed', Uint8Array.of(9, 8, 7, 6, 255));
      program.feed('none', new Float32Array(0));
      const outputs = await program.run();
      return [
        ...exact('result', outputs.get('result')?.data ?? [], [9, -7, 7, -7, 255]),
        ...exact('inverse', outputs.get('inverse')?.data ?? [], [0, 1, 0, 1, 0]),
        ...check('bool is bytes on the host', outputs.get('inverse')?.data instanceof Uint8Array),
        ...exact('packed', outputs.get('packed')?.data ?? [], [9, 8, 7, 6, 255]),
        ...exact('none', outputs.get('none')?.data ?? [1], []),
      ];
    },
  },
  {
    name: 'many reads in flight see the values of their own moment',
    async run(ctx) {
      const { executable, arenas, arena } = await affine(ctx);
      executable.feed('x', new Float32Array(N).fill(2.5));
      const reads: Promise<ArrayBuffer>[] = [];
      for (let round = 0; round < 32; round++) {
        executable.submit();
        reads.push(arenas.read(arena, 8, 4));
      }
      const values = (await Promise.all(reads)).map((bytes) => new Float32Array(bytes)[0] ?? NaN);
      return exact(
        'totals',
        values,
        Array.from({ length: 32 }, (_, round) => round + 1),
      );
    },
  },
  {
    name: 'a tensor stays on the device: copied out, fed in',
    async run(ctx) {
      const { context, executable } = await affine(ctx);
      executable.feed('x', ramp(N));
      executable.submit();
      const squares = executable.copyOut('z');
      executable.feedBuffer('x', squares);
      const result = await executable.run({ outputs: ['z'] });
      executable.feedBuffer('x', squares);
      executable.feed('x', new Float32Array(N).fill(4));
      const fed = await executable.run({ outputs: ['z'] });
      executable.feedBuffer('x', squares);
      executable.submit();
      context.buffers.destroy(squares);
      const again = await executable.readOutputs(['z']);
      const expected = ramp(N).map((value) => (2 * (2 * value - 3) ** 2 - 3) ** 2);
      return [
        ...exact('z', result.get('z')?.data ?? [], expected),
        ...exact('what is fed last counts', fed.get('z')?.data ?? [], new Float32Array(N).fill(25)),
        ...exact('read again without running', again.get('z')?.data ?? [], expected),
      ];
    },
  },
  {
    name: 'stepwise shows inputs before and outputs after each step',
    async run(ctx) {
      const { executable, arenas, arena } = await affine(ctx);
      arenas.write(arena, 0, toDevice(new Float32Array(N).fill(10), 'float32'));
      executable.feed('x', new Float32Array(N).fill(4));
      const seen: (number | null)[][] = [];
      await executable.runStepwise(async (_, io) => {
        const inputs = await io.readInputs();
        const outputs = await io.readOutputs();
        seen.push(
          inputs.map((data) => data.at(-1) ?? NaN),
          outputs.map((data) => data && (data.at(-1) ?? NaN)),
        );
      });
      const late = await thrownBy(() =>
        executable.runStepwise(async (_, io) => {
          await io.readOutputs();
          await io.readInputs();
        }),
      );
      const expected = [[4], [5], [5, 0.5, 10], [12.5], [5], [25, null]];
      return [
        ...check(
          'values',
          JSON.stringify(seen) === JSON.stringify(expected),
          JSON.stringify(expected),
          JSON.stringify(seen),
        ),
        ...isDeviceError('inputs too late', late, 'affine'),
      ];
    },
  },
  {
    name: 'a WGSL error names its line, and the context still works',
    async run(ctx) {
      const { context, executable } = await affine(ctx);
      const error = await thrownBy(() => context.prepare([BROKEN]));
      const again = await thrownBy(() => context.prepare([BROKEN]));
      executable.feed('x', new Float32Array(N).fill(2));
      const result = await executable.run({ outputs: ['z'] });
      if (!(error instanceof HeddleError)) return isDeviceError('error', error, 'broken');
      const line = BROKEN.code.split('\n').findIndex((text) => text.includes('nowhere')) + 1;
      const caret = error.message
        .split('\n')
        .findIndex((text) => text.endsWith('^ here; correct this line of the kernel'));
      return [
        ...check('op', error.op === 'broken', 'broken', error.op),
        ...exact('line and column', [Number(error.values.line), Number(error.values.column)], [line, 13]),
        ...check(
          'source',
          error.values.source === '\ty[i] = a + nowhere;',
          'the line',
          String(error.values.source),
        ),
        ...check(
          'message shows the line and a caret',
          error.message.includes('nowhere;\n') && caret > 0,
          'both',
          error.message,
        ),
        ...isDeviceError('a second try fails alike', again, 'broken'),
        ...exact('z', [result.get('z')?.data[0] ?? NaN], [1]),
      ];
    },
  },
  {
    name: 'a shader that does not match its declaration is refused by name',
    async run(ctx) {
      const context = await acquire(ctx);
      const kernel = mapKernel('mismatched', [['y', 'write', 'f32']], 'y[i] = 1.0;');
      const wrongAccess = {
        ...kernel,
        key: 'wrong access',
        bindings: [{ name: 'y', access: 'read' as const }],
      };
      const wrongEntry = { ...kernel, key: 'wrong entry', entryPoint: 'absent' };
      const huge = {
        ...kernel,
        key: 'huge',
        code: kernel.code.replace('@workgroup_size(64)', '@workgroup_size(64, 64, 64)'),
      };
      return [
        ...isDeviceError('access', await thrownBy(() => context.prepare([wrongAccess])), 'mismatched'),
        ...isDeviceError('entry point', await thrownBy(() => context.prepare([wrongEntry])), 'absent'),
        ...isDeviceError('workgroup size', await thrownBy(() => context.prepare([huge])), 'mismatched'),
        ...check('the right one compiles', (await thrownBy(() => context.prepare([kernel]))) === null),
      ];
    },
  },
  {
    name: 'a plan that WebGPU refuses throws at the first wait, and the context still works',
    async run(ctx) {
      const context = await acquire(ctx);
      const copy = mapKernel(
        'copy',
        [
          ['x', 'read', 'u32'],
          ['y', 'write', 'u32'],
        ],
        'y[i] = x[i] + 1u;',
      );
      const x = placed([4], 'uint32', arenaRef(0));
      const near = placed([4], 'uint32', arenaRef(0), 256);
      const far = placed([4], 'uint32', arenaRef(1));
      const past = placed([4], 'uint32', arenaRef(1), 256);
      const make = (y: typeof x, arenas: number[]) =>
        Executable.create(
          context,
          plan({
            name: 'copy',
            steps: [step('copy', [dispatch(copy, 4, [x, y])])],
            arenas,
            outputs: [{ name: 'y', ...y }],
          }),
          { variables: new ArenaBuffers(context).buffer },
        );
      const aliased = await make(near, [512]);
      const atRun = await thrownBy(() => aliased.run());
      const unread = await make(near, [512]);
      unread.submit();
      const atIdle = await thrownBy(() => context.idle());
      const before = context.memory().buffers;
      const outside = await thrownBy(() => make(past, [16, 16]));
      const good = await make(far, [16, 16]);
      return [
        ...isDeviceError('read and written at once, run', atRun, 'copy'),
        ...isDeviceError('read and written at once, submit', atIdle, 'copy'),
        ...isDeviceError('binding past the end', outside, 'copy'),
        ...exact('buffers left by the failed creation', [context.memory().buffers - before], [5]),
        ...exact('y', (await good.run()).get('y')?.data ?? [], [1, 1, 1, 1]),
      ];
    },
  },
  {
    name: 'a buffer beyond the limits is refused with its size',
    async run(ctx) {
      const context = await acquire(ctx, { limits: 'default' });
      const arena = variableArena('giant', 2 ** 40);
      const error = await thrownBy(() => new ArenaBuffers(context).buffer(arena));
      const bytes = error instanceof HeddleError ? error.values.bytes : null;
      return [...isDeviceError('size', error), ...exact('bytes', [Number(bytes)], [2 ** 40])];
    },
  },
  {
    name: 'a lost device rejects pending and later calls',
    async run(ctx) {
      const { context, executable, arenas, arena } = await affine(ctx);
      executable.submit(50);
      const pending = [
        thrownBy(() => executable.run()),
        thrownBy(() => arenas.read(arena, 0, 16)),
        thrownBy(() => context.idle()),
      ];
      context.device.destroy();
      const lost = await context.lost;
      const later = [
        thrownBy(() => executable.run()),
        thrownBy(() => executable.submit()),
        thrownBy(() => executable.feed('x', ramp(N))),
        thrownBy(() => arenas.read(arena, 0, 16)),
        thrownBy(() => arenas.write(arena, 0, ramp(4))),
        thrownBy(() => context.idle()),
        thrownBy(() => context.prepare([BROKEN])),
        thrownBy(() => Executable.create(context, affinePlan(arena, N), { variables: arenas.buffer })),
      ];
      const errors = await Promise.all([...pending, ...later]);
      executable.dispose();
      arenas.dispose();
      return [
        ...isDeviceError('lost', lost),
        ...errors.flatMap((error, index) => isDeviceError(`call ${index}`, error)),
        ...exact('buffers', [context.memory().buffers], [0]),
      ];
    },
  },
  {
    name: 'a released context rejects what is pending',
    async run(ctx) {
      const { context, executable } = await affine(ctx);
      const pending = thrownBy(() => executable.run());
      context.destroy();
      context.destroy();
      const { reason } = await context.device.lost;
      return [
        ...isDeviceError('pending', await pending),
        ...check('the device is destroyed', reason === 'destroyed', 'destroyed', reason),
        ...check('not alive', !context.alive),
        ...exact('memory', [context.memory().buffers, context.memory().bytes], [0, 0]),
      ];
    },
  },
  {
    name: 'a thousand rounds of create, run and dispose leave no buffer',
    async run(ctx) {
      const context = await acquire(ctx);
      for (let round = 0; round < 1000; round++) {
        const arenas = new ArenaBuffers(context);
        const executable = await Executable.create(context, affinePlan(variableArena('totals', 256), 64), {
          variables: arenas.buffer,
        });
        executable.submit();
        if (round % 50 === 0) await executable.run();
        executable.dispose();
        executable.dispose();
        arenas.dispose();
      }
      await context.idle();
      return [
        ...exact('memory', [context.memory().buffers, context.memory().bytes], [0, 0]),
        ...exact('pipelines', [context.counters.pipelinesCreated], [3]),
      ];
    },
  },
  {
    name: 'a read in flight survives the end of its program',
    async run(ctx) {
      const { context, executable, arenas } = await affine(ctx);
      executable.feed('x', new Float32Array(N).fill(3));
      const reading = executable.run({ outputs: ['z'] });
      executable.dispose();
      const z = (await reading).get('z')?.data ?? [];
      const after = await thrownBy(() => executable.run());
      arenas.dispose();
      return [
        ...exact('z', z, new Float32Array(N).fill(9)),
        ...isDeviceError('after dispose', after, 'affine'),
        ...exact('buffers', [context.memory().buffers], [0]),
      ];
    },
  },
  {
    name: 'a borrowed device is not destroyed, and its owner keeps its errors',
    async run(ctx) {
      const adapter = await navigator.gpu.requestAdapter();
      if (!adapter) throw new Error('no adapter');
      const gpuDevice = await adapter.requestDevice();
      ctx.onCleanup(() => gpuDevice.destroy());
      const context = await acquireDevice({ gpuDevice });
      const arenas = new ArenaBuffers(context);
      const executable = await Executable.create(context, affinePlan(variableArena('totals', N * 4), N), {
        variables: arenas.buffer,
      });
      executable.feed('x', new Float32Array(N).fill(3));
      const result = await executable.run({ outputs: ['z'] });
      context.destroy();
      const fate = await Promise.race([gpuDevice.lost, gpuDevice.queue.onSubmittedWorkDone()]);
      return [
        ...exact('z', [result.get('z')?.data[0] ?? NaN], [9]),
        ...check('software is known', typeof context.adapter.software === 'boolean'),
        ...check('the device lives', fate === undefined),
        ...exact('buffers', [context.memory().buffers], [0]),
        ...isDeviceError('the context is closed', await thrownBy(() => executable.run())),
      ];
    },
  },
  {
    name: 'a long upload goes in pieces and arrives whole',
    async run(ctx) {
      const context = await acquire(ctx);
      const arenas = new ArenaBuffers(context);
      const words = Uint32Array.from({ length: 10 * 2 ** 20 }, (_, index) => Math.imul(index, 2654435761));
      const arena = variableArena('data', words.byteLength + 256);
      const progress: number[] = [];
      await arenas.upload(arena, 256, words, (bytes) => progress.push(bytes));
      const tail = new Uint32Array(await arenas.read(arena, words.byteLength + 256 - 400, 400));
      const border = new Uint32Array(await arenas.read(arena, 256 + 16 * 2 ** 20 - 200, 400));
      const outside = await thrownBy(() => arenas.write(arena, 512, words));
      return [
        ...exact(
          'progress',
          progress,
          [16, 32, 40].map((mega) => mega * 2 ** 20),
        ),
        ...exact('tail', tail, words.subarray(-100)),
        ...exact('across pieces', border, words.subarray(4 * 2 ** 20 - 50, 4 * 2 ** 20 + 50)),
        ...isDeviceError('outside', outside, 'write'),
      ];
    },
  },
];
