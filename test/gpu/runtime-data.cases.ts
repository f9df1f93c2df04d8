// Data on its way to and from the device: dtypes, readbacks, uploads, and values shown step by step.
import { ArenaBuffers, Executable, toDevice } from '../../src/runtime/index.js';
import { arenaRef, dispatch, mapKernel, placed, plan, step, variableArena } from '../kit/runtime-plans.js';
import { acquire, affine, difference, isDeviceError, N, ramp, thrownBy } from '../kit/runtime-setup.js';
import { check, exact, type GpuCase } from './kit.js';

export const cases: GpuCase[] = [
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
