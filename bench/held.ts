/**
 * What an engine holds on the device, counted at the WebGPU interface, for every engine in the same way: the sizes of all buffers that it
 * made or used while it was watched and has not destroyed. Buffers that a pool kept from earlier work and that nobody used meanwhile
 * are not held against it.
 */

type Method = (this: never, ...args: never[]) => unknown;
/** Sees a call: what it was made on, with what, and what it gave. */
type Seen = (on: unknown, args: readonly unknown[], result: unknown) => void;

export class HeldBuffers {
  readonly #live = new Set<GPUBuffer>();
  #bytes = 0;
  #peak = 0;

  /** Bytes, at most, since the last `restart`. */
  get peak(): number {
    return this.#peak;
  }

  /** Forgets the peak, not the buffers. */
  restart(): void {
    this.#peak = this.#bytes;
  }

  /** Watches while `work` runs. No other engine may run meanwhile. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    const restore = this.#methods().map(([prototype, name, seen]) => watched(prototype, name, seen));
    try {
      return await work();
    } finally {
      for (const undo of restore) undo();
    }
  }

  #methods(): readonly (readonly [object, string, Seen])[] {
    return [
      [GPUDevice.prototype, 'createBuffer', (_on, _args, buffer) => this.#use(buffer as GPUBuffer)],
      [GPUBuffer.prototype, 'destroy', (buffer) => this.#drop(buffer as GPUBuffer)],
      [
        GPUDevice.prototype,
        'createBindGroup',
        (_on, [asked]) => this.#useAll(asked as GPUBindGroupDescriptor),
      ],
      [GPUQueue.prototype, 'writeBuffer', (_on, [buffer]) => this.#use(buffer as GPUBuffer)],
      [
        GPUCommandEncoder.prototype,
        'copyBufferToBuffer',
        (_on, args) => {
          for (const one of args) if (one instanceof GPUBuffer) this.#use(one);
        },
      ],
    ];
  }

  #useAll({ entries }: GPUBindGroupDescriptor): void {
    for (const { resource } of entries) {
      if (resource instanceof GPUBuffer) this.#use(resource);
      else if ('buffer' in resource) this.#use(resource.buffer);
    }
  }

  #use(buffer: GPUBuffer): void {
    if (this.#live.has(buffer)) return;
    this.#live.add(buffer);
    this.#bytes += buffer.size;
    this.#peak = Math.max(this.#peak, this.#bytes);
  }

  #drop(buffer: GPUBuffer): void {
    if (this.#live.delete(buffer)) this.#bytes -= buffer.size;
  }
}

function watched(owner: object, name: string, seen: Seen): () => void {
  const prototype = owner as Record<string, Method>;
  const original = prototype[name] as Method;
  prototype[name] = function (...args) {
    const result = original.apply(this, args);
    seen(this, args, result);
    return result;
  };
  return () => {
    prototype[name] = original;
  };
}
