/** Convolutions without a device: errors, hand-computed values, candidates and the stability of their kernels. */

import { describe, expect, it, test } from 'vitest';
import { gradients } from '../../src/compiler/autodiff.js';
import { HeddleError } from '../../src/core/errors.js';
import { applyOne, topologicalOrder, type Value } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { LowerRequest } from '../../src/ir/op.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import {
  conv1d,
  conv2d,
  conv2dTranspose,
  depthwiseConv2d,
  maxPool,
  separableConv2d,
  sum,
} from '../../src/ops/index.js';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { folded, foldingKernels } from '../kit/folded.js';
import { kernelKeys } from '../kit/kernel-keys.js';

const value = (...shape: number[]): Value => applyOne(inputOp, [], { name: 'x', shape, dtype: 'float32' });

function errorOf(build: () => unknown): HeddleError {
  try {
    build();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function evaluated(result: Value, feeds: readonly (readonly [Value, readonly number[]])[]): number[] {
  const data = new Map(feeds.map(([{ node }, numbers]) => [node, Float32Array.from(numbers)]));
  return [...(evaluateValues([result], data)[0]?.data ?? [])];
}

describe('shapes', () => {
  test.each([
    [{}, [2, 5, 4, 6]],
    [{ strides: 2 }, [2, 3, 2, 6]],
    [{ padding: 'same', strides: 2 }, [2, 4, 3, 6]],
    [{ padding: 'same', strides: 3, dilations: 2 }, [2, 3, 2, 6]],
    [{ padding: 1, dilations: 2 }, [2, 5, 4, 6]],
    [
      {
        padding: [
          [0, 2],
          [1, 0],
        ],
      },
      [2, 7, 5, 6],
    ],
  ] as const)('of conv2d with %j', (options, shape) => {
    expect(conv2d(value(2, 7, 6, 3), value(3, 3, 3, 6), options).shape).toEqual(shape);
  });

  test.each([
    [{}, [1, 5, 6, 2]],
    [{ strides: 2 }, [1, 7, 9, 2]],
    [{ strides: 4 }, [1, 12, 16, 2]],
    [{ strides: 4, padding: 0 }, [1, 11, 15, 2]],
    [{ strides: 2, padding: 'same' }, [1, 6, 8, 2]],
    [{ strides: 2, padding: 1, outputPadding: 1 }, [1, 6, 8, 2]],
  ] as const)('of conv2dTranspose with %j', (options, shape) => {
    expect(conv2dTranspose(value(1, 3, 4, 5), value(3, 3, 2, 5), options).shape).toEqual(shape);
  });

  it('of the others', () => {
    expect(conv1d(value(2, 9, 4), value(3, 4, 5), { padding: 'same', strides: 2 }).shape).toEqual([2, 5, 5]);
    expect(depthwiseConv2d(value(2, 5, 5, 3), value(3, 3, 3, 2)).shape).toEqual([2, 3, 3, 6]);
    expect(separableConv2d(value(1, 5, 5, 3), value(3, 3, 3, 2), value(1, 1, 6, 4)).shape).toEqual([
      1, 3, 3, 4,
    ]);
  });
});

describe('values', () => {
  const x = value(1, 2, 3, 1);
  const numbers = [1, 2, 3, 4, 5, 6];

  it('put the odd cell of same at the end', () => {
    const filter = value(2, 2, 1, 1);
    const y = conv2d(x, filter, { padding: 'same' });
    // 1 2 3 0        1 10         1+20+400+5000 …
    // 4 5 6 0   ∗  100 1000
    // 0 0 0 0
    const feeds = [
      [x, numbers],
      [filter, [1, 10, 100, 1000]],
    ] as const;
    expect(evaluated(y, feeds)).toEqual([5421, 6532, 603, 54, 65, 6]);
  });

  it('keep the groups of depthwise filters in order', () => {
    const image = value(1, 1, 1, 2);
    const filter = value(1, 1, 2, 2);
    const feeds = [
      [image, [3, 5]],
      [filter, [1, 10, 100, 1000]],
    ] as const;
    expect(evaluated(depthwiseConv2d(image, filter), feeds)).toEqual([3, 30, 500, 5000]);
  });

  it('spread by a transposed convolution', () => {
    const image = value(1, 1, 2, 1);
    const filter = value(1, 2, 1, 1);
    const feeds = [
      [image, [3, 5]],
      [filter, [1, 10]],
    ] as const;
    expect(evaluated(conv2dTranspose(image, filter, { strides: [1, 3] }), feeds)).toEqual([
      3, 30, 0, 5, 50, 0,
    ]);
  });
});

describe('errors', () => {
  it('name both tensors where channels differ', () => {
    const error = errorOf(() => conv2d(value(8, 28, 28, 3), value(5, 5, 16, 32)));
    expect(error.message).toBe(
      'conv2d: input has 3 channels, filter expects 16; ' +
        'input [8,28,28,3] (NHWC), filter [5,5,16,32] (HWIO): make these equal',
    );
    expect(error.roles).toEqual(['input', 'filter']);
    expect(error.values).toMatchObject({ input: [8, 28, 28, 3], filter: [5, 5, 16, 32], groups: 1 });
    const grouped = errorOf(() => conv2d(value(1, 4, 4, 4), value(3, 3, 3, 4), { groups: 2 }));
    expect(grouped.message).toContain('input has 4 channels, filter expects 3 × 2 groups');
    const transposed = errorOf(() => conv2dTranspose(value(1, 4, 4, 4), value(3, 3, 2, 5)));
    expect(transposed).toMatchObject({ op: 'conv2dTranspose', roles: ['input', 'filter'] });
    const depthwise = errorOf(() => depthwiseConv2d(value(1, 4, 4, 4), value(3, 3, 5, 1)));
    expect(depthwise).toMatchObject({ op: 'depthwiseConv2d', values: { filter: [3, 3, 5, 1] } });
  });

  it('name groups that do not divide', () => {
    const channels = errorOf(() => conv2d(value(1, 4, 4, 3), value(3, 3, 1, 4), { groups: 2 }));
    expect(channels).toMatchObject({ roles: ['groups'], values: { groups: 2 } });
    expect(channels.message).toContain('2 groups do not divide 3 channels');
    const filters = errorOf(() => conv2d(value(1, 4, 4, 4), value(3, 3, 2, 5), { groups: 2 }));
    expect(filters.message).toContain('2 groups do not divide 5 filters');
    expect(errorOf(() => conv2d(value(1, 4, 4, 4), value(3, 3, 4, 4), { groups: 0 })).message).toContain(
      'groups is 0',
    );
  });

  it('name a kernel that exceeds the padded input', () => {
    const error = errorOf(() =>
      conv2d(value(1, 4, 9, 1), value(3, 3, 1, 1), {
        dilations: 3,
        padding: [
          [1, 1],
          [0, 0],
        ],
      }),
    );
    expect(error).toMatchObject({
      op: 'conv2d',
      roles: ['input', 'kernel'],
      values: { input: [4, 9], kernel: [3, 3] },
    });
    expect(error.message).toContain("the kernel's height 7 (3 dilated by 3) exceeds the padded input's 6");
    const sequence = errorOf(() => conv1d(value(1, 4, 2), value(5, 2, 1)));
    expect(sequence.message).toContain("conv1d: the kernel's length 5 exceeds the padded input's 4");
    expect([sequence.values.input, sequence.fix]).toEqual([4, 'use a smaller kernel or more padding']);
    const padded = errorOf(() => conv1d(value(1, 4, 2), value(3, 2, 1), { dilations: 3, padding: [1, 1] }));
    expect(padded.message).toContain("the kernel's length 7 (3 dilated by 3) exceeds the padded input's 6");
    const nothing = errorOf(() => conv2dTranspose(value(1, 1, 1, 1), value(2, 2, 1, 1), { padding: 2 }));
    expect(nothing).toMatchObject({ op: 'conv2dTranspose', roles: ['input', 'padding'] });
  });

  it('name options out of range', () => {
    const roleOf = (options: object): readonly string[] =>
      errorOf(() => conv2d(value(1, 4, 4, 1), value(3, 3, 1, 1), options)).roles;
    expect(roleOf({ strides: 0 })).toEqual(['strides']);
    expect(roleOf({ strides: [1] })).toEqual(['strides']);
    expect(roleOf({ dilations: 1.5 })).toEqual(['dilations']);
    expect(roleOf({ padding: -1 })).toEqual(['padding']);
    expect(roleOf({ padding: 'full' })).toEqual(['padding']);
    expect(
      errorOf(() => conv2d(value(1, 4, 4, 1), value(3, 3, 1, 1), { stride: 2 } as object)).fix,
    ).toContain("'strides'");
    const settled = errorOf(() =>
      conv2dTranspose(value(1, 3, 3, 1), value(3, 3, 1, 1), { padding: 'same', outputPadding: 1 }),
    );
    expect(settled.roles).toEqual(['padding', 'outputPadding']);
    const much = errorOf(() =>
      conv2dTranspose(value(1, 3, 3, 1), value(3, 3, 1, 1), { strides: 2, outputPadding: 2 }),
    );
    expect(much.fix).toContain('outputPadding');
  });

  it('of sequences speak of sequences', () => {
    const conv = (options: object, x = value(2, 9, 4)): HeddleError =>
      errorOf(() => conv1d(x, value(3, 4, 6), options));
    for (const padding of [
      'SAME',
      'causal',
      [1],
      [
        [0, 0],
        [1, 1],
      ],
      -1,
    ]) {
      const error = conv({ padding });
      expect([error.op, error.roles]).toEqual(['conv1d', ['padding']]);
      expect(error.fix).toContain('[before, after]');
    }
    expect(conv({ strides: 0 }).message).toBe('conv1d: strides is 0; give an integer ≥ 1');
    expect(conv({ dilations: [2] }).roles).toEqual(['dilations']);
    expect(conv({}, value(2, 9, 3)).message).toBe(
      'conv1d: input has 3 channels, filter expects 4; ' +
        'input [2,9,3] (channels last), filter [3,4,6] (length, channels per group, filters): make these equal',
    );
  });

  it('name padding that is no pair of pairs, and options that are missing', () => {
    const ragged = errorOf(() =>
      conv2d(value(1, 9, 9, 1), value(3, 3, 1, 1), { padding: [[1], [1, 2, 3]] } as object),
    );
    expect(ragged.roles).toEqual(['padding']);
    expect(errorOf(() => maxPool(value(1, 4, 4, 1), {} as never)).roles).toEqual(['poolSize']);
  });

  it('name ranks and dtypes', () => {
    expect(errorOf(() => depthwiseConv2d(value(9, 9, 4), value(3, 3, 4, 1))).message).toContain(
      'input [9,9,4] has rank 3, not 4',
    );
    expect(errorOf(() => depthwiseConv2d(value(1, 9, 9, 4), value(3, 3, 4))).message).toContain(
      'filter [3,3,4] has rank 3, not 4',
    );
    expect(errorOf(() => conv2d(value(4, 4, 1), value(3, 3, 1, 1)))).toMatchObject({
      roles: ['input'],
      values: { input: [4, 4, 1] },
    });
    expect(errorOf(() => conv2d(value(1, 4, 4, 1), value(3, 3, 1)))).toMatchObject({ roles: ['filter'] });
    expect(errorOf(() => conv1d(value(4, 4), value(3, 4, 1)))).toMatchObject({
      op: 'conv1d',
      roles: ['input'],
    });
    const integers = applyOne(inputOp, [], { name: 'x', shape: [1, 4, 4, 1], dtype: 'int32' });
    const error = errorOf(() => conv2d(integers, value(3, 3, 1, 1)));
    expect(error).toMatchObject({ roles: ['input'], values: { input: 'int32' } });
    expect(error.fix).toContain('cast');
  });

  it('refuse what a kernel cannot index', () => {
    const huge = conv2d(value(2 ** 20, 64, 64, 1), value(1, 2, 1, 2));
    expect(() => kernelKeys(huge)).toThrow(/kernels index at most/);
  });
});

describe('kernels', () => {
  /** The nodes of a convolution and its gradients. */
  const nodesOf = (batch: number, size: number): Value[] => {
    const x = value(batch, size, size, 16);
    const filter = value(3, 3, 16, 12);
    const y = conv2d(x, filter, { strides: 2, padding: 1 });
    const results = gradients([sum(y)], [null], [x, filter]).filter((one) => one !== null);
    return topologicalOrder([y, ...results])
      .map(({ outputs }) => outputs[0] as Value)
      .filter(({ node }) => node.op.name.startsWith('conv2d'));
  };

  it('do not depend on the batch, nor on the size of the image', () => {
    const names = ['conv2d', 'conv2dInputGradient', 'conv2dFilterGradient'];
    expect(
      nodesOf(32, 28)
        .map(({ node }) => node.op.name)
        .sort(),
    ).toEqual([...names].sort());
    const keys = (batch: number, size: number): string[][] =>
      nodesOf(batch, size).map((one) => [...new Set(kernelKeys(one))].sort());
    expect(keys(64, 28)).toEqual(keys(32, 28));
    expect(keys(32, 30)).toEqual(keys(32, 28));
  });

  it('are offered best first: registers on software adapters, workgroup memory on others', () => {
    for (const { node } of nodesOf(32, 28)) {
      const request = (software: boolean): LowerRequest => ({
        inputs: node.inputs,
        outputs: node.outputs,
        attrs: node.attrs,
        used: [true],
        capabilities: { ...DEFAULT_CAPABILITIES, software },
      });
      const keys = (software: boolean): string[] =>
        (node.op.candidates?.(request(software)) ?? []).map(({ key }) => key);
      expect(keys(true)[0]).toMatch(/^convolution_registers/);
      expect(keys(false)[0]).toMatch(/^convolution_tiled/);
      expect(keys(true)).toHaveLength(new Set(keys(true)).size);
      expect([...keys(true)].sort()).toEqual([...keys(false)].sort());
    }
  });

  it.each([
    [1, 'convolution_registers_8x16'],
    [4, 'convolution_registers_8x16_shared'],
    [8, 'convolution_registers_4x32_shared'],
  ])('share columns on software adapters whose subgroups have %i invocations', (subgroupSize, first) => {
    const { node } = conv2d(value(32, 13, 13, 32), value(3, 3, 32, 64));
    const candidates =
      node.op.candidates?.({
        inputs: node.inputs,
        outputs: node.outputs,
        attrs: node.attrs,
        used: [true],
        capabilities: { ...DEFAULT_CAPABILITIES, software: true, subgroupSize },
      }) ?? [];
    expect(candidates[0]?.key).toBe(first);
    for (const { key, lower } of candidates) {
      const code = lower().dispatches[0]?.launch.kernel.code ?? '';
      expect(code.startsWith('enable subgroups;'), key).toBe(key.endsWith('_shared'));
    }
  });

  it('fold their workgroups and keep to eight storage buffers', () => {
    const x = value(512, 224, 224, 4);
    const { node } = conv2d(x, value(3, 3, 4, 4));
    const request: LowerRequest = {
      inputs: node.inputs,
      outputs: node.outputs,
      attrs: node.attrs,
      used: [true],
      capabilities: DEFAULT_CAPABILITIES,
    };
    for (const candidate of node.op.candidates?.(request) ?? []) {
      for (const { launch } of candidate.lower().dispatches) {
        expect(Math.max(...launch.workgroups)).toBeLessThanOrEqual(65_535);
        expect(launch.kernel.bindings.length).toBeLessThanOrEqual(8);
      }
    }
  });

  it('all count rows of workgroups, which the device tests fold after three', () => {
    const { node } = conv2d(value(2, 30, 30, 8), value(3, 3, 8, 16));
    const request: LowerRequest = {
      inputs: node.inputs,
      outputs: node.outputs,
      attrs: node.attrs,
      used: [true],
      capabilities: DEFAULT_CAPABILITIES,
    };
    for (const candidate of node.op.candidates?.(request) ?? []) {
      const [plain, rows] = [candidate, folded(candidate)].map((one) => one.lower().dispatches[0]?.launch);
      const count = plain?.workgroups[0] ?? 0;
      expect(foldingKernels(candidate)).toEqual([plain?.kernel.entryPoint]);
      expect(rows?.workgroups).toEqual([3, Math.ceil(count / 3), 1]);
      expect(rows?.kernel.code).toContain('FOLD_WIDTH = 3u');
      expect(rows?.kernel.key).not.toBe(plain?.kernel.key);
    }
  });

  it.each([
    ['1×1 convolutions', conv2d(value(2, 5, 5, 3), value(1, 1, 3, 4))],
    ['transposed ones', conv2dTranspose(value(2, 5, 5, 3), value(1, 1, 4, 3))],
  ])('make %s products of matrices', (_, y) => {
    expect(y.shape).toEqual([2, 5, 5, 4]);
    expect(topologicalOrder([y]).map(({ op }) => op.name)).toEqual([
      'input',
      'reshape',
      'input',
      'reshape',
      'matmul',
      'reshape',
    ]);
  });
});
