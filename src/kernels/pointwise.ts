/** `shaders/pointwise.wgsl`: any program of scalar functions over broadcast operands, one element or four per invocation. */

import source from '../../shaders/pointwise.wgsl?raw';
import { type BindingDecl, FOLD_WIDTH, foldWorkgroups, type Launch, type ParamDecl } from './kernel.js';
import { bindingsBlock, constants, paramsBlock, specialise } from './specialise.js';

const WORKGROUP_SIZE = 256;

/** The program as WGSL: data from floor 3, which knows the rows. */
export interface PointwiseCode {
  /** Tells any two texts apart. */
  readonly key: string;
  readonly variant: 'scalar' | 'vec4';
  /** Helpers and `fn element(unit: u32)`. */
  readonly code: string;
  readonly bindings: readonly BindingDecl[];
  readonly types: readonly string[];
  readonly params: readonly ParamDecl[];
  readonly paramValues: readonly number[];
}

/** Runs `program` over `units` units of the result. */
export function pointwiseLaunch(program: PointwiseCode, units: number): Launch {
  const { key, variant, code, bindings, types, paramValues } = program;
  const params: ParamDecl[] = [{ name: 'units', type: 'u32' }, ...program.params];
  const block = [
    constants({ WORKGROUP_SIZE, FOLD_WIDTH }),
    paramsBlock(params),
    bindingsBlock(bindings, types),
    code,
  ].join('\n');
  return {
    kernel: {
      key: `pointwise/${variant}/${key}`,
      entryPoint: 'pointwise',
      code: specialise(source, block),
      bindings,
      params,
    },
    workgroups: foldWorkgroups(Math.ceil(units / WORKGROUP_SIZE)),
    params: [units, ...paramValues],
  };
}
