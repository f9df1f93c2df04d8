/** Models as JSON, without their weights, for files. */

import type { DType } from '../engine/index.js';
import type { LayerGraph } from './graph.js';
import type { LayerConfig } from './layer.js';
import { checkTree } from './paths.js';
import type { FreeShape } from './shapes.js';
import type { SymbolicTensor } from './symbolic.js';

/** Tensors are numbered: inputs first, then the outputs of each call in order. */
export interface NetworkConfig {
  readonly format: 1;
  readonly name: string;
  readonly seed: number;
  readonly inputs: readonly InputConfig[];
  readonly layers: readonly LayerConfig[];
  readonly calls: readonly CallConfig[];
  readonly outputs: readonly number[];
}

export interface InputConfig {
  readonly name: string;
  /** Without the batch. */
  readonly shape: FreeShape;
  /** Missing where any will do. */
  readonly batchSize?: number;
  readonly dtype: DType;
}

export interface CallConfig {
  /** Index among the layers. */
  readonly layer: number;
  /** Numbers of tensors. */
  readonly inputs: readonly number[];
}

export function configOf(
  name: string,
  seed: number,
  { inputs, outputs, calls, layers }: LayerGraph,
  inputNames: readonly string[],
): NetworkConfig {
  checkTree(`model '${name}'`, layers);
  const numbers = new Map<SymbolicTensor, number>();
  for (const tensor of [...inputs, ...calls.flatMap((call) => call.outputs)])
    numbers.set(tensor, numbers.size);
  const numberOf = (tensor: SymbolicTensor): number => numbers.get(tensor) as number;
  return {
    format: 1,
    name,
    seed,
    inputs: inputs.map(({ shape, dtype }, index) => ({
      name: inputNames[index] ?? '',
      shape: shape.slice(1),
      ...(typeof shape[0] === 'number' ? { batchSize: shape[0] } : {}),
      dtype,
    })),
    layers: layers.map((layer) => layer.config),
    calls: calls.map((call) => ({ layer: layers.indexOf(call.layer), inputs: call.inputs.map(numberOf) })),
    outputs: outputs.map(numberOf),
  };
}
