// What a training step costs, counted on the device and on WebGPU's own methods: dispatches, passes, memory, and nothing created.
import { deviceCounters, verify } from '../../src/index.js';
import { counted, MADE_NOTHING, ownDevice, sameCounts } from '../kit/engine-setup.js';
import { EXAMPLE_MODELS, type ExampleModel } from '../kit/example-models.js';
import { countNatively } from '../kit/native-calls.js';
import { check, exact, type GpuCase } from './kit.js';

const STEPS = 16;

/** A model that has trained, and the program of its whole batches. */
async function trained({ model, x, y, shape, batchSize }: ExampleModel) {
  await model.fit({ data: x, shape }, y, { batchSize });
  const program = model.trainer('test').lastProgram;
  if (!program) throw new Error('nothing was trained');
  return { model, program };
}

const costs = (
  name: string,
  most: { readonly dispatches: number; readonly peakBytes: number },
  steps = STEPS,
): GpuCase => ({
  name: `${name}: at most ${most.dispatches} dispatches a step, one pass, nothing created`,
  async run(ctx) {
    await ownDevice(ctx);
    const { model, program } = await trained((EXAMPLE_MODELS[name] as () => ExampleModel)());
    ctx.onCleanup(() => model.dispose());
    let ours = {} as Awaited<ReturnType<typeof counted>>;
    const native = await countNatively(async () => {
      ours = await counted(async () => program.submit({}, steps));
    });
    await program.backend.settled();
    const { dispatches, peakBytes, lowerBoundBytes } = program.stats();
    const report = await verify(model);
    return [
      ...sameCounts(`${steps} steps`, ours, {
        ...MADE_NOTHING,
        submits: 1,
        passes: 1,
        copies: 0,
        writes: 0,
        dispatches: steps * dispatches,
      }),
      ...exact(
        'native calls',
        [
          'submit',
          'beginComputePass',
          'dispatchWorkgroups',
          'createBuffer',
          'createBindGroup',
          'writeBuffer',
        ].map((call) => native[call] ?? NaN),
        [1, 1, steps * dispatches, 0, 0, 0],
      ),
      ...check(
        'dispatches',
        dispatches <= most.dispatches,
        `≤ ${most.dispatches}`,
        `${dispatches}\n${program.print()}`,
      ),
      ...check('temporaries', peakBytes <= most.peakBytes, `≤ ${most.peakBytes}`, String(peakBytes)),
      ...check(
        'against the lower bound',
        peakBytes <= 1.25 * lowerBoundBytes,
        `≤ 1.25 × ${lowerBoundBytes}`,
        String(peakBytes),
      ),
      ...check('the very plan passes verify', report.passed, 'passed', report.print()),
      ...exact(
        'the report counts it',
        [report.steps.reduce((sum, step) => sum + step.dispatches, 0)],
        [dispatches],
      ),
    ];
  },
});

export const cases: GpuCase[] = [
  costs('fashion-mnist', { dispatches: 10, peakBytes: 2 ** 20 }),
  costs('celsius', { dispatches: 8, peakBytes: 2 ** 16 }),
  costs('ten-times', { dispatches: 8, peakBytes: 2 ** 16 }),
  costs('digits', { dispatches: 14, peakBytes: 2 ** 20 }),
  costs('fashion-cnn', { dispatches: 24, peakBytes: 10_000_000 }, 4),
  {
    name: 'fit in its steady state: 16 steps a submit, one pass, nothing created or written',
    async run(ctx) {
      await ownDevice(ctx);
      const { model, x, y } = (EXAMPLE_MODELS.celsius as () => ExampleModel)();
      ctx.onCleanup(() => model.dispose());
      const rows = 4 * 320;
      const repeat = (values: ArrayLike<number>) =>
        Float32Array.from({ length: rows }, (_, row) => (values[row % values.length] ?? 0) / 40);
      const taken: Awaited<ReturnType<typeof deviceCounters>>[] = [];
      let step = 0;
      await model.fit(repeat(x), repeat(y), {
        batchSize: 4,
        epochs: 2,
        stepsPerSubmit: STEPS,
        callbacks: [
          {
            async onBatchEnd() {
              if (++step === 96 || step === 240) taken.push(await deviceCounters());
            },
          },
        ],
      });
      const [before, after] = taken as [(typeof taken)[0], (typeof taken)[0]];
      const grown = (name: keyof typeof before) => after[name] - before[name];
      const { dispatches } = (
        model.trainer('test').lastProgram as { stats(): { dispatches: number } }
      ).stats();
      return [
        ...exact('taken', [taken.length, step], [2, 640]),
        ...exact(
          'created or written',
          (['buffersCreated', 'bindGroupsCreated', 'pipelinesCreated', 'writes', 'liveBuffers'] as const).map(
            grown,
          ),
          [0, 0, 0, 0, 0],
        ),
        ...exact('passes', [grown('passes')], [144 / STEPS]),
        ...exact('dispatches', [grown('dispatches')], [144 * dispatches]),
        ...exact('submits: steps, and a readback each', [grown('submits')], [(2 * 144) / STEPS]),
      ];
    },
  },
];
