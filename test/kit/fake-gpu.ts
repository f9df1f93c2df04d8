/** A GPU device that executes nothing: it records the calls, and fails where a test tells it to. */

export interface FakeDevice {
  readonly device: GPUDevice;
  /** Calls in order: `createBuffer heddle x arena 0`, `setPipeline a`, `dispatch 1 1 1`, `submit`, … */
  readonly calls: string[];
  /** Bytes written by `writeBuffer`, by buffer label. */
  readonly written: Map<string, Uint8Array[]>;
  /** The next error scope of this kind reports `message`. */
  failNext(filter: GPUErrorFilter, message: string): void;
  uncaptured(message: string): void;
  lose(reason: GPUDeviceLostReason, message: string): void;
  /** While true, `mapAsync` and `onSubmittedWorkDone` never settle. */
  hang: boolean;
  /** Bytes of buffers that are created and not destroyed. */
  liveBytes(): number;
}

export function fakeDevice(): FakeDevice {
  const calls: string[] = [];
  const written = new Map<string, Uint8Array[]>();
  const live = new Map<object, number>();
  const planned = new Map<GPUErrorFilter, string>();
  const scopes: GPUErrorFilter[] = [];
  const listeners = new Set<(event: { error: { message: string } }) => void>();
  let lose: (info: { reason: GPUDeviceLostReason; message: string }) => void = () => {};
  const never = new Promise<never>(() => {});

  const createBuffer = ({ label = '', size }: GPUBufferDescriptor) => {
    calls.push(`createBuffer ${label}`);
    const memory = new ArrayBuffer(size);
    const buffer = {
      label,
      size,
      mapAsync: () => (fake.hang ? never : Promise.resolve()),
      getMappedRange: (offset = 0, bytes = size) => memory.slice(offset, offset + bytes),
      unmap() {},
      destroy: () => live.delete(buffer),
    };
    live.set(buffer, size);
    return buffer;
  };
  const pass = {
    setPipeline: ({ label }: GPUComputePipeline) => calls.push(`setPipeline ${label}`),
    setBindGroup: (_: number, { label }: GPUBindGroup) => calls.push(`setBindGroup ${label}`),
    dispatchWorkgroups: (x: number, y: number, z: number) => calls.push(`dispatch ${x} ${y} ${z}`),
    end: () => calls.push('end'),
  };
  const labelled = (method: string) => (descriptor: GPUObjectDescriptorBase) => {
    calls.push(method);
    return { label: descriptor.label ?? '' };
  };
  const device = {
    limits: {
      maxBufferSize: 1 << 20,
      maxStorageBuffersPerShaderStage: 8,
      maxStorageBufferBindingSize: 1 << 20,
      maxComputeWorkgroupsPerDimension: 65_535,
    },
    features: new Set<string>(),
    lost: new Promise((resolve) => {
      lose = resolve;
    }),
    addEventListener: (_: string, listener: typeof listeners extends Set<infer L> ? L : never) =>
      listeners.add(listener),
    removeEventListener: (_: string, listener: typeof listeners extends Set<infer L> ? L : never) =>
      listeners.delete(listener),
    pushErrorScope: (filter: GPUErrorFilter) => scopes.push(filter),
    popErrorScope: () => {
      const filter = scopes.pop() ?? 'validation';
      const message = planned.get(filter);
      planned.delete(filter);
      return Promise.resolve(message === undefined ? null : { message });
    },
    createBuffer,
    createBindGroup: labelled('createBindGroup'),
    createBindGroupLayout: labelled('createBindGroupLayout'),
    createPipelineLayout: labelled('createPipelineLayout'),
    createShaderModule: ({ label = '' }: GPUShaderModuleDescriptor) => ({
      label,
      getCompilationInfo: () => Promise.resolve({ messages: [] }),
    }),
    createComputePipelineAsync: ({ label = '' }: GPUComputePipelineDescriptor) => {
      calls.push(`createPipeline ${label}`);
      return Promise.resolve({ label });
    },
    createCommandEncoder: () => ({
      beginComputePass: () => {
        calls.push('beginPass');
        return pass;
      },
      copyBufferToBuffer: (source: GPUBuffer) => calls.push(`copy ${source.label}`),
      finish: () => ({}),
    }),
    queue: {
      submit: (buffers: readonly unknown[]) => buffers.length > 0 && calls.push('submit'),
      onSubmittedWorkDone: () => (fake.hang ? never : Promise.resolve()),
      writeBuffer: (target: GPUBuffer, _: number, data: ArrayBuffer, from: number, bytes: number) => {
        calls.push(`write ${target.label}`);
        written.set(target.label, [
          ...(written.get(target.label) ?? []),
          new Uint8Array(data.slice(from, from + bytes)),
        ]);
      },
    },
    destroy: () => lose({ reason: 'destroyed', message: '' }),
  };
  const fake: FakeDevice = {
    // The fake has the part of the interface that the runtime calls.
    device: device as unknown as GPUDevice,
    calls,
    written,
    failNext: (filter, message) => planned.set(filter, message),
    uncaptured: (message) => {
      for (const listener of listeners) listener({ error: { message } });
    },
    lose: (reason, message) => lose({ reason, message }),
    hang: false,
    liveBytes: () => [...live.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
  return fake;
}
