/**
 * Counts calls to the device at the WebGPU interface itself, so that every engine is counted in the same way. The methods are
 * wrapped only while something is counted: timings never pay for it.
 */

import type { DeviceCalls } from './row.js';

type Counts = { -readonly [name in keyof DeviceCalls]: number };
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** An empty submit is no work: Heddle makes some while it waits for a result. */
const isWork = ([buffers]: readonly unknown[]): boolean => !Array.isArray(buffers) || buffers.length > 0;

/** Each method that counts. */
const METHODS: readonly (readonly [() => { prototype: object }, string, keyof DeviceCalls])[] = [
  [() => GPUComputePassEncoder, 'dispatchWorkgroups', 'dispatches'],
  [() => GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', 'dispatches'],
  [() => GPUCommandEncoder, 'beginComputePass', 'passes'],
  [() => GPUCommandEncoder, 'copyBufferToBuffer', 'copies'],
  [() => GPUQueue, 'submit', 'submits'],
  [() => GPUQueue, 'writeBuffer', 'writes'],
  [() => GPUDevice, 'createBuffer', 'buffers'],
  [() => GPUDevice, 'createBindGroup', 'bindGroups'],
  [() => GPUDevice, 'createComputePipeline', 'pipelines'],
  [() => GPUDevice, 'createComputePipelineAsync', 'pipelines'],
];

/** The calls that `work` makes, divided by `steps`. Nothing else may use a device meanwhile. */
export async function countCalls(steps: number, work: () => Promise<void>): Promise<DeviceCalls> {
  const counts: Counts = {
    dispatches: 0,
    passes: 0,
    submits: 0,
    copies: 0,
    writes: 0,
    buffers: 0,
    bindGroups: 0,
    pipelines: 0,
  };
  const restore = METHODS.map(([owner, name, count]) => {
    const prototype = owner().prototype as Record<string, Method>;
    const original = prototype[name] as Method;
    prototype[name] = function (...args) {
      if (name !== 'submit' || isWork(args)) counts[count]++;
      return original.apply(this, args);
    };
    return () => {
      prototype[name] = original;
    };
  });
  try {
    await work();
  } finally {
    for (const undo of restore) undo();
  }
  for (const name of Object.keys(counts) as (keyof DeviceCalls)[]) counts[name] /= steps;
  return counts;
}
