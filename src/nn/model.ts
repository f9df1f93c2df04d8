/** A network that trains: `compile`, `fit`, `evaluate`, `predict`, saving and verifying. */

import {
  type ColumnData,
  type ColumnSource,
  type Columns,
  requireTargets,
  toColumns,
} from '../data/columns.js';
import { type BatchSource, isBatchSource } from '../data/stream.js';
import {
  type Backend,
  currentBackend,
  HeddleError,
  type NDArray,
  PROFILE_OPTIONS,
  type Profile,
  type ProfileOptions,
  type Program,
  type ResidentTensor,
  rejectUnknownOptions,
  type TuningTable,
  type VerifyReport,
  verifyProgram,
} from '../engine/index.js';
import { checkedCount } from './checks.js';
import { checkRows, chosenBatchSize } from './fixed-batch.js';
import { ModelTuning } from './model-tuning.js';
import { Network } from './network.js';
import type { NetworkSpec, StackSpec } from './network-spec.js';
import { predictResident, predictRows } from './predict.js';
import type { SymbolicTensor } from './symbolic.js';
import { evaluateColumns } from './training/evaluate.js';
import { runFit } from './training/fit.js';
import type { FitOptions } from './training/fit-options.js';
import { Gate } from './training/gate.js';
import { Programs } from './training/programs.js';
import { FitRun } from './training/run.js';
import type { CompileOptions } from './training/setup.js';
import { type StepData, withTrainingStep } from './training/step-alone.js';
import { trainOnBatch } from './training/train-on-batch.js';
import { Trainer } from './training/trainer.js';

export interface BatchOptions {
  /** Examples per dispatch. Default: the model's own, where its batch is fixed, else 32. */
  readonly batchSize?: number;
}

const STEP_DATA: readonly (keyof StepData)[] = ['x', 'y', 'batchSize'];

export interface ModelProfileOptions extends ProfileOptions, Partial<StepData> {}

/** What `predict` gives: an array, or one for each output by name. */
export type Prediction = NDArray | Record<string, NDArray>;

/** The same, left on the device. */
type Resident<P extends Prediction> = P extends NDArray ? ResidentTensor : Record<string, ResidentTensor>;

/** `P` is what `predict` gives: an array for models of one output. */
export class Model<P extends Prediction = Prediction> extends Network {
  readonly #tuning = new ModelTuning(this);
  readonly #programs = new Programs(() => this.#tuning.for(() => this.#device()));
  readonly #gate = new Gate();
  #trainer: Trainer | null = null;
  #disposed = false;
  /** Being tuned, without a trainer that could say so. */
  #tuned = false;

  /**
   * Settles optimizer, loss and metrics. Weights stay; the optimizer starts anew.
   *
   * @throws HeddleError for unknown options and names, and for a model without layers.
   */
  compile(options: CompileOptions): void {
    this.#assertIdle('compile', this.#running);
    const trainer = new Trainer(this, options, this.#programs);
    this.#trainer?.dispose();
    this.#programs.dropTraining();
    this.#trainer = trainer;
    for (const scalar of Object.values(this.control)) scalar.assign(Uint32Array.of(0));
  }

  /**
   * The kernels that `tune` found for this model: a table by which its programs are compiled, on top of `init`'s, and which is saved with
   * it. `null`: none. Setting it drops what is compiled, not the weights.
   *
   * A table of another adapter is refused when the next program is compiled; but one that came with the model's file is kept and not used,
   * with one notice.
   *
   * @throws HeddleError for anything that is no table, and while the model trains.
   */
  get tuning(): TuningTable | null {
    return this.#tuning.table;
  }

  set tuning(table: TuningTable | null) {
    this.adoptTuning(table, false);
  }

  /** @internal Sets `tuning`, by hand or as it was `loaded`. */
  adoptTuning(table: TuningTable | null, loaded: boolean): void {
    if (this.#running !== 'tune') this.#assertIdle('tuning', this.#running);
    this.#tuning.set(table, loaded);
    this.#trainer?.forgetPrograms();
    this.#programs.renew();
  }

  /** @internal Runs `work` while nobody trains or compiles: a run whose kernels change under it could not be repeated. */
  async whileTuned<T>(work: () => Promise<T>): Promise<T> {
    if (this.#trainer) return this.#trainer.exclusively('tune', work);
    this.#assertIdle('tune', this.#running);
    this.#tuned = true;
    try {
      return await work();
    } finally {
      this.#tuned = false;
    }
  }

  /** The call in work that nobody else may train beside; empty when there is none. */
  get #running(): string {
    return this.#tuned ? 'tune' : (this.#trainer?.running ?? '');
  }

  #assertIdle(op: string, running: string): void {
    if (running === '') return;
    throw new HeddleError({
      op,
      message: `model '${this.name}' is ${running === 'tune' ? 'being tuned' : 'training'}`,
      roles: ['model'],
      values: { model: this.name },
      fix: running === 'tune' ? 'await tune(), or end it by its signal' : 'await the run in work first',
    });
  }

  /** The device of the weights, else the one in use. */
  async #device(): Promise<Backend> {
    const shared = this.weights.find((weight) => weight.store.backend)?.store.backend;
    return this.store.backend ?? shared ?? currentBackend();
  }

