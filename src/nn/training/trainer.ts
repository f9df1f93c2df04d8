/** The training side of a model: its setup, its data on the device, its programs, and how far it has come. */

import { type ColumnSource, type Columns, toColumns } from '../../data/columns.js';
import type { DataSpec } from '../../data/spec.js';
import {
  type Backend,
  currentBackend,
  HeddleError,
  ops,
  type Program,
  type ProgramSpec,
  type Tensor,
} from '../../engine/index.js';
import type { Network } from '../network.js';
import { batchOf, symbolicBatch } from './batches.js';
import { Dataset, fitsDevice, signatureOf } from './dataset.js';
import type { Programs, Progress } from './programs.js';
import { type CompileOptions, createSetup, disposeSetup, type Setup } from './setup.js';
import { evaluationUpdates, trainingUpdates } from './step.js';

/** Where the next step stands; saved with the model. */
export interface Position {
  /** Epochs done in the model's life. Seeds the order of rows in the one that stands next. */
  epoch: number;
  /** Steps done in that one, where it was interrupted. */
  batch: number;
  /** Steps done since `compile`. */
  step: number;
  /** Of the epoch that stands next, where it was interrupted: it can only go on with as many. For iterables 0, and the steps of an
   * epoch. */
  rows: number;
  batchSize: number;
}

/** From the number of steps done to the position then. */
export type Locate = (step: number) => Position;

/** What a data set on the device is for (`inspect`: to verify and to profile); each use keeps one. */
export type Use = 'train' | 'validate' | 'evaluate' | 'inspect';

export class Trainer {
  readonly network: Network;
  readonly setup: Setup;
  readonly options: CompileOptions;
  readonly programs: Programs;
  readonly position: Position = { epoch: 0, batch: 0, step: 0, rows: 0, batchSize: 0 };
  readonly #datasets = new Map<Use, Dataset>();
  #evaluations: Promise<unknown> = Promise.resolve();
  /** The program that trained last. */
  lastProgram: Program | null = null;
  /** The program of the last run with the largest batches: what is printed and verified. */
  mainProgram: Program | null = null;
  /** The user that keeps it from being given up. */
  readonly #main = {};
  #largest = 0;
  #disposed = false;
  /** The call in work that trains: `fit`, `trainOnBatch`; empty when there is none. */
  running = '';

  constructor(network: Network, options: CompileOptions, programs: Programs) {
    this.network = network;
    this.options = options;
    this.programs = programs;
    this.setup = createSetup(network, options);
  }

  get busy(): boolean {
    return this.running !== '';
  }

  /** The device that the model's variables live on. */
  async backend(): Promise<Backend> {
    const { store, weights } = this.network;
    // Weights that another model shares may have a device already.
    const shared = weights.find((weight) => weight.store.backend)?.store.backend;
    const backend = store.backend ?? shared ?? (await currentBackend());
    store.bind(backend);
    return backend;
  }

  get dataSpec(): DataSpec {
    const { network, setup } = this;
    return {
      ...network.inputSpec,
      targets: network.outputs.map((output, index) => {
        const shape = [null, ...output.shape.slice(1)];
        const name = network.outputNames[index] ?? '';
        const target = setup.losses[index]?.target;
        if (target === 'classes') {
          const classes = shape.at(-1) ?? Number.POSITIVE_INFINITY;
          return { name, shape: shape.slice(0, -1), dtype: 'int32' as const, classes };
        }
        return { name, shape: target === 'values' ? shape : null, dtype: 'float32' as const };
      }),
    };
  }

  columns(op: string, source: ColumnSource): Promise<Columns> {
    return toColumns(source, this.dataSpec, { op });
  }

  /** The data on the device, in the buffers of the last set for the same use where they fit; `null` where they are too large. */
  async dataset(use: Use, columns: Columns): Promise<Dataset | null> {
    const backend = await this.backend();
    if (!fitsDevice(columns, backend)) return null;
    const known = this.#datasets.get(use);
    if (known?.signature === signatureOf(columns)) {
      await known.refill(columns);
      return known;
    }
    if (known) {
      if (use === 'train') this.mainProgram = null;
      this.programs.drop(`${use} `);
      this.#datasets.delete(use);
      known.dispose();
    }
    const dataset = await Dataset.upload(this.network.store, backend, columns, this.dataSpec);
    if (this.#disposed) {
      dataset.dispose();
      throw new HeddleError({
        op: use,
        message: `model '${this.network.name}' was compiled again or disposed meanwhile`,
        roles: ['model'],
        values: { model: this.network.name },
        fix: 'await what is in work before compile() and dispose()',
      });
    }
    this.#datasets.set(use, dataset);
    return dataset;
  }

