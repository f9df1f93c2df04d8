// The runtime on a real device, with plans written by hand: exact numbers, and calls counted by it and on WebGPU itself.
import { ArenaBuffers, Executable, fromDevice } from '../../src/runtime/index.js';
import { countNatively } from '../kit/native-calls.js';
import { affinePlan, dispatch, mapKernel, placed, plan, step, variableArena } from '../kit/runtime-plans.js';
import { acquire, affine, difference, N, ramp, sameCounters } from '../kit/runtime-setup.js';
import { check, exact, type GpuCase } from './kit.js';

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
];
