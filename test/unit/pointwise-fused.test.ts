// Fused nodes: what they mean, what their code depends on, and how far errors are carried through a program.
import { describe, expect, it } from 'vitest';
import { type HostArray, hostArray } from '../../src/core/dtype.js';
import { HeddleError } from '../../src/core/errors.js';
import { randomStream } from '../../src/core/random.js';
import { type Shape, sizeOf } from '../../src/core/shape.js';
import { applyOne, type HostTensor, type TensorType, type Value } from '../../src/ir/graph.js';
import { inputOp } from '../../src/ir/leaves.js';
import type { LowerRequest } from '../../src/ir/op.js';
import type { PointwiseProgram, PointwiseRow } from '../../src/ir/pointwise.js';
import { DEFAULT_CAPABILITIES } from '../../src/kernels/kernel.js';
import { bindingCount, fusedNode, pointwiseNode, programLabel } from '../../src/ops/fused.js';
import { emitEpilogue, emitPrologue } from '../../src/ops/pointwise/emit.js';
import { evaluateProgram } from '../../src/ops/pointwise/evaluate.js';
import * as ops from '../../src/ops/pointwise/index.js';
import { POINTWISE_ROWS } from '../../src/ops/pointwise/index.js';
import { sum, sumOp } from '../../src/ops/structural.js';
import { evaluateValues } from '../../src/reference/evaluate.js';

function row(name: string): PointwiseRow {
  const found = POINTWISE_ROWS.find((one) => one.name === name);
  if (!found) throw new Error(`no row ${name}`);
  return found;
}

const float = (...shape: number[]): TensorType => ({ shape, dtype: 'float32' });

/** gelu(x · 0.5 + b), and the sum before gelu beside it. */
const AFFINE_GELU: PointwiseProgram = {
  operands: ['float32', 'float32'],
  constants: [{ value: 0.5, dtype: 'float32' }],
  steps: [
    { row: row('mul'), args: [0, 2], dtype: 'float32' },
    { row: row('add'), args: [3, 1], dtype: 'float32' },
    { row: row('gelu'), args: [4], dtype: 'float32' },
  ],
  results: [5, 4],
};

const affineGelu = (x: Value, b: Value): Value[] => {
  const before = ops.add(ops.mul(x, 0.5), b);
  return [ops.gelu(before), before];
};

const placeholders = (...shapes: Shape[]): Value[] =>
  shapes.map((shape, index) => applyOne(inputOp, [], { name: `x${index}`, shape, dtype: 'float32' }));

function inputs(...shapes: Shape[]): { values: Value[]; feeds: Map<Value['node'], HostArray> } {
  const values = placeholders(...shapes);
  const { normal } = randomStream(1, 2);
  const feeds = new Map(
    values.map(({ node, shape }) => {
      const data = hostArray('float32', sizeOf(shape), true).map(() => normal());
      return [node, data];
    }),
  );
  return { values, feeds };
}

const evaluated = (values: readonly Value[], feeds: Map<Value['node'], HostArray>): number[][] =>
  evaluateValues(values, feeds, { precision: 'float64' }).map(({ data }) => [...data]);

const request = (
  inputTypes: readonly TensorType[],
  outputs: readonly TensorType[],
): Omit<LowerRequest, 'attrs'> => ({
  inputs: inputTypes,
  outputs,
  used: outputs.map(() => true),
  capabilities: DEFAULT_CAPABILITIES,
});

describe('a pointwise region', () => {
  it('is the nodes that it replaces, by its reference and by its decomposition', () => {
    const { values, feeds } = inputs([3, 4], [4]);
    const [x, b] = values as [Value, Value];
    const fused = pointwiseNode(AFFINE_GELU, values, [3, 4]);
    const decomposed = fused[0]?.node.op.decompose?.(values, fused[0].node.attrs) ?? [];
    const expected = evaluated(affineGelu(x, b), feeds);
    expect(evaluated(fused, feeds)).toEqual(expected);
    expect(evaluated(decomposed, feeds)).toEqual(expected);
    expect(fused.map(({ shape }) => shape)).toEqual([
      [3, 4],
      [3, 4],
    ]);
  });

  it('counts its bindings without constants, and labels itself by its rows', () => {
    expect(bindingCount(AFFINE_GELU)).toBe(4);
    expect(programLabel(AFFINE_GELU)).toBe('mul+add+gelu');
  });

  it('refuses operands of other types', () => {
    const { values } = inputs([3, 4]);
    expect(() => pointwiseNode(AFFINE_GELU, values, [3, 4])).toThrow(HeddleError);
    expect(() => pointwiseNode(AFFINE_GELU, inputs([3, 4], [5, 1, 1]).values, [3, 4])).toThrow(HeddleError);
  });

  it('leaves unused results out of the kernel', () => {
    const { values } = inputs([3, 4], [4]);
    const [main] = pointwiseNode(AFFINE_GELU, values, [3, 4]);
    const { op, attrs } = (main as Value).node;
    const types = [float(3, 4), float(3, 4)];
    const [candidate] = op.candidates?.({ ...request(values, types), attrs, used: [true, false] }) ?? [];
    const [dispatch] = candidate?.lower().dispatches ?? [];
    expect(dispatch?.launch.kernel.bindings.map(({ name }) => name)).toEqual(['in0', 'in1', 'out0']);
    expect(dispatch?.args).toHaveLength(3);
  });
});