  /** The program of the last training, that of full batches: for `print()`, `stats()` and `verify`. `null` before, and after `tuning` was set. */
  get program(): Program | null {
    return this.#trainer?.mainProgram ?? null;
  }

  /** Whether `compile` has been called. */
  get compiled(): boolean {
    return this.#trainer !== null;
  }

  /** @internal The training side: setup, position, programs. Throws before `compile` and after `dispose`. */
  trainer(op: string): Trainer {
    if (this.#trainer) return this.#trainer;
    throw new HeddleError({
      op,
      message: `model '${this.name}' ${this.#disposed ? 'was disposed' : 'has not been compiled'}`,
      roles: ['model'],
      values: { model: this.name },
      fix: this.#disposed
        ? `make the model again, or dispose of it after ${op}()`
        : `call compile({ optimizer, loss }) before ${op}()`,
    });
  }

  /**
   * Trains; starts at once. `await` the result for the history, iterate it for an event per step, `stop()` it to end early. Other
   * calls, `predict` too, run between whole steps.
   *
   * @param x typed arrays (bare, or with a shape), nested arrays, tensors, `{ name: … }` for several inputs, or an iterable of batches
   * `{ x, y, sampleWeight? }`, in which case `y` is left out.
   * @throws (as a rejection) HeddleError for data that does not fit, before `compile`, during another fit, and for a loss that is not
   * finite; `AbortError` when `signal` is aborted. The weights are then those of the last full step.
   */
  fit(x: ColumnData, y: ColumnData, options?: FitOptions): FitRun;
  fit(batches: BatchSource, options?: FitOptions): FitRun;
  fit(x: ColumnData | BatchSource, y?: ColumnData | FitOptions, options: FitOptions = {}): FitRun {
    return new FitRun(async (run) => {
      const trainer = this.trainer('fit');
      const streamed = isBatchSource(x);
      const chosen = streamed ? ((y ?? {}) as FitOptions) : options;
      const source = streamed
        ? x
        : { x: x as ColumnData, y: y as ColumnData, sampleWeight: chosen.sampleWeight };
      return trainer.exclusively('fit', () => runFit(trainer, source, chosen, run, this));
    });
  }

  /** Means of loss and metrics over data: `{ loss, accuracy, … }`. Throws like `fit`. */
  async evaluate(
    x: ColumnData,
    y: ColumnData,
    options: BatchOptions & Pick<ColumnSource, 'sampleWeight'> = {},
  ): Promise<Record<string, number>> {
    rejectUnknownOptions('evaluate', options, ['batchSize', 'sampleWeight']);
    const trainer = this.trainer('evaluate');
    const batchSize = this.#batchSize('evaluate', options);
    const columns = await trainer.columns('evaluate', { x, y, sampleWeight: options.sampleWeight });
    requireTargets('evaluate', columns);
    checkRows('evaluate', 'x', this, columns.rows);
    return this.beside(() => evaluateColumns(trainer, 'evaluate', columns, batchSize));
  }

  /** One step on one batch; resolves to its loss and metrics. */
  async trainOnBatch(
    x: ColumnData,
    y: ColumnData,
    sampleWeight?: ColumnSource['sampleWeight'],
  ): Promise<Record<string, number>> {
    const trainer = this.trainer('trainOnBatch');
    return trainer.exclusively('trainOnBatch', async () => {
      await trainer.backend();
      const columns = await trainer.columns('trainOnBatch', { x, y, sampleWeight });
      requireTargets('trainOnBatch', columns);
      checkRows('trainOnBatch', 'x', this, columns.rows, 1);
      return trainOnBatch(trainer, columns);
    });
  }

  /** The outputs for any number of rows, 0 and 1 too. One array, or one by name for several outputs. */
  async predict(x: ColumnData, options: BatchOptions = {}): Promise<P> {
    rejectUnknownOptions('predict', options, ['batchSize']);
    const batchSize = this.#batchSize('predict', options);
    const columns = await this.#inputColumns('predict', x);
    checkRows('predict', 'x', this, columns.rows);
    const rows = await this.beside(() => predictRows(this, this.#programs, columns, batchSize));
    return this.#named(rows) as P;
  }

  /** `predict` without a readback: a tensor with its `GPUBuffer`, which the caller disposes. One program per number of rows. */
  async predictOnGpu(x: ColumnData): Promise<Resident<P>> {
    const columns = await this.#inputColumns('predictOnGpu', x);
    checkRows('predictOnGpu', 'x', this, columns.rows, 1);
    const rows = await this.beside(() => predictResident(this, this.#programs, columns));
    return this.#named(rows) as Resident<P>;
  }

  /**
   * Verifies the very program that trains, dispatch by dispatch, against the reference; afterwards everything is as it was. Other calls
   * wait until then. Without data: on the data of the last `fit`.
   *
   * @throws HeddleError before `compile`, during a `fit`, without data where nothing was trained, and on the CPU device.
   */
  async verify(data?: StepData): Promise<VerifyReport> {
    if (data) rejectUnknownOptions('verify', data, STEP_DATA);
    return this.#inspect('verify', data, verifyProgram);
  }

  /**
   * Where a training step's time goes: `Program.profile` on the very program that trains, over `{ x, y }`, by default the data of the last
   * `fit`. Other calls wait until then; weights, optimizer and counters are afterwards what they were, bit for bit.
   *
   * @throws HeddleError as `verify` does, and for options out of range.
   */
  async profile(options: ModelProfileOptions = {}): Promise<Profile> {
    rejectUnknownOptions('profile', options, [...STEP_DATA, ...PROFILE_OPTIONS]);
    const { x, y, batchSize, ...rest } = options;
    if ((x === undefined) !== (y === undefined) || (x === undefined && batchSize !== undefined)) {
      throw new HeddleError({
        op: 'profile',
        message: 'a batch is x and y, of batchSize rows at most, and one of them is missing',
        roles: ['x', 'y'],
        values: { batchSize },
        fix: 'pass both, model.profile({ x, y }), or neither after a fit',
      });
    }
    const size = batchSize === undefined ? {} : { batchSize };
    const data = x === undefined || y === undefined ? undefined : { x, y, ...size };
    return this.#inspect('profile', data, (program) => program.profile({}, rest));
  }

  async #inspect<T>(
    op: 'verify' | 'profile',
    data: StepData | undefined,
    work: (program: Program) => Promise<T>,
  ): Promise<T> {
    const trainer = this.trainer(op);
    return trainer.exclusively(op, () => this.#gate.alone(() => withTrainingStep(op, trainer, data, work)));
  }

  /** @internal Runs what looks at the weights, while nobody verifies or profiles them. */
  beside<T>(work: () => Promise<T>): Promise<T> {
    return this.#gate.together(work);
  }

  /** As `Network.setWeights`; not while the model is verified or profiled, which puts back the weights that it found. */
  override setWeights(values: Parameters<Network['setWeights']>[0]): void {
    const running = this.#trainer?.running;
    if (running === 'verify' || running === 'profile') {
      throw new HeddleError({
        op: 'setWeights',
        message: `model '${this.name}' is being ${running === 'verify' ? 'verified' : 'profiled'}`,
        roles: ['model'],
        values: { model: this.name },
        fix: `await ${running}() first`,
      });
    }
    super.setWeights(values);
  }

  override getWeights(): Promise<NDArray[]> {
    return this.beside(() => super.getWeights());
  }

  /** Frees everything that the model has on the device. */
  override dispose(): void {
    this.#disposed = true;
    this.#trainer?.dispose();
    this.#trainer = null;
    this.#programs.dispose();
    super.dispose();
  }

  #batchSize(op: string, { batchSize }: BatchOptions): number {
    const given = batchSize === undefined ? undefined : checkedCount(op, 'batchSize', batchSize);
    return chosenBatchSize(op, this, given);
  }

  #inputColumns(op: string, x: ColumnData): Promise<Columns> {
    return toColumns({ x }, { ...this.inputSpec, targets: [] }, { op, empty: true });
  }

  #named<T>(values: readonly T[]): T | Record<string, T> {
    if (values.length === 1) return values[0] as T;
    return Object.fromEntries(values.map((value, index) => [this.outputNames[index] ?? '', value]));
  }
}

export interface SequentialOptions {
  /** Default `sequential`. */
  readonly name?: string;
  /** Of initialisation, shuffling and dropout. Default: `init`'s, else 0. */
  readonly seed?: number;
}

/** A stack of layers, each fed by the one before; the first names its `inputShape`, or is an `input()`. `add()` appends more. */
export function sequential(
  layers: StackSpec['layers'] = [],
  options: SequentialOptions = {},
): Model<NDArray> {
  rejectUnknownOptions('sequential', options, ['name', 'seed']);
  return new Model({ layers, defaultName: 'sequential', ...options });
}

export interface ModelOptions extends SequentialOptions {
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
}

/** A graph of layers from `inputs` to `outputs`. */
export function model(options: ModelOptions & { readonly outputs: SymbolicTensor }): Model<NDArray>;
export function model(options: ModelOptions): Model;
export function model(options: ModelOptions): Model {
  rejectUnknownOptions('model', options, ['inputs', 'outputs', 'name', 'seed']);
  return new Model(options satisfies NetworkSpec);
}
