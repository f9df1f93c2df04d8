// Tuning on a real device: what is offered is measured, what is wrong cannot win, what is found changes plans and nothing else, and
// nothing is left behind.
import { tuningTable } from '../../src/engine/tuning-table.js';
import {
  compile,
  init,
  input,
  layers,
  load,
  losses,
  type Model,
  type NDArray,
  ops,
  save,
  sequential,
  type TuningReport,
  tune,
  tuningStore,
  verify,
} from '../../src/index.js';
import { counted, ownDevice, sameBits, sameCounts, throws } from '../kit/engine-setup.js';
import { bunches, classifier, keep, weightsOf } from '../kit/tiny-models.js';
import {
  contrary,
  memory,
  ownStore,
  soundReport,
  tripling,
  variantsOf,
  withHopeless,
} from '../kit/tuning.js';
import { type CaseContext, check, compare, exact, type Failure, type GpuCase } from './kit.js';

const BATCH = 16;
/** Enough for all of a small model, on the slowest adapter. */
const PATIENT = { milliseconds: 600_000, variants: 2 } as const;

function convolutional(seed = 5): Model<NDArray> {
  const net = sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    { seed },
  );
  const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
  net.compile({ optimizer: 'adam', loss });
  return net;
}

const images = (rows: number) => ({
  x: { data: Float32Array.from({ length: rows * 64 }, (_, i) => Math.sin(i * i)), shape: [rows, 8, 8, 1] },
  y: Int32Array.from({ length: rows }, (_, i) => i % 3),
});

/** What is warned of from now on, instead of being shown. */
function warnings(ctx: CaseContext): string[] {
  const warned: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => warned.push(text);
  ctx.onCleanup(() => {
    console.warn = warn;
  });
  return warned;
}

