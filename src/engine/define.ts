/** Own ops and kernels, by the protocol that the built-in ones use. */

import { HeddleError } from '../core/errors.js';
import { apply, type Value } from '../ir/graph.js';
import type { Arg, LoweredDispatch, OpDef } from '../ir/op.js';
import type { Access, Kernel, ParamType } from '../kernels/kernel.js';
import { Tensor } from './tensor.js';

/** An op as a function from its inputs to its first output. */
export interface OpFunction<A extends object> {
  (inputs: Value | readonly Value[], ...attrs: object extends A ? [attrs?: A] : [attrs: A]): Tensor;
  /** All outputs. */
  outputs(inputs: Value | readonly Value[], ...attrs: object extends A ? [attrs?: A] : [attrs: A]): Tensor[];
  readonly op: OpDef<A>;
}

/**
 * Makes an op usable like the built-in ones: `infer` gives its output types, `reference` its definition (for `device: 'cpu'`, `verify` and
 * `gradCheck`), `vjp` its gradient as ordinary nodes, `candidates` its kernels; or `decompose` alone, in terms of other ops.
 *
 * @throws HeddleError for an op that nothing could compute.
 */
export function defineOp<A extends object = object>(op: OpDef<A>): OpFunction<A> {
  if (!op.decompose && !(op.reference && op.candidates)) {
    throw new HeddleError({
      op: 'defineOp',
      message: `'${op.name}' has ${op.reference ? 'no kernels' : op.candidates ? 'no reference' : 'neither reference nor kernels'}`,
      roles: ['reference', 'candidates', 'decompose'],
      values: { name: op.name },
      fix: 'give reference and candidates, or decompose into other ops',
    });
  }
  const outputs = (inputs: Value | readonly Value[], attrs: A = {} as A): Tensor[] => {
    const list = 'node' in inputs ? [inputs] : inputs;
    return apply(op, list, attrs).map((value) => new Tensor(value));
  };
  const call = (inputs: Value | readonly Value[], attrs?: A): Tensor => outputs(inputs, attrs)[0] as Tensor;
  return Object.assign(call, { outputs, op }) as OpFunction<A>;
}

export interface KernelSpec {
  /** The function in `code` that is marked `@compute`. It labels the kernel in plans, profiles and errors. */
  readonly entryPoint: string;
  /**
   * WGSL. `@group(0) @binding(0)` is `var<uniform>` with the struct of `params` (a struct with one unused `u32` where there are none), the
   * tensors follow at bindings 1, 2, … in the order of `bindings`.
   */
  readonly code: string;
  /** `write` covers every element; `inout` reads and overwrites in place. */
  readonly bindings: Readonly<Record<string, Access>>;
  /** Members of the parameter struct, in order. */
  readonly params?: Readonly<Record<string, ParamType>>;
}

/** One dispatch of a kernel. */
export interface KernelUse {
  readonly workgroups: readonly [number, number, number];
  /** One for each binding: `inputArg(0)`, `outputArg(0)`, … */
  readonly args: readonly Arg[];
  readonly params?: Readonly<Record<string, number>>;
}

/** A kernel of one's own: a function that gives the dispatches which an op's candidates return. A mistake in the WGSL shows its line. */
export function defineKernel(spec: KernelSpec): (use: KernelUse) => LoweredDispatch {
  const { entryPoint, code } = spec;
  const bindings = Object.entries(spec.bindings).map(([name, access]) => ({ name, access }));
  const params = Object.entries(spec.params ?? {}).map(([name, type]) => ({ name, type }));
  const kernel: Kernel = Object.freeze({
    key: `own/${entryPoint}/${code}`,
    entryPoint,
    code,
    bindings,
    params,
  });
  return ({ workgroups, args, params: values = {} }) => {
    if (args.length !== bindings.length) {
      throw new HeddleError({
        op: entryPoint,
        message: `the kernel has ${bindings.length} bindings, it was given ${args.length} arguments`,
        roles: ['args'],
        values: { bindings: bindings.map(({ name }) => name), args: args.length },
        fix: 'give one argument for each binding, in order',
      });
    }
    return {
      launch: { kernel, workgroups, params: params.map(({ name }) => parameterOf(entryPoint, name, values)) },
      args,
    };
  };
}

function parameterOf(op: string, name: string, values: Readonly<Record<string, number>>): number {
  const value = values[name];
  if (value !== undefined) return value;
  throw new HeddleError({
    op,
    message: `parameter '${name}' has no value`,
    roles: [name],
    fix: `pass params: { ${name}: … }`,
  });
}