describe('kernels', () => {
  const kernels = (x: TensorType, b: TensorType, constant = 0.5) => {
    const values = placeholders(x.shape, b.shape);
    const program = { ...AFFINE_GELU, constants: [{ value: constant, dtype: 'float32' as const }] };
    const outputs = pointwiseNode(program, values, x.shape);
    const { op, attrs } = (outputs[0] as Value).node;
    return (op.candidates?.({ ...request(values, outputs), attrs }) ?? []).map((candidate) => {
      const [dispatch] = candidate.lower().dispatches;
      if (!dispatch) throw new Error('no dispatch');
      return { variant: candidate.key, ...dispatch.launch };
    });
  };

  it('keep their code when the batch changes, and when a constant does', () => {
    for (const [small, large] of [
      [kernels(float(32, 8), float(8)), kernels(float(70, 8), float(8), 3)],
      [kernels(float(32, 7), float(7)), kernels(float(33, 7), float(7), -1)],
      [kernels(float(1, 5, 4), float(5, 1)), kernels(float(9, 5, 4), float(5, 1))],
      [kernels(float(32), float()), kernels(float(33), float())],
    ] as const) {
      expect(small.map(({ kernel }) => kernel)).toEqual(large.map(({ kernel }) => kernel));
      expect(small[0]?.params).not.toEqual(large[0]?.params);
    }
  });

  it('offer rows of four only where they fit', () => {
    const variants = (x: TensorType, b: TensorType) => kernels(x, b).map(({ variant }) => variant);
    expect(variants(float(3, 8), float(8))).toEqual(['pointwise/vec4', 'pointwise/scalar']);
    expect(variants(float(3, 8), float(3, 1))).toEqual(['pointwise/vec4', 'pointwise/scalar']);
    expect(variants(float(4, 7), float(7))).toEqual(['pointwise/scalar']);
    expect(variants(float(3, 6, 2), float(2))).toEqual(['pointwise/scalar']);
    expect(variants(float(8192), float())).toEqual(['pointwise/vec4', 'pointwise/scalar']);
    expect(variants(float(64), float())).toEqual(['pointwise/scalar']);
  });

  it('have equal keys only for equal code', () => {
    const all = [
      ...kernels(float(3, 8), float(8)),
      ...kernels(float(3, 8), float(3, 1)),
      ...kernels(float(3, 8), float()),
      ...kernels(float(3, 16), float(16)),
      ...kernels(float(4, 7), float(7)),
    ].map(({ kernel }) => kernel);
    expect(new Set(all.map(({ key }) => key)).size).toBe(new Set(all.map(({ code }) => code)).size);
  });

  it('fold more workgroups than one dimension holds, and refuse what an index cannot reach', () => {
    const [launch] = kernels(float(65536, 1024), float(1024)).slice(-1);
    expect(launch?.workgroups).toEqual([32768, 8, 1]);
    expect(() => kernels(float(65536, 65536), float(65536))).toThrow(/32-bit/);
  });
});

describe('a fused kernel', () => {
  it('with an epilogue and a prologue is what it replaces', () => {
    const { values, feeds } = inputs([5, 3], [3], [5]);
    const [x, scale, b] = values as [Value, Value, Value];
    const squared: PointwiseProgram = {
      operands: ['float32', 'float32'],
      constants: [],
      steps: [{ row: row('mul'), args: [0, 1], dtype: 'float32' }],
      results: [2],
    };
    const fused = fusedNode(
      {
        base: sumOp as never,
        baseAttrs: { axes: [1], keepDims: false },
        baseInputs: 1,
        virtual: float(5, 3),
        prologue: {
          program: squared,
          operands: [0, 1].map((input) => ({ type: values[input] as Value, input })),
          sides: [],
        },
        epilogue: { program: AFFINE_GELU, operands: [{ type: b, input: 2 }], sides: [1] },
      },
      values,
    );
    const expected = affineGelu(sum(ops.mul(x, scale), { axis: 1 }), b);
    expect(evaluated(fused, feeds)).toEqual(evaluated(expected, feeds));
    expect(fused[0]?.node.op.name).toBe('mul→sum+mul+add+gelu');
  });

  it('refuses what its base does not allow', () => {
    const { values } = inputs([5, 3], [5, 3]);
    const base = ops.pointwiseOp(row('add')) as never;
    const epilogue = { program: AFFINE_GELU, operands: [], sides: [1] };
    expect(() => fusedNode({ base, baseAttrs: {}, baseInputs: 2, epilogue }, values)).toThrow(HeddleError);
  });
});

