// Does a profile show the plan that runs, and leave everything as it was? How long things take is not judged here, only that it is told.
import { currentBackend } from '../../src/engine/index.js';
import {
  compile,
  deviceCounters,
  init,
  input,
  losses,
  ops,
  optimizers,
  type Profile,
  type Program,
  save,
  shutdown,
  type Variable,
  variable,
} from '../../src/index.js';
import { ownDevice, sameBits, throws } from '../kit/engine-setup.js';
import { rawDevice } from '../kit/raw-device.js';
import { bunches, classifier, keep } from '../kit/tiny-models.js';
import { type CaseContext, check, exact, type Failure, type GpuCase } from './kit.js';

const [BATCH, FEATURES, HIDDEN, CLASSES] = [8, 12, 16, 5];
/** Short, as the machine that tests may be slow. */
const QUICK = { repeat: 2, milliseconds: 0.2 } as const;

const ramp = (size: number, scale: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: size }, (_, index) => scale * Math.sin(1 + index * 1.7));

interface Training {
  readonly program: Program;
  readonly feeds: { readonly x: Float32Array<ArrayBuffer>; readonly y: Int32Array<ArrayBuffer> };
  /** Weights, counter and all that the optimizer keeps. */
  readonly state: readonly Variable[];
}

/** Two layers with dropout, whose masks a counter in a variable draws, and Adam. */
async function training(): Promise<Training> {
  const x = input([BATCH, FEATURES]);
  const y = input([BATCH], 'int32');
  const w1 = variable(ramp(FEATURES * HIDDEN, 0.3), { shape: [FEATURES, HIDDEN], group: 'weights' });
  const w2 = variable(ramp(HIDDEN * CLASSES, 0.3), {
    shape: [HIDDEN, CLASSES],
    group: 'weights',
    store: w1.store,
  });
  const drawn = variable(0, { name: 'drawn', dtype: 'uint32' });
  const hidden = ops.dropout(ops.relu(ops.matmul(x, w1)), { rate: 0.3, seed: 4, counter: drawn });
  const loss = ops.mean(
    losses.sparseCategoricalCrossentropy({ fromLogits: true })(y, ops.matmul(hidden, w2)),
  );
  const updates = [
    ...optimizers.adam({ learningRate: 0.05 }).minimize(loss, [w1, w2]),
    { variable: drawn, value: ops.add(drawn, 1) },
  ];
  const program = await compile({ name: 'training', inputs: { x, y }, outputs: { loss }, updates });
  const feeds = {
    x: ramp(BATCH * FEATURES, 1),
    y: Int32Array.from({ length: BATCH }, (_, index) => (index * 3) % CLASSES),
  };
  return { program, feeds, state: [...new Set([w1, w2, ...updates.map((update) => update.variable)])] };
}

const readAll = (state: readonly Variable[]) => Promise.all(state.map((one) => one.data()));

const sameState = (
  what: string,
  state: readonly Variable[],
  actual: Awaited<ReturnType<typeof readAll>>,
  expected: typeof actual,
): Failure[] =>
  state.flatMap((one, index) =>
    sameBits(`${what}: ${one.name}`, actual[index] as Float32Array, expected[index] as Float32Array),
  );

const lossOf = async ({ program, feeds }: Training): Promise<Float32Array> =>
  (await program.run(feeds, { times: 3, collect: ['loss'] })).loss?.data as Float32Array;

const inRange = (value: number, from: number, to: number): boolean => value >= from && value <= to;

/** One row per dispatch of the plan, with numbers that can be. */
function judgeRows(profile: Profile, program: Program): Failure[] {
  const planned = program.executor.plan.steps.flatMap((step) =>
    step.dispatches.map(
      ({ kernel }) => `${step.label} ${step.node.op.name} ${kernel.entryPoint} ${step.variant}`,
    ),
  );
  const rows = profile.dispatches;
  const shown = rows.map(({ step, op, kernel, variant }) => `${step} ${op} ${kernel} ${variant}`);
  const sum = rows.reduce((total, { milliseconds }) => total + milliseconds, 0);
  const text = profile.print();
  return [
    ...check('rows', shown.join('\n') === planned.join('\n'), planned.join('\n'), shown.join('\n')),
    ...exact(
      'order',
      rows.map(({ index }) => index),
      planned.map((_, index) => index),
    ),
    ...check(
      'times',
      rows.every(({ milliseconds, spread }) => inRange(milliseconds, 0, 1e4) && inRange(spread, 0, 1e6)),
      'finite',
      text,
    ),
    ...check(
      'bytes',
      rows.every(({ bytes }) => bytes > 0),
      'some',
      text,
    ),
    ...check(
      'the whole',
      profile.whole > 0 && inRange(profile.whole / sum, 0.1, 10),
      'about the sum',
      `${profile.whole} of ${sum}`,
    ),
    ...check(
      'shares',
      inRange(
        rows.reduce((total, { share }) => total + share, 0),
        0.999,
        1.001,
      ),
    ),
    ...check(
      'products have flops',
      rows.some(({ op, flops }) => op.startsWith('matmul') && (flops ?? 0) > 0),
      'some',
      text,
    ),
    ...exact('lines of the table', [text.split('\n').length], [planned.length + 2]),
  ];
}

