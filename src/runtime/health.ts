/**
 * What can go wrong with a device at any moment: it is lost, or an error surfaces that no scope was waiting for. Every wait
 * in the runtime goes through `guard`, so that nothing hangs on a lost device and no error is dropped.
 */

import { HeddleError } from '../core/errors.js';

/** The result of work done inside error scopes. `error` never rejects: it settles with what the device objects to, if anything. */
export interface Scoped<T> {
  readonly value: T;
  readonly error: Promise<HeddleError | null>;
}

export class Health {
  /** Settles, with the error that every call then throws, when the device is lost or released. Never rejects. */
  readonly lost: Promise<HeddleError>;
  readonly #device: GPUDevice;
  readonly #borrowed: boolean;
  readonly #waiting = new Set<(error: HeddleError) => void>();
  #faults: HeddleError[] = [];
  #loss: HeddleError | null = null;
  #announce: (error: HeddleError) => void = () => {};

  constructor(device: GPUDevice, borrowed: boolean) {
    this.#device = device;
    this.#borrowed = borrowed;
    this.lost = new Promise((resolve) => {
      this.#announce = resolve;
    });
    device.addEventListener('uncapturederror', this.#onUncaptured);
    void device.lost.then(({ reason, message }) => this.end(lossError(reason, message)));
  }

  get loss(): HeddleError | null {
    return this.#loss;
  }

  /** Throws the loss, if there was one. */
  assertAlive(): void {
    if (this.#loss) throw this.#loss;
  }

  /** Keeps a fault to be thrown by the next `guard`. */
  report(fault: HeddleError): void {
    this.#faults.push(fault);
  }

  /** Makes `error` the reason why every pending and later call fails. The first reason stays. */
  end(error: HeddleError): void {
    if (this.#loss) return;
    this.#loss = error;
    this.#device.removeEventListener('uncapturederror', this.#onUncaptured);
    this.#announce(error);
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  /**
   * Waits for a promise of the device's. Rejects with a `HeddleError` when the device is lost before or meanwhile, when the
   * promise rejects, and when a fault has been reported since the last wait.
   */
  guard<T>(work: Promise<T>): Promise<T> {
    // No Promise.race with `lost`: each race would leave a reaction on that promise for as long as the device lives.
    return new Promise((resolve, reject) => {
      if (this.#loss) {
        work.catch(() => {});
        reject(this.#loss);
        return;
      }
      this.#waiting.add(reject);
      work.then(
        (value) => {
          this.#waiting.delete(reject);
          const [fault] = this.#faults;
          this.#faults = [];
          if (fault) reject(fault);
          else resolve(value);
        },
        (error: unknown) => {
          // A map may be aborted a moment before the loss that aborted it is announced; the loss says more.
          setTimeout(() => {
            this.#waiting.delete(reject);
            reject(this.#loss ?? asHeddleError(error));
          }, 0);
        },
      );
    });
  }

  /**
   * Runs `work` inside scopes for validation and memory errors. `work` must be synchronous: scopes are a stack of the whole
   * device, and another caller's errors would fall into a scope held over an await. Errors carry `op` and `values`.
   */
  scoped<T>(op: string, values: Readonly<Record<string, unknown>>, work: () => T): Scoped<T> {
    this.assertAlive();
    this.#device.pushErrorScope('out-of-memory');
    this.#device.pushErrorScope('validation');
    const pop = (): Promise<HeddleError | null> =>
      this.#outcome(op, values, this.#device.popErrorScope(), this.#device.popErrorScope());
    let value: T;
    try {
      value = work();
    } catch (thrown) {
      void pop();
      throw thrown;
    }
    return { value, error: pop() };
  }

  async #outcome(
    op: string,
    values: Readonly<Record<string, unknown>>,
    validation: Promise<GPUError | null>,
    memory: Promise<GPUError | null>,
  ): Promise<HeddleError | null> {
    const [invalid, exhausted] = await Promise.all([validation, memory]).catch(() => [null, null]);
    if (this.#loss) return this.#loss;
    if (exhausted) return memoryError(op, values, exhausted);
    if (!invalid) return null;
    return new HeddleError({
      op,
      message: `WebGPU refuses the work: ${invalid.message}`,
      values,
      fix: 'this is a fault of the kernel or of the plan, not of the data',
      cause: invalid,
    });
  }

  readonly #onUncaptured = ({ error }: GPUUncapturedErrorEvent): void => {
    // The owner of a borrowed device makes errors of its own. Ours name a label of ours.
    if (this.#borrowed && !error.message.includes('heddle')) return;
    this.report(
      new HeddleError({ op: 'device', message: `uncaptured GPU error: ${error.message}`, cause: error }),
    );
  };
}

function lossError(reason: GPUDeviceLostReason, message: string): HeddleError {
  return new HeddleError({
    op: 'device',
    message: `the GPU device was lost (${reason})${message ? `: ${message}` : ''}`,
    values: { reason, message },
    fix: 'acquire a new device and load the last saved weights',
  });
}

function memoryError(op: string, values: Readonly<Record<string, unknown>>, cause: GPUError): HeddleError {
  const sizes = Object.entries(values).map(([name, value]) => `${name} ${value}`);
  return new HeddleError({
    op,
    message: `the GPU is out of memory (${sizes.join(', ')})`,
    values,
    fix: 'use a smaller batch, or dispose of models that are no longer needed',
    cause,
  });
}

function asHeddleError(error: unknown): HeddleError {
  if (error instanceof HeddleError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new HeddleError({ op: 'device', message: `the GPU gave up the work: ${text}`, cause: error });
}