  /** A training step of `size` rows of `dataset`. */
  trainingProgram(use: Use, dataset: Dataset, size: number, onProgress?: Progress): Promise<Program> {
    const { network, setup, programs } = this;
    const spec = () => {
      const batch = batchOf(dataset, dataset.batch(network.control.cursor, size));
      return {
        name: `${network.name}/train`,
        updates: trainingUpdates(network, setup, network.control, batch),
      };
    };
    return programs.get(`${use} ${size}`, this, spec, onProgress);
  }

  /** An evaluation step of `size` rows of `dataset`. */
  evaluationProgram(use: Use, dataset: Dataset, size: number, onProgress?: Progress): Promise<Program> {
    const { network, setup, programs } = this;
    const spec = () => {
      const batch = batchOf(dataset, dataset.batch(setup.evaluation.control.cursor, size));
      return { name: `${network.name}/evaluate`, updates: evaluationUpdates(network, setup, batch) };
    };
    return programs.get(`${use} ${size}`, setup.evaluation, spec, onProgress);
  }

  /** A step on batches like `columns` that are fed from the host. */
  fedProgram(mode: 'train' | 'evaluate', columns: Columns, onProgress?: Progress): Promise<Program> {
    const user = mode === 'train' ? this : this.setup.evaluation;
    const spec = () => this.fedSpec(mode, columns);
    return this.programs.get(`fed ${mode} ${signatureOf(columns)}`, user, spec, onProgress);
  }

  /** The same before it is compiled. */
  fedSpec(mode: 'train' | 'evaluate', columns: Columns): ProgramSpec {
    const { network, setup } = this;
    const { batch, inputs } = symbolicBatch(columns, (value, index) => this.#converted(value, index));
    const updates =
      mode === 'train'
        ? trainingUpdates(network, setup, network.control, batch)
        : evaluationUpdates(network, setup, batch);
    return { name: `${network.name}/${mode} fed`, inputs, updates };
  }

  /** Forgets the programs that trained: they are compiled anew. */
  forgetPrograms(): void {
    this.lastProgram = null;
    this.mainProgram = null;
    this.programs.letGo(this.#main);
  }

  /** A fed column in the dtype that the model computes with; bytes become numbers on the device. */
  #converted(value: Tensor, index: number): Tensor {
    const { inputs, targets } = this.dataSpec;
    const dtype = [...inputs, ...targets][index]?.dtype ?? 'float32';
    return value.dtype === dtype ? value : ops.cast(value, dtype);
  }

  /** Where the model stands after a number of steps on the device, as the fit in work knows it. */
  followed: (() => Locate) | null = null;

  /** For `save`, which reads what the device has done by then. */
  locator(): Locate {
    const position = { ...this.position };
    return this.followed?.() ?? ((step) => ({ ...position, step }));
  }

  /** Takes over the number of steps that the device has done: graph programs count on too. */
  async settle(): Promise<void> {
    const locate = this.locator();
    const [step = 0] = await this.network.control.step.data();
    Object.assign(this.position, locate(step));
  }

  /** Forgets what ended an earlier run whose end nobody waited for. */
  clearFaults(): void {
    const { halted, fault } = this.network.control;
    for (const flag of [halted, fault]) flag.assign(Uint32Array.of(0));
  }

  /** Runs `work` as the only evaluation: all of them count in the same variables. */
  evaluating<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#evaluations.then(work).finally(() => this.programs.letGo(this.setup.evaluation));
    this.#evaluations = result.catch(() => {});
    return result;
  }

  /** Notes that `program` trains on batches of `size`. */
  ran(program: Program, size: number): void {
    this.lastProgram = program;
    if (size < this.#largest) return;
    this.#largest = size;
    this.mainProgram = program;
    this.programs.letGo(this.#main);
    this.programs.hold(program, this.#main);
  }

  /** Runs `work` as the only training of the model. */
  async exclusively<T>(op: string, work: () => Promise<T>): Promise<T> {
    if (this.busy) {
      throw new HeddleError({
        op,
        message: `model '${this.network.name}' is ${this.running === 'tune' ? 'being tuned' : 'already training'}`,
        roles: ['model'],
        values: { model: this.network.name },
        fix:
          this.running === 'tune'
            ? 'await tune(), or end it by its signal'
            : 'await the run in work, or end it with run.stop()',
      });
    }
    this.running = op;
    this.#largest = 0;
    try {
      return await work();
    } finally {
      this.programs.letGo(this);
      this.running = '';
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const dataset of this.#datasets.values()) dataset.dispose();
    this.#datasets.clear();
    disposeSetup(this.network, this.setup);
  }
}
