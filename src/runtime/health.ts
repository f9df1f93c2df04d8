/**
 * What can go wrong with a device at any moment: it is lost, or an error surfaces that no scope was waiting for. Every wait
 * in the runtime goes through `guard`, so that nothing hangs on a lost device and no error is dropped.
 */

import { HeddleError } from '../core/errors.js';
import { nudge } from './nudge.js';

/** The result of work done inside error scopes. `error` never rejects: it settles with what the device objects to, if anything. */
export interface Scoped<T> {
  readonly value: T;
  readonly error: Promise<HeddleError | null>;
}

/** How long after aborting work a browser may take to announce the loss, in milliseconds. */
const LOSS_DELAY = 500;

export class Health {
  /** Settles, with the error that every call then throws, when the device is lost or released. Never rejects. */
  readonly lost: Promise<HeddleError>;
  readonly #device: GPUDevice;
  readonly #borrowed: boolean;
  readonly #waiting = new Set<(error: HeddleError) => void>();
  readonly #verdicts = new Set<Promise<void>>();
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

  /** `report` for a verdict still on its way: a `guard` that ends before it waits for it. */
  reportWhenKnown(error: Promise<HeddleError | null>): void {
    const verdict = error.then((fault) => {
      this.#verdicts.delete(verdict);
      if (fault && fault !== this.#loss) this.report(fault);
    });
    this.#verdicts.add(verdict);
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
      const stopNudging = nudge(this.#device.queue);
      work.then(stopNudging, stopNudging);
      const fail = (error: unknown): void => {
        stopNudging();
        reject(error);
      };
      this.#waiting.add(fail);
      const settle = (finish: () => void): void => {
        if (this.#waiting.delete(fail)) finish();
      };
      work
        .then(async (value) => {
          if (this.#verdicts.size > 0) await Promise.all(this.#verdicts);
          const [fault] = this.#faults;
          this.#faults = [];
          if (fault) throw fault;
          settle(() => resolve(value));
        })
        .catch((error: unknown) => {
          // Work is aborted a moment before the loss that aborted it is announced, and the loss says more.
          const delay = isAbort(error) ? LOSS_DELAY : 0;
          setTimeout(() => settle(() => fail(asHeddleError(error))), delay);
        });
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
      new HeddleError({
        op: 'device',
        message: `uncaptured GPU error: ${error.message}`,
        fix: 'this is a fault of a kernel or of the runtime, not of the data',
        cause: error,
      }),
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

const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || error.name === 'OperationError');

function asHeddleError(error: unknown): HeddleError {
  if (error instanceof HeddleError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new HeddleError({
    op: 'device',
    message: `the GPU gave up the work: ${text}`,
    fix: 'try again; if it happens again, acquire a new device',
    cause: error,
  });
}
