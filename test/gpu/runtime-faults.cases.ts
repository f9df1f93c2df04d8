// What goes wrong on a device: shaders, plans, sizes, loss, and whose device it is. After an error the context still works.
import { HeddleError } from '../../src/core/errors.js';
import { ArenaBuffers, acquireDevice, Executable } from '../../src/runtime/index.js';
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
import { acquire, affine, isDeviceError, N, ramp, thrownBy } from '../kit/runtime-setup.js';
import { check, exact, type GpuCase } from './kit.js';

/** A kernel with one fault, behind a tab in the last line of its body. */
const BROKEN = mapKernel(
  'broken',
  [['y', 'write', 'f32']],
  'let a = 1.0;\n  let b = 2.0;\n\ty[i] = a + nowhere;',
);

export const cases: GpuCase[] = [
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
        ...check('the device lives', !fate),
        ...exact('buffers', [context.memory().buffers], [0]),
        ...isDeviceError('the context is closed', await thrownBy(() => executable.run())),
      ];
    },
  },
];
