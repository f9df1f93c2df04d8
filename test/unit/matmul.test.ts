/** Matmul without a device: errors, hand-computed products, candidates and the stability of their kernels. */

import { describe, expect, it } from 'vitest';
import { HeddleError } from '../../src/core/errors.js';
import { applyOne, type HostTensor, type TensorType, type Value } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { Candidate, LowerRequest } from '../../src/ir/op.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { matmul, matmulOp, matmulWithColumnSum, matmulWithColumnSumOp } from '../../src/ops/matmul.js';
import { foldBatch, type MatmulAttrs, productShape } from '../../src/ops/matmul-shape.js';
import { cases } from '../ops/matmul.js';

const PLAIN: MatmulAttrs = { transposeA: false, transposeB: false };
const float = (...shape: number[]): TensorType => ({ shape, dtype: 'float32' });
const value = (type: TensorType): Value => applyOne(inputOp, [], { name: 'x', ...type });

function request(
  a: TensorType,
  b: TensorType,
  attrs: MatmulAttrs = PLAIN,
  software = true,
  subgroupSize = 1,
): LowerRequest<MatmulAttrs> {
  const inputs = [a, b];
  const outputs = matmulOp.infer(inputs, attrs);
  const capabilities = { ...DEFAULT_CAPABILITIES, software, subgroupSize };
  return { inputs, outputs, attrs, used: [true], capabilities };
}

/** Whether the processor is the GPU, and the size of subgroups: none, SwiftShader's, lavapipe's, a GPU's. */
const ADAPTERS = [
  [true, 1],
  [true, 4],
  [true, 8],
  [false, 32],
] as const;

const candidatesOf = (one: LowerRequest<MatmulAttrs>): readonly Candidate[] =>
  matmulOp.candidates?.(one) ?? [];
const kernelKeys = (candidate: Candidate): string[] =>
  candidate.lower().dispatches.map(({ launch }) => launch.kernel.key);

function errorOf(build: () => unknown): HeddleError {
  try {
    build();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('matmul infers', () => {
  it('shapes of batches and transposes', () => {
    const shape = (a: TensorType, b: TensorType, options = {}): readonly number[] =>
      matmul(value(a), value(b), options).shape;
    expect(shape(float(2, 3), float(3, 5))).toEqual([2, 5]);
    expect(shape(float(3, 2), float(5, 3), { transposeA: true, transposeB: true })).toEqual([2, 5]);
    expect(shape(float(7, 1, 2, 3), float(4, 3, 5))).toEqual([7, 4, 2, 5]);
  });

  it('errors with roles, values and a mend', () => {
    const inner = errorOf(() => matmul(value(float(2, 3)), value(float(4, 5))));
    expect(inner).toMatchObject({ op: 'matmul', roles: ['a', 'b'], values: { a: [2, 3], b: [4, 5] } });
    expect(inner.message).toContain('matmul: a has 3 columns, b has 4 rows; a [2,3], b [4,5]');
    const turned = errorOf(() => matmul(value(float(2, 3)), value(float(4, 5)), { transposeA: true }));
    expect(turned.message).toContain('a has 2 rows, b has 4 rows; a [2,3] transposed');
    const rank = errorOf(() => matmul(value(float(3)), value(float(3, 5))));
    expect(rank).toMatchObject({ roles: ['a'], values: { a: [3] } });
    expect(rank.fix).toContain('reshape');
    const batch = errorOf(() => matmul(value(float(2, 3, 3)), value(float(4, 3, 3))));
    expect(batch.message).toContain('[2] of a and [4] of b do not broadcast');
    const mixed = errorOf(() => matmul(value(float(2, 3)), value({ shape: [3, 2], dtype: 'int32' })));
    expect(mixed).toMatchObject({ roles: ['a', 'b'], values: { a: 'float32', b: 'int32' } });
    const dtype = errorOf(() => matmul(value({ shape: [2, 3], dtype: 'bool' }), value(float(3, 2))));
    expect(dtype).toMatchObject({ roles: ['a'], values: { a: 'bool' } });
    const batched = errorOf(() => matmulWithColumnSum(value(float(2, 3, 3)), value(float(3, 3))));
    expect(batched).toMatchObject({ op: 'matmulWithColumnSum', roles: ['a', 'b'] });
    const option = errorOf(() =>
      matmul(value(float(2, 3)), value(float(3, 2)), { transpose: true } as object),
    );
    expect(option.fix).toContain("did you mean 'transposeA'");
  });
});

describe('the reference of matmul', () => {
  const tensor = (shape: number[], data: number[]): HostTensor => ({
    shape,
    dtype: 'float32',
    data: Float32Array.from(data),
  });

  it('gives a product worked out by hand, in all four layouts', () => {
    // [1 2 3; 4 5 6] · [7 8; 9 10; 11 12] = [58 64; 139 154]
    const a = [tensor([2, 3], [1, 2, 3, 4, 5, 6]), tensor([3, 2], [1, 4, 2, 5, 3, 6])] as const;
    const b = [tensor([3, 2], [7, 8, 9, 10, 11, 12]), tensor([2, 3], [7, 9, 11, 8, 10, 12])] as const;
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const c = tensor([2, 2], [0, 0, 0, 0]);
        const total = tensor([2], [0, 0]);
        const inputs = [a[Number(transposeA)] as HostTensor, b[Number(transposeB)] as HostTensor];
        matmulWithColumnSumOp.reference?.(inputs, [c, total], { transposeA, transposeB });
        expect([...c.data]).toEqual([58, 64, 139, 154]);
        expect([...total.data]).toEqual([27, 30]);
      }
    }
  });

  it('broadcasts batches', () => {
    const a = tensor([2, 1, 1, 1], [2, 3]);
    const b = tensor([3, 1, 1], [5, 7, 11]);
    const c = tensor([2, 3, 1, 1], [0, 0, 0, 0, 0, 0]);
    matmulOp.reference?.([a, b], [c], PLAIN);
    expect([...c.data]).toEqual([10, 14, 22, 15, 21, 33]);
  });

  it('sums the magnitudes of its terms', () => {
    const size = tensor([1, 1], [0]);
    matmulOp.magnitude?.([tensor([1, 2], [-1, 2]), tensor([2, 1], [3, -4])], [size], PLAIN);
    expect(size.data[0]).toBe(11);
  });

  it('wraps int32 at 32 bits', () => {
    const int = (shape: number[], data: number[]): HostTensor => ({
      shape,
      dtype: 'int32',
      data: Int32Array.from(data),
    });
    const c = int([1, 1], [0]);
    matmulOp.reference?.([int([1, 2], [2 ** 30, 1]), int([2, 1], [2, 5])], [c], PLAIN);
    expect(c.data[0]).toBe((2 ** 31 + 5) | 0);
  });
});