export const cases: GpuCase[] = [
  {
    name: 'a row per dispatch, by timestamps where the adapter has them; weights, moments, counters and losses are those of a run without',
    async run(ctx) {
      await ownDevice(ctx);
      const adapter = await navigator.gpu.requestAdapter();
      const source = adapter?.features.has('timestamp-query') ? 'timestamps' : 'clock';
      const [profiled, straight] = [await training(), await training()];
      const first = [await lossOf(profiled), await lossOf(straight)] as const;
      const before = await readAll(profiled.state);
      const profile = await profiled.program.profile(profiled.feeds, QUICK);
      const after = await readAll(profiled.state);
      const kept = profiled.program.keep('loss');
      const last = await kept.data();
      kept.dispose();
      return [
        ...judgeRows(profile, profiled.program),
        ...check('source', profile.source === source, source, profile.source),
        ...check(
          'of',
          profile.program === 'training' && profile.repeat === QUICK.repeat && profile.adapter.vendor !== '',
        ),
        ...sameState('afterwards', profiled.state, after, before),
        ...sameBits('the losses before', ...first),
        ...sameBits('the output of the last run', last as Float32Array, first[0].slice(-1)),
        ...sameBits('the losses after', await lossOf(profiled), await lossOf(straight)),
        ...sameState(
          'in the end',
          profiled.state,
          await readAll(profiled.state),
          await readAll(straight.state),
        ),
      ];
    },
  },
  {
    name: 'a tensor that a kernel changes in place is the one of a single step, for the kernels behind it too',
    async run(ctx) {
      await ownDevice(ctx);
      const count = variable(Float32Array.of(1, 2), { name: 'count' });
      const doubled = ops.mul(count, 2);
      const program = await compile({
        outputs: { seen: ops.add(doubled, 0.5) },
        updates: [{ variable: count, value: doubled }],
      });
      await program.run();
      const profile = await program.profile({}, QUICK);
      const { seen } = await program.run();
      return [
        ...exact('count', await count.data(), [4, 8]),
        ...exact('seen', seen?.data ?? [], [4.5, 8.5]),
        ...check('rows', profile.dispatches.length > 0),
      ];
    },
  },
  {
    name: 'in the middle of a training by fit, the model trains on as if nothing had been',
    async run(ctx) {
      await ownDevice(ctx);
      const { x, y } = bunches(70);
      const files: Uint8Array[] = [];
      for (const profiled of [true, false]) {
        const net = keep(ctx, classifier());
        await net.fit(x, y, { batchSize: 32, epochs: 2 });
        if (profiled) {
          const program = net.program as Program;
          const failures = judgeRows(await program.profile({}, QUICK), program);
          if (failures.length > 0) return failures;
        }
        await net.fit(x, y, { batchSize: 32, epochs: 2 });
        files.push(await save(net));
      }
      return sameBits('the model', files[0] as Uint8Array, files[1] as Uint8Array);
    },
  },
  {
    name: 'a model is profiled alone: who predicts, evaluates or saves meanwhile sees the weights as they were',
    async run(ctx) {
      await ownDevice(ctx);
      const { x, y } = bunches(70);
      const net = keep(ctx, classifier());
      await net.fit(x, y, { batchSize: 32 });
      const look = async () => {
        const [predicted, metrics, file] = await Promise.all([net.predict(x), net.evaluate(x, y), save(net)]);
        return { predicted: predicted.data as Float32Array, metrics: JSON.stringify(metrics), file };
      };
      const before = await look();
      const during: ReturnType<typeof look>[] = [];
      let refused = '';
      const onProgress = (done: number): void => {
        if (done > 1) return;
        during.push(look());
        try {
          net.setWeights([]);
        } catch (error) {
          refused = String(error);
        }
      };
      const [trained, other] = [
        await net.profile({ ...QUICK, onProgress }),
        await net.profile({ x, y, ...QUICK, batchSize: 8, onProgress }),
      ];
      const seen = [...(await Promise.all(during)), await look()];
      return [
        ...judgeRows(trained, net.program as Program),
        ...check('on a batch of its own', other.dispatches.length === trained.dispatches.length),
        ...exact('looks', [seen.length], [3]),
        ...check('setWeights', refused.includes('being profiled'), 'refused', refused),
        ...seen.flatMap(({ predicted, metrics, file }, index) => [
          ...sameBits(`predictions ${index}`, predicted, before.predicted),
          ...check(`metrics ${index}`, metrics === before.metrics, before.metrics, metrics),
          ...sameBits(`file ${index}`, file, before.file),
        ]),
        ...(await throws('x alone', () => net.profile({ x }), { op: 'profile', roles: ['x', 'y'] })),
        ...(await throws('an unknown option', () => net.profile({ times: 2 } as object), {
          message: 'times',
        })),
      ];
    },
  },
  {
    name: 'nothing is left: no buffer, no byte, no query set',
    async run(ctx) {
      await ownDevice(ctx);
      const { program, feeds } = await training();
      await program.run(feeds);
      const before = await deviceCounters();
      const steps: number[] = [];
      await program.profile(feeds, { ...QUICK, onProgress: (done, total) => steps.push(done, total) });
      const after = await deviceCounters();
      const { dispatches } = program.stats();
      return [
        ...exact(
          'buffers',
          [after.liveBuffers, after.liveBytes, after.liveQuerySets],
          [before.liveBuffers, before.liveBytes, 0],
        ),
        ...exact(
          'progress',
          steps,
          Array.from({ length: dispatches }, (_, index) => [index + 1, dispatches]).flat(),
        ),
      ];
    },
  },
  {
    name: 'a program disposed of meanwhile says so; its variables are as before, and nothing is left',
    async run(ctx) {
      await ownDevice(ctx);
      /** Buffers that a training leaves behind when `end` has disposed of its program. */
      const left = async (end: (one: Training) => Promise<Failure[]>) => {
        const before = (await deviceCounters()).liveBuffers;
        const one = await training();
        await one.program.run(one.feeds);
        const state = await readAll(one.state);
        const failures = await end(one);
        failures.push(...sameState('afterwards', one.state, await readAll(one.state), state));
        return { failures, buffers: (await deviceCounters()).liveBuffers - before };
      };
      const unprofiled = async ({ program }: Training): Promise<Failure[]> => {
        program.dispose();
        return [];
      };
      // The first makes the buffers that all read back through.
      await left(unprofiled);
      const expected = await left(unprofiled);
      const { failures, buffers } = await left(({ program, feeds }) => {
        const onProgress = (done: number): void => {
          if (done === 2) program.dispose();
        };
        return throws('profile', () => program.profile(feeds, { ...QUICK, onProgress }), {
          op: 'training',
          message: 'disposed',
        });
      });
      return [
        ...failures,
        ...exact('buffers', [buffers], [expected.buffers]),
        ...exact('query sets', [(await deviceCounters()).liveQuerySets], [0]),
      ];
    },
  },
  {
    name: 'on a device without timestamps the clock tells, and says so',
    async run(ctx) {
      await init({ device: 'webgpu', gpuDevice: await rawDevice() });
      ctx.onCleanup(shutdown);
      const { program, feeds, state } = await training();
      await program.run(feeds);
      const before = await readAll(state);
      const profile = await program.profile(feeds, QUICK);
      return [
        ...check(
          'source',
          profile.source === 'clock' && profile.print().includes('by the clock'),
          'clock',
          profile.source,
        ),
        ...exact('rows', [profile.dispatches.length], [program.stats().dispatches]),
        ...check(
          'times',
          profile.whole > 0 && profile.dispatches.every(({ milliseconds }) => inRange(milliseconds, 0, 1e4)),
          'finite',
          profile.print(),
        ),
        ...sameState('afterwards', state, await readAll(state), before),
      ];
    },
  },
  {
    name: 'bad calls are told from the first',
    async run(ctx) {
      await ownDevice(ctx);
      const { program, feeds } = await training();
      const bad = (what: string, options: object, role: string): Promise<Failure[]> =>
        throws(what, () => program.profile(feeds, options), { op: 'profile', roles: [role] });
      const failures = [
        ...(await bad('no pass', { repeat: 0 }, 'repeat')),
        ...(await bad('half a pass', { repeat: 1.5 }, 'repeat')),
        ...(await bad('too many passes', { repeat: 101 }, 'repeat')),
        ...(await bad('no time', { milliseconds: 0 }, 'milliseconds')),
        ...(await bad('no number', { milliseconds: NaN }, 'milliseconds')),
        ...(await bad('too long', { milliseconds: 51 }, 'milliseconds')),
        ...(await throws('an unknown option', () => program.profile(feeds, { repeats: 3 } as object), {
          message: 'repeat',
        })),
        ...(await throws('a missing input', () => program.profile({ x: feeds.x }), { roles: ['y'] })),
      ];
      program.dispose();
      return [
        ...failures,
        ...(await throws('a disposed program', () => program.profile(feeds), {
          op: 'training',
          message: 'disposed',
        })),
        ...(await onCpu(ctx)),
      ];
    },
  },
];

/** The CPU device has nothing to time. */
async function onCpu(ctx: CaseContext): Promise<Failure[]> {
  await init({ device: 'cpu' });
  ctx.onCleanup(shutdown);
  const { program, feeds } = await training();
  return [
    ...check('the CPU', (await currentBackend()).kind === 'cpu'),
    ...(await throws('on the CPU', () => program.profile(feeds), {
      op: 'profile',
      values: { device: 'cpu' },
    })),
  ];
}