describe('emitted code', () => {
  const fused = (type: TensorType) => ({ program: AFFINE_GELU, operands: [{ type, input: 3 }], sides: [2] });

  it('appends operands, side outputs and constants, each with its argument', () => {
    const emitted = emitEpilogue(fused(float(10)), float(32, 10));
    expect(emitted.bindings).toEqual([
      { name: 'e_in0', access: 'read' },
      { name: 'e_out1', access: 'write' },
    ]);
    expect(emitted.args).toEqual([
      { kind: 'input', index: 3 },
      { kind: 'output', index: 2 },
    ]);
    expect(emitted.params).toEqual([{ name: 'e_c0', type: 'f32' }]);
    expect(emitted.paramValues).toEqual([0.5]);
    expect(emitted.code).toContain('e_out1[(row * 10u + col)] = s1;');
  });

  it('never holds the outermost extent', () => {
    for (const [small, large] of [
      [emitEpilogue(fused(float(10)), float(32, 10)), emitEpilogue(fused(float(10)), float(70, 10))],
      [emitEpilogue(fused(float(32, 1)), float(32, 10)), emitEpilogue(fused(float(70, 1)), float(70, 10))],
      [emitEpilogue(fused(float(32)), float(32)), emitEpilogue(fused(float(33)), float(33))],
      [
        emitEpilogue(fused(float(8, 1, 5)), float(8, 4, 5)),
        emitEpilogue(fused(float(9, 1, 5)), float(9, 4, 5)),
      ],
    ] as const) {
      expect(small.code).toBe(large.code);
      expect(small.key).toBe(large.key);
    }
  });

  it('has another key where only a declaration differs', () => {
    const keys = (['int32', 'uint32'] as const).map((dtype) => {
      const type: TensorType = { shape: [32, 10], dtype };
      const program: PointwiseProgram = {
        operands: [dtype],
        constants: [],
        steps: [{ row: row('cast_float32'), args: [0], dtype: 'float32' }],
        results: [1],
      };
      return emitPrologue({ program, operands: [{ type, input: 0 }], sides: [] }, float(32, 10)).key;
    });
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('finds broadcast operands by row and column', () => {
    const load = (operand: TensorType, shape: TensorType): string =>
      /e_in0\[(.*?)\]/.exec(emitEpilogue(fused(operand), shape).body)?.[1] ?? '';
    expect(load(float(7, 10), float(7, 10))).toBe('row * 10u + col');
    expect(load(float(10), float(7, 10))).toBe('col');
    expect(load(float(7, 1), float(7, 10))).toBe('row');
    expect(load(float(), float(7, 10))).toBe('0u');
    expect(load(float(2, 1, 10), float(2, 3, 10))).toBe('(row / 3u) * 10u + col');
    expect(load(float(3, 1), float(2, 3, 10))).toBe('(row % 3u)');
  });
});

describe('carried errors', () => {
  const tensor = (data: Float64Array): HostTensor => ({ shape: [data.length], dtype: 'float32', data });

  it('bound what disturbed operands do', () => {
    const { normal, uniform } = randomStream(9, 9);
    const list = (fill: () => number) => Float64Array.from({ length: 200 }, fill);
    const [x, b] = [list(normal), list(normal)];
    const errors = [list(() => 1e-6 * uniform()), list(() => 1e-6 * uniform())] as const;
    const exact = evaluateProgram(AFFINE_GELU, [tensor(x), tensor(b)], [200], { errors });
    const moved = evaluateProgram(
      AFFINE_GELU,
      [tensor(x.map((v, i) => v + (errors[0][i] ?? 0))), tensor(b.map((v, i) => v - (errors[1][i] ?? 0)))],
      [200],
    );
    exact.forEach(({ values, errors: bounds }, result) => {
      values.forEach((value, i) => {
        expect(Math.abs((moved[result]?.values[i] ?? 0) - value)).toBeLessThanOrEqual(bounds[i] ?? 0);
      });
    });
  });

  it('let a decision go either way only within reach of a step', () => {
    const program: PointwiseProgram = {
      operands: ['float32', 'float32'],
      constants: [],
      steps: [{ row: row('greater'), args: [0, 1], dtype: 'bool' }],
      results: [2],
    };
    const [result] = evaluateProgram(
      program,
      [tensor(Float64Array.of(1, 1)), tensor(Float64Array.of(1.001, 2))],
      [2],
      {
        errors: [Float64Array.of(0.01, 0.01), null],
      },
    );
    expect([...(result?.errors ?? [])]).toEqual([1, 0]);
  });

  it('are nothing for exact rows on exact operands', () => {
    const program: PointwiseProgram = {
      operands: ['float32'],
      constants: [],
      steps: [{ row: row('relu'), args: [0], dtype: 'float32' }],
      results: [1],
    };
    const [result] = evaluateProgram(program, [tensor(Float64Array.of(-1, 0, 2))], [3]);
    expect([...(result?.errors ?? [])]).toEqual([0, 0, 0]);
  });
});
