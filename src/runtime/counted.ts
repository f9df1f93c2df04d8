/**
 * The calls to the device that cost something, each counted. Everything that the runtime creates or submits goes through
 * here, so that "a step creates nothing" is a fact that a test reads on the real device. Always on: a call costs microseconds,
 * counting it nanoseconds.
 */

/** Calls since the device was acquired. Take the difference between two copies: `{ ...context.counters }`. */
export interface Counters {
  submits: number;
  dispatches: number;
  passes: number;
  /** Copies from buffer to buffer, those to staging buffers included. */
  copies: number;
  buffersCreated: number;
  bindGroupsCreated: number;
  pipelinesCreated: number;
  /** `queue.writeBuffer`: feeds, uploads, parameters. */
  writes: number;
  /** Alive now. */
  liveQuerySets: number;
}

export class CountedDevice {
  readonly device: GPUDevice;
  readonly counters: Counters = {
    submits: 0,
    dispatches: 0,
    passes: 0,
    copies: 0,
    buffersCreated: 0,
    bindGroupsCreated: 0,
    pipelinesCreated: 0,
    writes: 0,
    liveQuerySets: 0,
  };

  constructor(device: GPUDevice) {
    this.device = device;
  }

  createBuffer(descriptor: GPUBufferDescriptor): GPUBuffer {
    this.counters.buffersCreated++;
    return this.device.createBuffer(descriptor);
  }

  createBindGroup(descriptor: GPUBindGroupDescriptor): GPUBindGroup {
    this.counters.bindGroupsCreated++;
    return this.device.createBindGroup(descriptor);
  }

  createPipeline(descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> {
    this.counters.pipelinesCreated++;
    return this.device.createComputePipelineAsync(descriptor);
  }

  /** Room for `count` timestamps, to be given to `destroyQuerySet`. */
  createQuerySet(label: string, count: number): GPUQuerySet {
    this.counters.liveQuerySets++;
    return this.device.createQuerySet({ label, type: 'timestamp', count });
  }

  /** Once only. */
  destroyQuerySet(querySet: GPUQuerySet): void {
    this.counters.liveQuerySets--;
    querySet.destroy();
  }

  /** Writes `bytes` bytes of `data`, from byte `from` of the view on. All multiples of 4. */
  write(buffer: GPUBuffer, offset: number, data: ArrayBufferView, from = 0, bytes = data.byteLength): void {
    this.counters.writes++;
    this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset + from, bytes);
  }

  copy(
    encoder: GPUCommandEncoder,
    source: GPUBuffer,
    sourceOffset: number,
    target: GPUBuffer,
    targetOffset: number,
    bytes: number,
  ): void {
    this.counters.copies++;
    encoder.copyBufferToBuffer(source, sourceOffset, target, targetOffset, bytes);
  }

  beginPass(
    encoder: GPUCommandEncoder,
    label: string,
    timestampWrites?: GPUComputePassTimestampWrites,
  ): GPUComputePassEncoder {
    this.counters.passes++;
    return encoder.beginComputePass(timestampWrites ? { label, timestampWrites } : { label });
  }

  dispatch(pass: GPUComputePassEncoder, x: number, y: number, z: number): void {
    this.counters.dispatches++;
    pass.dispatchWorkgroups(x, y, z);
  }

  submit(encoder: GPUCommandEncoder): void {
    this.counters.submits++;
    this.device.queue.submit([encoder.finish()]);
  }
}
