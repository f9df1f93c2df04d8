// An op with a kernel of its own, written against the published package alone: y = x³.
import { defineKernel, defineOp, inputArg, ops, outputArg } from 'heddle';

const shader = (expression: string): string => `
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn cube(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i < params.size) {
    y[i] = ${expression};
  }
}
`;

/** The line of `expression` in the shader. */
export const EXPRESSION_LINE = 11;

/** x³ with `expression` as its kernel's idea of that. */
export function cubeOp(expression: string) {
  const kernel = defineKernel({
    entryPoint: 'cube',
    code: shader(expression),
    bindings: { x: 'read', y: 'write' },
    params: { size: 'u32' },
  });
  return defineOp({
    name: 'cube',
    infer: (inputs) => [...inputs],
    vjp: ({ inputs: [x], dys: [dy] }) => [x && dy ? ops.mul(dy, ops.mul(3, ops.square(x))) : null],
    reference([x], [y]) {
      if (!x || !y) return;
      for (let i = 0; i < y.data.length; i++) y.data[i] = (x.data[i] ?? 0) ** 3;
    },
    // Two products, each rounded.
    terms: () => 2,
    candidates: ({ outputs: [y] }) => {
      const size = y?.shape.reduce((product, extent) => product * extent, 1) ?? 0;
      const dispatch = kernel({
        workgroups: [Math.ceil(size / 64), 1, 1],
        args: [inputArg(0), outputArg(0)],
        params: { size },
      });
      return [{ key: 'cube', lower: () => ({ scratch: [], dispatches: [dispatch] }) }];
    },
  });
}

export const cube = cubeOp('x[i] * x[i] * x[i]');
