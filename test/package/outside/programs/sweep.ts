// One program through every family of kernels, as the package carries them: the build has taken the comments out of the shaders.
import { compile, grad, input, ops, optimizers, type Tensor, tensor, variable, verify } from 'heddle';

const wave = (...shape: number[]): { data: Float32Array; shape: number[] } => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { data: Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * 0.7)), shape };
};

function graph(x: Tensor, labels: Tensor) {
  const square = variable(wave(65, 65), { name: 'square' });
  const narrow = variable(wave(65, 7), { name: 'narrow' });
  const table = variable(wave(9, 7), { name: 'table' });
  const hidden = ops.gelu(ops.matmul(x, square));
  const dropped = ops.dropout(hidden, { rate: 0.25, seed: 3 });
  const logits = ops.add(ops.matmul(dropped, narrow), ops.gather(table, labels));
  const losses = ops.sparseSoftmaxCrossentropy(logits, labels);
  const soft = ops.softmaxCrossentropy(logits, ops.softmax(ops.stopGradient(ops.mul(logits, 2))));
  const loss = ops.mean(ops.add(losses, soft));
  const list = [square, narrow, table];
  const [dx] = grad(loss, [x]);
  const outputs = {
    loss,
    dx: dx as Tensor,
    logSoftmax: ops.logSoftmax(logits),
    best: ops.argMax(logits),
    right: ops.equal(ops.argMax(logits), labels),
    hot: ops.oneHot(labels, { depth: 7 }),
    columns: ops.max(logits, { axis: 0 }),
    turned: ops.transpose(hidden),
    joined: ops.concat([logits, hidden], { axis: 1 }),
    framed: ops.pad(logits, {
      paddings: [
        [1, 2],
        [0, 3],
      ],
    }),
    cut: ops.slice(hidden, { begin: [1, 2], size: [20, 9] }),
    spread: ops.broadcastTo(tensor([[1], [2]]), [2, 5]),
    noise: ops.normal([33, 5], { seed: 7 }),
    small: ops.min(ops.tanh(ops.exp(ops.neg(ops.square(logits))))),
  };
  return {
    outputs,
    adam: optimizers.adam().minimize(loss, list),
    sgd: optimizers.sgd({ momentum: 0.9 }).minimize(loss, list),
  };
}

const labels = Int32Array.from({ length: 33 }, (_, i) => i % 7);

async function verified(optimizer: 'adam' | 'sgd') {
  const x = input([33, 65]);
  const y = input([33], 'int32');
  const { outputs, ...updates } = graph(x, y);
  const program = await compile({ inputs: { x, y }, outputs, updates: updates[optimizer] });
  const { passed, steps, print } = await verify(program, { x: wave(33, 65), y: labels });
  return { passed, ops: [...new Set(steps.map(({ op }) => op))].sort(), table: print() };
}

export const adam = () => verified('adam');
export const sgd = () => verified('sgd');
