// What goes wrong in programs, and whose device they run on: clear errors, and everything else works on.
import {
  compile,
  defineKernel,
  defineOp,
  init,
  input,
  ops,
  shutdown,
  tensor,
  variable,
} from '../../src/engine/index.js';
import { inputArg, outputArg } from '../../src/ir/op.js';
import { ownDevice, throws } from '../kit/engine-setup.js';
import { check, exact, type Failure, type GpuCase } from './kit.js';

/** y = 2x by a kernel of one line. */
const doubled = (line: string) => {
  const kernel = defineKernel({
    entryPoint: 'own_double',
    code: `struct Params { size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn own_double(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.size) { return; }
  ${line}
}`,
    bindings: { x: 'read', y: 'write' },
    params: { size: 'u32' },
  });
  return defineOp({
    name: 'ownDouble',
    infer: ([x]) => (x ? [x] : []),
    reference([x], [y]) {
      x?.data.forEach((value, index) => {
        if (y) y.data[index] = 2 * value;
      });
    },
    vjp: ({ dys: [dy] }) => [dy ? ops.mul(dy, 2) : null],
    candidates: ({ inputs: [x] }) => {
      const size = x?.shape.reduce((product, extent) => product * extent, 1) ?? 0;
      const use = {
        workgroups: [Math.ceil(size / 64), 1, 1] as const,
        args: [inputArg(0), outputArg(0)],
        params: { size },
      };
      return [{ key: 'own_double', lower: () => ({ scratch: [], dispatches: [kernel(use)] }) }];
    },
  });
};

/** Something that needs a working device. */
async function stillWorks(what: string): Promise<Failure[]> {
  const sum = await ops.sum(ops.square(tensor([1, 2, 3]))).data();
  return exact(`${what}: the engine still works`, sum, [14]);
}

