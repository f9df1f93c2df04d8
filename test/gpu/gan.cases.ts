// Two programs that share variables: a small GAN on points of the plane. D's step leaves G's bits alone, G's step D's, and G learns.
import {
  compile,
  input,
  layers,
  losses,
  type Model,
  ops,
  optimizers,
  sequential,
  tensor,
} from '../../src/index.js';
import { ownDevice, sameBits } from '../kit/engine-setup.js';
import { weightsOf } from '../kit/tiny-models.js';
import { check, type GpuCase } from './kit.js';

const [BATCH, LATENT] = [64, 4];
const CENTRE = [2, -1] as const;

const network = (name: string, inputs: number, outputs: number, seed: number): Model =>
  sequential(
    [layers.dense({ units: 16, activation: 'relu', inputShape: [inputs] }), layers.dense({ units: outputs })],
    { name, seed },
  );

/** Points around `CENTRE`, other ones each time. */
function realPoints(round: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: BATCH * 2 },
    (_, index) => (CENTRE[index % 2] as number) + 0.3 * Math.sin(round * 311 + index * 12.9898),
  );
}

export const cases: GpuCase[] = [
  {
    name: 'the steps of D and G change their own bits alone, and G learns where the points are',
    async run(ctx) {
      await ownDevice(ctx);
      const [g, d] = [network('generator', LATENT, 2, 1), network('discriminator', 2, 1, 2)];
      ctx.onCleanup(() => {
        g.dispose();
        d.dispose();
      });
      const real = input([BATCH, 2]);
      const judge = losses.binaryCrossentropy({ fromLogits: true });
      const constant = (value: number) => ops.broadcastTo(tensor(value), [BATCH, 1]);
      const generated = g.apply(ops.normal([BATCH, LATENT], { seed: 6, counter: g.counter }));
      const judged = d.apply(generated);
      const lossD = ops.mean(ops.add(judge(constant(1), d.apply(real)), judge(constant(0), judged)));
      const lossG = ops.mean(judge(constant(1), judged));
      const options = { learningRate: 0.01, beta1: 0.5 };
      const stepD = await compile({
        name: 'D',
        inputs: { real },
        outputs: { lossD },
        updates: optimizers
          .adam(options)
          .minimize(lossD, d.trainableWeights)
          .filter(({ variable }) => variable !== g.counter),
      });
      const stepG = await compile({
        name: 'G',
        outputs: { lossG, generated },
        updates: optimizers.adam(options).minimize(lossG, g.trainableWeights),
      });
      const mean = async () => {
        const points = (await stepG.run()).generated?.data ?? [];
        return [0, 1].map(
          (axis) =>
            Array.from(points)
              .filter((_, index) => index % 2 === axis)
              .reduce((sum, value) => sum + value, 0) / BATCH,
        );
      };
      const distance = ([x = NaN, y = NaN]: number[]) => Math.hypot(x - CENTRE[0], y - CENTRE[1]);

      const before = [await weightsOf(g), await weightsOf(d)] as const;
      stepD.submit({ real: realPoints(0) }, 5);
      const afterD = [await weightsOf(g), await weightsOf(d)] as const;
      stepG.submit({}, 5);
      const afterG = [await weightsOf(g), await weightsOf(d)] as const;

      const start = distance(await mean());
      // G circles what it looks for, so that a single step tells little, and another one on each device.
      const means: number[][] = [];
      for (let round = 0; round < 400; round++) {
        stepD.submit({ real: realPoints(round) });
        stepG.submit();
        if (round >= 300 && round % 10 === 0) means.push(await mean());
      }
      const end = distance(
        [0, 1].map((axis) => means.reduce((sum, point) => sum + (point[axis] ?? NaN), 0) / means.length),
      );
      const moved = (a: Float32Array, b: Float32Array) => a.some((value, index) => value !== b[index]);
      return [
        ...sameBits("D's step leaves G", afterD[0], before[0]),
        ...check("D's step changes D", moved(afterD[1], before[1])),
        ...sameBits("G's step leaves D", afterG[1], afterD[1]),
        ...check("G's step changes G", moved(afterG[0], afterD[0])),
        ...check(
          'G comes near the points',
          end < 0.6 && end < start / 2,
          `< 0.6 and < ${start} / 2`,
          String(end),
        ),
      ];
    },
  },
];