describe('matmul folds batches', () => {
  const fold = (a: TensorType, b: TensorType, attrs = PLAIN): ReturnType<typeof foldBatch> =>
    foldBatch(a, b, attrs, productShape('matmul', a, b, attrs));

  it('into the rows where b repeats', () => {
    expect(fold(float(8, 12, 5), float(5, 7))).toEqual({ rows: 96, batch: [] });
    expect(fold(float(2, 8, 12, 5), float(1, 1, 5, 7))).toEqual({ rows: 192, batch: [] });
  });

  it('into one axis where both walk on', () => {
    expect(fold(float(2, 3, 4, 5), float(2, 3, 5, 7))).toEqual({
      rows: 4,
      batch: [{ extent: 6, stepA: 20, stepB: 35 }],
    });
  });

  it('and keeps apart what repeats on one side only', () => {
    expect(fold(float(2, 1, 4, 5), float(3, 5, 7)).batch).toEqual([
      { extent: 2, stepA: 20, stepB: 0 },
      { extent: 3, stepA: 0, stepB: 35 },
    ]);
    const turned = { transposeA: true, transposeB: false };
    expect(fold(float(8, 5, 12), float(5, 7), turned).batch).toEqual([{ extent: 8, stepA: 60, stepB: 0 }]);
  });
});