export const cases: GpuCase[] = [
  {
    name: 'an own kernel runs, and a mistake in its WGSL shows its line',
    async run(ctx) {
      await ownDevice(ctx);
      const x = tensor([1, -2, 0.5]);
      const right = await doubled('y[id.x] = 2.0 * x[id.x];')(ops.add(x, 1)).data();
      const broken = doubled('y[id.x] = 2.0 * z[id.x];');
      const fed = input([3]);
      const mistake = {
        op: 'own_double',
        values: { line: 7, source: '  y[id.x] = 2.0 * z[id.x];' },
        message: 'z[id.x]',
      };
      return [
        ...exact('its numbers', right, [4, -2, 3]),
        ...(await throws('eager', () => broken(x).data(), mistake)),
        ...(await throws(
          'compiled',
          () => compile({ inputs: { fed }, outputs: { y: broken(fed) } }),
          mistake,
        )),
        ...(await throws('a second time', () => broken(x).data(), mistake)),
        ...exact('the right one again', await doubled('y[id.x] = 2.0 * x[id.x];')(x).data(), [2, -4, 1]),
        ...(await stillWorks('after a WGSL mistake')),
      ];
    },
  },
  {
    name: 'bad inputs are refused by name, and the program runs on',
    async run(ctx) {
      await ownDevice(ctx);
      const x = input([2, 3]);
      const ids = input([2], 'int32');
      const v = variable([0, 0]);
      const program = await compile({
        name: 'p',
        inputs: { x, ids },
        outputs: { y: ops.sum(x, { axis: 1 }) },
        updates: [{ variable: v, value: ops.add(v, ops.cast(ids, 'float32')) }],
      });
      const good = { x: new Float32Array([1, 2, 3, 4, 5, 6]), ids: Int32Array.of(1, 2) };
      const op = "run 'p'";
      const failures = [
        ...(await throws('missing', () => program.run({ x: good.x }), { op, roles: ['ids'] })),
        ...(await throws('unknown', () => program.run({ ...good, id: [1] }), { op, message: "'id'" })),
        ...(await throws('shape', () => program.run({ ...good, x: [[1, 2]] }), {
          op,
          roles: ['x'],
          values: { expected: [2, 3], actual: [1, 2] },
        })),
        ...(await throws('ragged', () => program.run({ ...good, x: [[1, 2, 3], [4]] }), {
          op,
          roles: ['x'],
        })),
        ...(await throws('fractions as int32', () => program.run({ ...good, ids: [0.5, 1] }), {
          op,
          roles: ['ids'],
          values: { index: 0, value: 0.5 },
        })),
        ...(await throws('an undeclared input', () => compile({ outputs: { y: ops.relu(x) } }), {
          roles: ['inputs'],
        })),
        ...(await throws('a result as input', () => compile({ inputs: { x: ops.relu(x) }, outputs: { x } }), {
          roles: ['inputs'],
        })),
        ...(await throws('two updates of one variable', () =>
          compile({
            updates: [
              { variable: v, value: v },
              { variable: v, value: ops.mul(v, 2) },
            ],
          }),
        )),
        ...(await throws('an update of another shape', () =>
          compile({ updates: [{ variable: v, value: tensor([1]) }] }),
        )),
        ...(await throws('data() of an input', () => ops.relu(x).data(), { op: 'data' })),
        ...(await throws('shapes that do not fit', () => ops.matmul(x, x), { op: 'matmul' })),
      ];
      const { y } = await program.run(good);
      program.dispose();
      return [
        ...failures,
        ...exact('y', y?.data ?? [], [6, 15]),
        ...exact('updated by the good run alone', await v.data(), [1, 2]),
        ...(await throws('a disposed program', () => program.run(good))),
        ...(await stillWorks('after bad inputs')),
      ];
    },
  },
  {
    name: 'the guaranteed limits are enough',
    async run(ctx) {
      await ownDevice(ctx, { limits: 'default' });
      const many = Array.from({ length: 24 }, (_, index) => variable([index, 1]));
      const total = many.reduce<ReturnType<typeof ops.add>>(
        (sum, v) => ops.add(sum, ops.square(v)),
        tensor([0, 0]),
      );
      const joined = ops.concat(many);
      const x = input([64, 96]);
      const program = await compile({
        inputs: { x },
        outputs: {
          total,
          joined,
          gram: ops.sum(ops.matmul(x, x, { transposeA: true })),
          top: ops.max(ops.softmax(x)),
        },
        updates: many.map((variable) => ({ variable, value: ops.sub(total, variable) })),
      });
      const {
        total: sum,
        joined: row,
        gram,
        top,
      } = await program.run({ x: new Float32Array(64 * 96).fill(1) });
      const squares = many.reduce((all, _, index) => all + index * index, 0);
      return [
        ...check(
          'bindings',
          program.executor.plan.steps.every(({ dispatches }) =>
            dispatches.every(({ bindings }) => bindings.length <= 8),
          ),
        ),
        ...exact('24 variables', sum?.data ?? [], [squares, 24]),
        ...exact(
          'joined',
          row?.data ?? [],
          many.flatMap((_, index) => [index, 1]),
        ),
        ...exact('updated', (await many[3]?.data()) ?? [], [squares - 3, 23]),
        ...exact('gram', gram?.data ?? [], [64 * 96 * 96]),
        ...check('softmax', Math.abs((top?.item() ?? 0) - 1 / 96) < 1e-8),
      ];
    },
  },
  {
    name: 'a borrowed device is used, and left to its owner',
    async run(ctx) {
      const adapter = await navigator.gpu.requestAdapter();
      const gpuDevice = await adapter?.requestDevice();
      if (!gpuDevice) throw new Error('no device');
      ctx.onCleanup(() => gpuDevice.destroy());
      const { kind } = await init({ gpuDevice });
      const x = input([2]);
      const program = await compile({ inputs: { x }, outputs: { y: ops.mul(x, 2) } });
      program.submit({ x: [1, 2] });
      const kept = program.keep('y');
      const encoder = gpuDevice.createCommandEncoder();
      const staging = gpuDevice.createBuffer({
        size: 8,
        usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
      encoder.copyBufferToBuffer(kept.buffer as GPUBuffer, 0, staging, 0, 8);
      gpuDevice.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const seen = new Float32Array(staging.getMappedRange().slice(0));
      await shutdown();
      const fate = await Promise.race([gpuDevice.lost, gpuDevice.queue.onSubmittedWorkDone()]);
      return [
        ...check('kind', kind === 'webgpu'),
        ...exact("the owner reads Heddle's buffer", seen, [2, 4]),
        ...check('the device lives', !fate),
        ...(await throws('a program of the old session', () => program.run({ x: [1, 2] }))),
      ];
    },
  },
  {
    name: 'a lost device rejects what is pending, and a new one can be had',
    async run(ctx) {
      const adapter = await navigator.gpu.requestAdapter();
      const gpuDevice = await adapter?.requestDevice();
      if (!gpuDevice) throw new Error('no device');
      await init({ gpuDevice });
      const v = variable(new Float32Array(1 << 20));
      const program = await compile({
        outputs: { y: ops.sum(v) },
        updates: [{ variable: v, value: ops.add(v, 1) }],
      });
      program.submit({}, 20);
      const lost = { op: 'device', message: 'lost' };
      const pending = [
        throws('run', () => program.run(), lost),
        throws('data', () => ops.tanh(tensor([1, 2, 3, 4, 5])).data(), lost),
        throws('a read', () => v.data(), lost),
      ];
      gpuDevice.destroy();
      await gpuDevice.lost;
      const later = [
        throws('run later', () => program.run(), { op: 'device' }),
        throws('submit later', () => program.submit(), { op: 'device' }),
        throws('compile later', () => compile({ outputs: { y: ops.exp(v) } }), { op: 'device' }),
        throws('assign later', () => v.assign(new Float32Array(1 << 20)), { op: 'device' }),
      ];
      const failures = (await Promise.all([...pending, ...later])).flat();
      await ownDevice(ctx);
      return [...failures, ...(await stillWorks('on a new device'))];
    },
  },
  {
    name: 'init refuses what it does not know, and programs stay on their device',
    async run(ctx) {
      await ownDevice(ctx);
      const v = variable([1, 2]);
      const program = await compile({ outputs: { y: ops.mul(v, 3) } });
      const wrong = { devise: 'webgpu' } as object;
      const failures = [
        ...(await throws('an unknown option', () => init(wrong), { op: 'init', message: "'device'" })),
        ...(await throws('an unknown device', () => init({ device: 'gpu' as 'webgpu' }), { op: 'init' })),
      ];
      await init({ device: 'cpu' });
      ctx.onCleanup(() => program.backend.dispose());
      const { y } = await program.run();
      const mixed = await ops.add(v, 1).data();
      const other = variable([5, 5]);
      await ops.add(other, 0).data();
      return [
        ...failures,
        ...exact('the program', y?.data ?? [], [3, 6]),
        ...exact('a tensor of its variable', mixed, [2, 3]),
        ...check('it stayed on the GPU', program.backend.kind === 'webgpu'),
        ...(await throws('variables of two devices', () => compile({ outputs: { z: ops.add(v, other) } }), {
          roles: ['device'],
        })),
      ];
    },
  },
];
