// A layer, a loss, an op and a kernel of a user's own: they train, they are verified, and their mistakes are found.
import {
  compile,
  defineLayer,
  gradCheck,
  HeddleError,
  input,
  ops,
  optimizers,
  sequential,
  type Tensor,
  tensor,
  type Variable,
  verify,
} from 'heddle';
import { cube, cubeOp } from './cube.js';

/** y = gain · x³, a gain for each feature. */
const cubic = defineLayer<object, Variable>({
  type: 'cubic',
  options: [],
  create: () => ({
    outputShape: ([shape = []]) => shape,
    build: (weights, [shape]) => weights.add('gain', [shape?.at(-1) ?? 1], 'ones'),
    call: ([x], gain) => ops.mul(gain, cube(x as Tensor)),
  }),
});

/** The logarithm of the hyperbolic cosine of the error, averaged over the last axis: |d| + log(1 + e^(−2|d|)) − log 2. */
function logCosh(yTrue: Tensor, yPred: Tensor): Tensor {
  const size = ops.abs(ops.sub(yPred, yTrue));
  const value = ops.sub(ops.add(size, ops.softplus(ops.mul(size, -2))), Math.LN2);
  return ops.mean(value, { axis: -1 });
}

/** A minifier changes the names of functions, so a metric says its own. */
const logCoshMetric = Object.assign((yTrue: Tensor, yPred: Tensor) => logCosh(yTrue, yPred), {
  metricName: 'logCosh',
});

const x = Array.from({ length: 40 }, (_, row) => [row / 20 - 0.975, 1 - row / 40]);
const y = x.map(([a = 0, b = 0]) => [2 * a ** 3, -(b ** 3)]);

function ownNet() {
  const net = sequential([cubic({ inputShape: [2] })], { seed: 1 });
  net.compile({
    optimizer: optimizers.adam({ learningRate: 0.05 }),
    loss: logCosh,
    metrics: [logCoshMetric],
  });
  return net;
}

/** Trains towards gains of 2 and −1, and verifies the plan that trained. */
export async function trained() {
  const net = ownNet();
  const { history } = await net.fit(x, y, { epochs: 150, batchSize: 16 });
  const [gain] = await net.getWeights();
  const { passed, device, steps, print } = await verify(net);
  net.dispose();
  return {
    gain: gain?.array(),
    logs: Object.keys(history),
    report: { passed, device, ops: steps.map((step) => step.op), table: print() },
  };
}

/** Finite differences against the gradients of op, loss and layer. */
export async function gradientsChecked() {
  const net = ownNet();
  const few = x.slice(0, 5);
  const reports = {
    op: await gradCheck((a) => cube(a), [few]),
    loss: await gradCheck((t, p) => logCosh(t, p), [y.slice(0, 5), few]),
    layer: await gradCheck((a) => net.apply(a) as Tensor, [few], { variables: [...net.trainableWeights] }),
  };
  net.dispose();
  return Object.fromEntries(
    Object.entries(reports).map(([name, { passed, checked }]) => [name, { passed, checked }]),
  );
}

/** What `verify` says of a kernel that computes something else. */
export async function damaged() {
  const a = input([40, 2]);
  const wrong = cubeOp('x[i] * x[i] * -x[i]');
  const program = await compile({ inputs: { a }, outputs: { result: ops.add(wrong(a), 1) } });
  const report = await verify(program, { a: x });
  program.dispose();
  return { passed: report.passed, worstOp: report.worstOp };
}

/** What a mistake in WGSL looks like to its author. */
export async function mistaken() {
  try {
    await cubeOp('x[i] * x[i] * q[i]')(tensor([1, 2, 3])).data();
    return null;
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    const { op, roles, values, message, fix } = error;
    return { op, roles, line: values.line, source: values.source, message, fix };
  }
}
