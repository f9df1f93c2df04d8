/** Calls of WebGPU's own methods, for counts that owe nothing to Heddle's counters. */

/** Waiting makes empty submits, as many as the machine gives it time for. */
const isNudge = (method: string, [buffers]: readonly unknown[]): boolean =>
  method === 'submit' && Array.isArray(buffers) && buffers.length === 0;

/** Counts calls of WebGPU's own methods while `work` runs: the counters must not be taken at their word. */
export async function countNatively(work: () => Promise<void>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const undo: (() => void)[] = [];
  const watch = (owner: object, method: string): void => {
    const own: unknown = Reflect.get(owner, method);
    if (typeof own !== 'function') throw new Error(`no method ${method}`);
    counts[method] = 0;
    Reflect.set(owner, method, function (this: unknown, ...args: unknown[]): unknown {
      if (!isNudge(method, args)) counts[method] = (counts[method] ?? 0) + 1;
      return Reflect.apply(own, this, args);
    });
    undo.push(() => Reflect.set(owner, method, own));
  };
  watch(GPUDevice.prototype, 'createBuffer');
  watch(GPUDevice.prototype, 'createBindGroup');
  watch(GPUDevice.prototype, 'createComputePipelineAsync');
  watch(GPUDevice.prototype, 'createShaderModule');
  watch(GPUQueue.prototype, 'submit');
  watch(GPUQueue.prototype, 'writeBuffer');
  watch(GPUCommandEncoder.prototype, 'beginComputePass');
  watch(GPUCommandEncoder.prototype, 'copyBufferToBuffer');
  watch(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
  try {
    await work();
  } finally {
    for (const restore of undo) restore();
  }
  return counts;
}