describe('candidates of matmul', () => {
  it('are never empty, have distinct keys, and equal kernel keys mean equal code', () => {
    const codes = new Map<string, string>();
    for (const [software, subgroupSize] of ADAPTERS) {
      for (const one of cases) {
        const [a, b] = one.inputs.map(({ shape, dtype = 'float32' }) => ({ shape, dtype }));
        if (!a || !b || a.shape.includes(0)) continue;
        const built = one.build(value(a), value(b));
        const { op, attrs, outputs } = (Array.isArray(built) ? (built[0] as Value) : (built as Value)).node;
        const capabilities = { ...DEFAULT_CAPABILITIES, software, subgroupSize };
        const used = outputs.map(() => true);
        const list = op.candidates?.({ inputs: [a, b], outputs, attrs, used, capabilities }) ?? [];
        expect(list.length).toBeGreaterThan(0);
        expect(new Set(list.map(({ key }) => key)).size).toBe(list.length);
        for (const candidate of list) {
          for (const { launch, args } of candidate.lower().dispatches) {
            expect(launch.params).toHaveLength(launch.kernel.params.length);
            expect(args).toHaveLength(launch.kernel.bindings.length);
            expect(launch.params.every((number) => Number.isInteger(number))).toBe(true);
            const { key, entryPoint, code } = launch.kernel;
            const program = `// ${entryPoint}\n${code}`;
            expect(codes.get(key) ?? program).toBe(program);
            codes.set(key, program);
          }
        }
      }
    }
    expect(new Set(codes.values()).size).toBe(codes.size);
  });

  it('have the kernels of any other batch size: forward, input gradient, filter gradient', () => {
    for (const [software, subgroupSize] of ADAPTERS) {
      const forms = (batch: number): LowerRequest<MatmulAttrs>[] => [
        request(float(batch, 784), float(784, 128), PLAIN, software, subgroupSize),
        request(
          float(batch, 10),
          float(128, 10),
          { transposeA: false, transposeB: true },
          software,
          subgroupSize,
        ),
        request(
          float(batch, 784),
          float(batch, 128),
          { transposeA: true, transposeB: false },
          software,
          subgroupSize,
        ),
        request(float(batch, 12, 64), float(batch, 64, 12), PLAIN, software, subgroupSize),
      ];
      forms(32).forEach((form, index) => {
        const other = forms(33)[index] as LowerRequest<MatmulAttrs>;
        const shared = new Map(
          candidatesOf(other).map((candidate) => [candidate.key, kernelKeys(candidate)]),
        );
        for (const candidate of candidatesOf(form)) {
          const keys = shared.get(candidate.key);
          if (keys) expect(keys).toEqual(kernelKeys(candidate));
        }
        expect(candidatesOf(other)[0]?.key).toBe(candidatesOf(form)[0]?.key);
      });
    }
  });

  it('are one dispatch where the product is tiny', () => {
    for (const software of [true, false]) {
      const [best] = candidatesOf(request(float(7, 1), float(1, 1), PLAIN, software));
      expect(best?.lower().dispatches).toHaveLength(1);
      expect(best?.lower().dispatches[0]?.launch.workgroups).toEqual([1, 1, 1]);
    }
  });

  it('leave barriers to GPUs', () => {
    expect(candidatesOf(request(float(512, 512), float(512, 512)))[0]?.key).toBe('matmul_registers_8x8');
    const gpu = candidatesOf(request(float(1024, 512), float(512, 1024), PLAIN, false));
    expect(gpu[0]?.key).toMatch(/^matmul_tiled_/);
  });

  it('share rows where a software adapter has subgroups, and columns enough for all of one', () => {
    const best = (columns: number, software: boolean, subgroupSize: number): string | undefined =>
      candidatesOf(request(float(512, 512), float(512, columns), PLAIN, software, subgroupSize))[0]?.key;
    expect(best(512, true, 4)).toBe('matmul_subgroups_16x8');
    expect(best(512, true, 8)).toBe('matmul_subgroups_16x8');
    expect(best(512, true, 2)).toBe('matmul_registers_8x8');
    expect(best(8, true, 8)).toMatch(/^matmul_registers_/);
    expect(best(512, false, 32)).toMatch(/^matmul_tiled_/);
    const kernel = (subgroupSize: number): string | undefined =>
      candidatesOf(request(float(512, 512), float(512, 512), PLAIN, true, subgroupSize))[0]?.lower()
        .dispatches[0]?.launch.kernel.code;
    expect(kernel(16)).toBe(kernel(8));
    expect(kernel(8)).not.toBe(kernel(4));
  });

  it('split long sums for few outputs, and write no column sum that nobody reads', () => {
    const turned = { transposeA: true, transposeB: false };
    const [best] = candidatesOf(request(float(20_000, 4), float(20_000, 4), turned, false));
    expect(best?.key).toMatch(/_split$|_vector$/);
    const base = request(float(64, 20), float(64, 12), turned);
    const outputs = matmulWithColumnSumOp.infer(base.inputs, turned);
    for (const [used, bindings] of [
      [[true, true], 4],
      [[true, false], 3],
    ] as const) {
      const [first] = matmulWithColumnSumOp.candidates?.({ ...base, outputs, used }) ?? [];
      expect(first?.lower().dispatches[0]?.args).toHaveLength(bindings);
    }
  });
});

describe('the gradients of matmul', () => {
  it('are products alone, whatever is transposed', async () => {
    const { reshapeOp } = await import('../../src/ops/structural.js');
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const a = value(transposeA ? float(3, 2) : float(2, 3));
        const b = value(transposeB ? float(5, 3) : float(3, 5));
        const c = matmul(a, b, { transposeA, transposeB });
        const node = c.node;
        const gradients = matmulOp.vjp?.({
          node: node as never,
          attrs: { transposeA, transposeB },
          inputs: node.inputs,
          outputs: node.outputs,
          dys: [value(float(2, 5))],
          needs: [true, true],
        });
        expect(gradients?.map((one) => one?.node.op.name)).toEqual(['matmul', 'matmul']);
        expect(gradients?.map((one) => one?.shape)).toEqual([a.shape, b.shape]);
      }
    }
    // A kernel shared by a batch of sequences: one product over all rows, reshaped.
    const x = value(float(6, 4, 3));
    const w = value(float(3, 5));
    const y = matmul(x, w);
    const [, dw] =
      matmulOp.vjp?.({
        node: y.node as never,
        attrs: PLAIN,
        inputs: y.node.inputs,
        outputs: y.node.outputs,
        dys: [value(float(6, 4, 5))],
        needs: [true, true],
      }) ?? [];
    expect(dw?.node.op.name).toBe('matmul');
    expect(dw?.node.inputs.map(({ shape, node }) => [shape, node.op])).toEqual([
      [[24, 3], reshapeOp],
      [[24, 5], reshapeOp],
    ]);
  });
});