export const cases: GpuCase[] = [
  {
    name: 'a model is tuned for what it runs, and its table changes plans, not results',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, convolutional());
      const { x, y } = images(BATCH);
      const before = await net.predict(x);
      const weights = await weightsOf(net);
      const report = await tune(net, { ...PATIENT, batchSize: BATCH });
      const tuned = await net.predict(x, { batchSize: BATCH });
      const untouched = await weightsOf(net);
      await net.fit(x, y, { batchSize: BATCH });
      const variants = variantsOf(net.program);
      net.tuning = contrary(report);
      const other = await net.predict(x, { batchSize: BATCH });
      await net.fit(x, y, { batchSize: BATCH });
      const others = variantsOf(net.program);
      const verdict = await verify(net, { x, y });
      const names = report.measured.map(({ op }) => op.replace(/[+→].*/, ''));
      return [
        ...soundReport(report),
        ...['conv2d', 'conv2dFilterGradientWithColumnSum', 'matmul', 'matmulWithColumnSum'].flatMap((name) =>
          check(`${name} was measured`, names.includes(name), name, names.join()),
        ),
        ...sameBits('the weights', untouched, weights),
        ...check(
          'a kernel of the table for each step that is tunable',
          variants.length > 0 && variants.every((one) => Object.values(report.table.entries).includes(one)),
          JSON.stringify(report.table.entries),
          variants.join(),
        ),
        ...check(
          'another by the contrary table, step for step',
          others.length === variants.length && others.every((one, index) => one !== variants[index]),
          `not ${variants.join()}`,
          others.join(),
        ),
        ...compare('tuned', tuned.data, before.data, 1e-4),
        ...check('verified by the contrary table', verdict.passed, 'passed', verdict.print()),
        ...check('other predictions', other.shape.join() === '16,3'),
      ];
    },
  },
  {
    name: 'recurrent kernels are measured too, in the full run also back through the steps',
    async run(ctx) {
      await ownDevice(ctx);
      const stack = [layers.simpleRNN({ units: 8, inputShape: [null, 6] }), layers.dense({ units: 1 })];
      const net = keep(ctx, sequential(stack, { seed: 2 }));
      // Software adapters take most of a minute to compile what goes back.
      if (ctx.full) net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const x = { data: new Float32Array(5 * 6).fill(0.5), shape: [1, 5, 6] };
      const y = ctx.full ? { y: [[1]] } : {};
      const report = await tune(net, { ...PATIENT, batchSize: 8, x, ...y });
      const names = report.measured.map(({ op }) => op);
      const back = ['simpleRnnSequenceGradient', 'recurrentWeightGradient'];
      return [
        ...soundReport(report),
        ...['simpleRnnSequence', ...(ctx.full ? back : [])].flatMap((name) =>
          check(name, names.includes(name), name, names.join()),
        ),
      ];
    },
  },
  {
    name: 'one table gives the same bits each time',
    async run(ctx) {
      await ownDevice(ctx);
      const first = keep(ctx, classifier());
      const report = await tune(first, { ...PATIENT, batchSize: BATCH });
      const { x, y } = bunches(40);
      const trained: Float32Array[] = [];
      for (const table of [report.table, contrary(report)]) {
        for (let round = 0; round < 2; round++) {
          const net = keep(ctx, classifier());
          net.tuning = table;
          await net.fit(x, y, { batchSize: BATCH, epochs: 2 });
          const copy = keep(ctx, await load(await save(net)));
          trained.push(await weightsOf(copy));
          if (JSON.stringify(copy.tuning) !== JSON.stringify(net.tuning))
            return check(
              'the table in the file',
              false,
              JSON.stringify(net.tuning),
              JSON.stringify(copy.tuning),
            );
        }
      }
      const [a, b, c, d] = trained as [Float32Array, Float32Array, Float32Array, Float32Array];
      return [
        ...sameBits('the table found', b, a),
        ...sameBits('the contrary one', d, c),
        ...compare('one beside the other', c, a, 1e-3),
      ];
    },
  },
  {
    name: 'a kernel that is fast and wrong cannot win, nor one that does not compile',
    async run(ctx) {
      await ownDevice(ctx);
      const { table, measured } = await tune(tripling(), { milliseconds: PATIENT.milliseconds });
      const [found] = measured;
      const program = await compile({ ...tripling(), tuning: table });
      ctx.onCleanup(() => program.dispose());
      const x = Float32Array.from({ length: 1024 }, (_, i) => i);
      const { y } = await program.run({ x });
      return [
        ...exact('requests', [measured.length], [1]),
        ...check('chosen', found?.chosen === 'triple', 'triple', String(found?.chosen)),
        ...check('timed', Object.keys(found?.milliseconds ?? {}).join() === 'triple_slow,triple'),
        ...check(
          'left out, with the reason',
          /element 1023 is 0/.test(found?.leftOut.triple_wrong ?? ''),
          'element 1023 is 0',
          JSON.stringify(found?.leftOut),
        ),
        ...check(
          'left out, as it does not compile',
          /nothing/.test(found?.leftOut.triple_broken ?? ''),
          'the word in question',
          JSON.stringify(found?.leftOut),
        ),
        ...check('it runs', program.executor.plan.steps[0]?.variant === 'triple'),
        ...exact(
          'its result',
          y?.data ?? [],
          x.map((value) => value * 3),
        ),
      ];
    },
  },
  {
    name: 'an op of which no kernel works, and a store that cannot be written, lose nothing that was measured',
    async run(ctx) {
      await ownDevice(ctx);
      const warned = warnings(ctx);
      const full = {
        read: () => Promise.resolve(null),
        write: () => Promise.reject(new DOMException('the disk is full', 'QuotaExceededError')),
      };
      const progress: string[] = [];
      const options = {
        milliseconds: PATIENT.milliseconds,
        onProgress: (done: number, total: number) => progress.push(`${done}/${total}`),
      };
      const report = await tune(withHopeless(), { ...options, remember: full });
      const kept = await tune(tripling(), { ...options, remember: memory() });
      const { measured, failed, table } = report;
      return [
        ...exact('measured', [measured.length, failed.length], [1, 1]),
        ...check('chosen', measured[0]?.chosen === 'triple' && report.complete),
        ...check('in the table', Object.values(table.entries).join() === 'triple', '', JSON.stringify(table)),
        ...check(
          'why it failed',
          failed[0]?.op === 'hopeless' && failed[0].reason.message.includes('nothing'),
          'hopeless',
          String(failed[0]?.reason),
        ),
        ...check('progress', progress.slice(0, 3).join() === '0/2,1/2,2/2', '', progress.join()),
        ...check(
          'one warning',
          warned.length === 1 && /disk is full/.test(String(warned)),
          '',
          warned.join(),
        ),
        ...check('not remembered', !report.remembered && kept.remembered),
      ];
    },
  },
  {
    name: 'a table grows call by call: neither another batch nor a call out of time loses what was found',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, classifier());
      const { table } = await tune(net, { ...PATIENT, batchSize: BATCH });
      const alone = await tune(net, { ...PATIENT, batchSize: 1 });
      const both = JSON.stringify(net.tuning?.entries);
      const brief = await tune(net, { milliseconds: 1e-6, batchSize: 3 });
      const after = JSON.stringify(net.tuning?.entries);
      const { entries } = tuningTable('', [
        ...Object.entries(table.entries),
        ...Object.entries(alone.table.entries),
      ]);
      net.tuning = { ...table, adapter: 'Voodoo 2' };
      await tune(net, { milliseconds: 1e-6 });
      return [
        ...check('something for each', alone.measured.length > 0),
        ...check('out of time', brief.measured.length === 0 && !brief.complete),
        ...check('all of it', both === JSON.stringify(entries), JSON.stringify(entries), both),
        ...check('still', after === both, both, after),
        ...check(
          "another adapter's goes",
          net.tuning?.adapter === table.adapter && Object.keys(net.tuning.entries).length === 0,
        ),
      ];
    },
  },
  {
    name: 'it leaves nothing on the device, done, out of time or ended by its signal',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, classifier());
      await net.predict(bunches(4).x);
      const nothing = { liveBuffers: 0, liveBytes: 0 };
      let report: TuningReport | null = null;
      const done = await counted(async () => {
        report = await tune(tripling(), { milliseconds: PATIENT.milliseconds });
      });
      // The model's own logs come to the device with the first graph of a training step.
      await tune(net, { milliseconds: 1 });
      const brief = await counted(async () => {
        report = await tune(net, { milliseconds: 1 });
      });
      const { measured = [], complete = true, table } = (report ?? {}) as Partial<TuningReport>;
      const empty = table ?? null;
      const predictTwice = () => Promise.all([net.predict(bunches(4).x), net.predict(bunches(4).x)]);
      await predictTwice();
      const swapped = await counted(async () => {
        for (let round = 0; round < 20; round++) {
          net.tuning = round % 2 === 0 ? empty : null;
          await predictTwice();
        }
      });
      const controller = new AbortController();
      let reason: unknown = null;
      let seen = 0;
      const onProgress = (count: number): void => {
        seen = count;
        if (count === 1) controller.abort();
      };
      net.tuning = null;
      const ended = await counted(async () => {
        await tune(net, { ...PATIENT, signal: controller.signal, onProgress }).catch((error: unknown) => {
          reason = error;
        });
      });
      return [
        ...sameCounts('done', done, nothing),
        ...sameCounts('out of time', brief, nothing),
        ...sameCounts('twenty tables, one after the other', swapped, nothing),
        ...sameCounts('ended', ended, nothing),
        ...check('a millisecond is too short', measured.length === 0 && !complete),
        ...check('and finds nothing', JSON.stringify(table?.entries) === '{}'),
        ...check('AbortError', reason instanceof Error && reason.name === 'AbortError', '', String(reason)),
        ...exact('requests until then', [seen], [1]),
        ...check('the model keeps no table', net.tuning === null),
      ];
    },
  },
  {
    name: 'it ends soon after its time is up, and measures in idle moments',
    async run(ctx) {
      await ownDevice(ctx);
      const net = keep(ctx, convolutional());
      const start = performance.now();
      const report = await tune(net, { milliseconds: 1000, variants: 8, idle: true });
      const took = performance.now() - start;
      const progress: string[] = [];
      const { milliseconds, ...rest } = PATIENT;
      const idle = await tune(tripling(), {
        ...rest,
        milliseconds,
        idle: true,
        onProgress: (done, total) => progress.push(`${done}/${total}`),
      });
      return [
        ...check('within a generous multiple', took < 30_000, '< 30 s', `${took} ms`),
        ...check(
          'the table is of what was measured',
          report.measured.length === Object.keys(report.table.entries).length,
        ),
        ...check('idle', idle.complete),
        ...check('progress', progress.join() === '0/1,1/1', '0/1,1/1', progress.join()),
      ];
    },
  },
  {
    name: 'what is remembered is not measured again, unless it is asked for',
    async run(ctx) {
      await ownDevice(ctx);
      const store = memory();
      const options = { milliseconds: PATIENT.milliseconds, remember: store };
      const first = await tune(tripling(), options);
      const second = await tune(tripling(), options);
      const again = await tune(tripling(), { ...options, again: true });
      const { adapter } = first.table;
      store.tables.set(adapter, {
        ...first.table,
        entries: { [first.measured[0]?.key ?? '']: 'of the past' },
      });
      const gone = await tune(tripling(), options);
      await init({ device: 'webgpu', tuning: store });
      const program = await compile(tripling());
      ctx.onCleanup(() => program.dispose());
      const count = ({ measured }: TuningReport): number => measured.length;
      return [
        ...exact('measured', [first, second, again, gone].map(count), [1, 0, 1, 1]),
        ...check('complete', second.complete),
        ...check('the same table', JSON.stringify(second.table) === JSON.stringify(first.table)),
        ...check(
          'by init',
          program.executor.plan.steps[0]?.variant === gone.measured[0]?.chosen,
          JSON.stringify(gone.measured),
          String(program.executor.plan.steps[0]?.variant),
        ),
      ];
    },
  },
  {
    name: 'tables are remembered where this page or process keeps things',
    async run(ctx) {
      await ownDevice(ctx);
      const store = await ownStore((release) => ctx.onCleanup(release));
      const report = await tune(tripling(), { milliseconds: PATIENT.milliseconds, remember: true });
      const { adapter, entries } = report.table;
      const kept = await store.read(adapter);
      await store.write({ version: 1, adapter, entries: { another: 'kernel' } });
      await store.write({ version: 1, adapter: 'another adapter', entries: {} });
      const both = await tuningStore().read(adapter);
      await init({ device: 'webgpu', tuning: tuningStore() });
      const program = await compile(tripling());
      ctx.onCleanup(() => program.dispose());
      const text = JSON.stringify;
      return [
        ...check('what was found', text(kept) === text(report.table), text(report.table), text(kept)),
        ...check(
          'with more on top',
          both?.entries.another === 'kernel' && Object.keys(both.entries).length === 2,
        ),
        ...check(
          'one for each adapter',
          (await store.read('another adapter'))?.adapter === 'another adapter',
        ),
        ...check('none of others', (await store.read('nobody')) === null),
        ...check('by init', program.executor.plan.steps[0]?.variant === Object.values(entries)[0]),
      ];
    },
  },
  {
    name: 'where nothing can be remembered it says so, once, and measures all the same; foreign tables are refused',
    async run(ctx) {
      await ownDevice(ctx);
      const writes: unknown[] = [];
      const refused = {
        read: () => Promise.reject(new DOMException('no storage', 'SecurityError')),
        write: async (table: unknown) => void writes.push(table),
      };
      const warned = warnings(ctx);
      const options = { milliseconds: PATIENT.milliseconds, remember: refused };
      const { measured, remembered } = await tune(tripling(), options);
      const net = keep(ctx, classifier());
      const table = { version: 1, adapter: 'Voodoo 2', entries: {} } as const;
      return [
        ...check('one warning', warned.length === 1 && /no storage/.test(String(warned)), '', warned.join()),
        ...exact('measured, not written', [measured.length, writes.length], [1, 0]),
        ...check('not remembered', !remembered),
        ...(await throws('a table of another adapter', () => compile({ ...tripling(), tuning: table }), {
          roles: ['tuning', 'adapter'],
          message: 'Voodoo 2',
        })),
        ...(await throws(
          'and in a model',
          () => {
            net.tuning = table;
            return net.predict(bunches(4).x);
          },
          { message: 'Voodoo 2' },
        )),
      ];
    },
  },
  {
    name: 'a sum of products keeps its value, whichever kernel adds it up',
    async run(ctx) {
      await ownDevice(ctx);
      const a = input([70, 300]);
      const b = input([300, 90]);
      const spec = { inputs: { a, b }, outputs: { c: ops.matmul(a, b) } };
      const report = await tune(spec, { milliseconds: PATIENT.milliseconds, variants: 5 });
      const whole = (size: number, step: number) =>
        Float32Array.from({ length: size }, (_, i) => ((i * step) % 15) - 7);
      const feeds = {
        a: { data: whole(70 * 300, 7), shape: [70, 300] },
        b: { data: whole(300 * 90, 11), shape: [300, 90] },
      };
      const [found] = report.measured;
      const failures: Failure[] = soundReport(report);
      let first: ArrayLike<number> | null = null;
      for (const kernel of Object.keys(found?.milliseconds ?? {})) {
        const tuning = { ...report.table, entries: { [found?.key ?? '']: kernel } };
        const program = await compile({ ...spec, tuning });
        const { c } = await program.run(feeds);
        program.dispose();
        first ??= c?.data ?? [];
        failures.push(
          ...check(kernel, variantsOf(program).join() === kernel, kernel, variantsOf(program).join()),
          ...exact(`${kernel}: whole numbers`, c?.data ?? [], first),
        );
      }
      return failures;
    },
  },
];
