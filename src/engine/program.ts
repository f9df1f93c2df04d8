/** A compiled program: fed, run once or many times in one submit, printed and counted. */

import { type PlanStats, stats } from '../compiler/stats.js';
import { HeddleError, rejectUnknownOptions, unknownName } from '../core/errors.js';
import { sizeOf } from '../core/shape.js';
import type { Graph, HostTensor, TensorType, VariableRef } from '../ir/graph.js';
import { printPlan } from '../ir/print.js';
import type { Backend, DeviceTensor, Executor } from './backend.js';
import { type ArrayLike, NDArray, toHostTensor } from './ndarray.js';
import { checkProfileOptions, type Profile, type ProfileOptions, profileProgram } from './profile.js';
import { residentOf } from './resident.js';
import { assertAlive } from './store.js';
import { ResidentTensor } from './tensor.js';

export interface RunOptions {
  /** How often to run, as one submit. Default 1. Outputs are those of the last run. */
  readonly times?: number;
  /** Outputs to collect over all runs: each comes back with a leading dimension of `times`. */
  readonly collect?: readonly string[];
}

export type Feeds = Readonly<Record<string, ArrayLike | ResidentTensor>>;

/** What `compile` puts together. */
export interface ProgramSource {
  readonly name: string;
  readonly graph: Graph;
  /** All that `graph` reads or updates. */
  readonly variables: readonly VariableRef[];
  readonly backend: Backend;
  readonly executor: Executor;
  /** Names of `graph.inputs` whose data lie on the device already. */
  readonly residents: ReadonlySet<string>;
}

export class Program {
  readonly name: string;
  readonly backend: Backend;
  readonly executor: Executor;
  readonly #source: ProgramSource;

  constructor(source: ProgramSource) {
    this.name = source.name;
    this.backend = source.backend;
    this.executor = source.executor;
    this.#source = source;
  }

  /**
   * Runs the program and resolves to its outputs by name. All of `times` runs are one submit with one readback.
   *
   * @throws HeddleError for a missing or unknown input, a shape that does not fit, an unknown output in `collect`, an unknown option,
   * and where the program or a variable of it was disposed.
   */
  async run(feeds: Feeds = {}, options: RunOptions = {}): Promise<Record<string, NDArray>> {
    rejectUnknownOptions('run', options, ['times', 'collect']);
    const { times = 1, collect = [] } = options;
    if (!Number.isInteger(times) || times < 1) {
      throw new HeddleError({
        op: 'run',
        message: `times is ${times}`,
        roles: ['times'],
        values: { times },
        fix: 'use a positive integer',
      });
    }
    for (const name of collect) this.#outputType(name);
    this.feed(feeds);
    const results = await this.executor.run({ times, collect });
    return Object.fromEntries(
      [...results].map(([name, { data, shape, dtype }]) => [name, new NDArray(data, shape, dtype)]),
    );
  }

  /** Queues `times` runs as one submit and does not wait: for loops that read nothing until later. */
  submit(feeds: Feeds = {}, times = 1): void {
    this.feed(feeds);
    this.executor.submit(times);
  }

  /** A copy of output `name` of the last run queued, left on the device. The caller disposes the tensor. */
  keep(name: string): ResidentTensor {
    this.#outputType(name);
    return new ResidentTensor(this.executor.keep(name));
  }

  /** Sets the inputs for the runs queued from now on. */
  feed(feeds: Feeds): void {
    assertAlive(`run '${this.name}'`, this.#source.variables);
    const declared = new Map(this.#source.graph.inputs.map(({ name, value }) => [name, value]));
    for (const name of Object.keys(feeds)) {
      if (!declared.has(name)) throw unknownName(`run '${this.name}'`, 'input', name, [...declared.keys()]);
    }
    const ready: [string, HostTensor | DeviceTensor][] = [];
    for (const [name, value] of declared) {
      const fed = feeds[name];
      if (this.#source.residents.has(name)) ready.push([name, residentOf(value.node)]);
      else if (fed === undefined) throw this.#missing(name, value);
      else ready.push([name, this.#fitting(name, value, fed)]);
    }
    for (const [name, value] of ready) this.executor.feed(name, value);
  }

  /** The variables that a run changes. */
  get updated(): VariableRef[] {
    return this.#source.graph.updates.map((update) => update.variable);
  }

  /** The plan as a table: steps, kernels, shapes, places and bytes. */
  print(): string {
    return printPlan(this.executor.plan);
  }

  /** Dispatches, kernels, bytes of temporaries and the least that any plan would need. */
  stats(): PlanStats {
    return stats(this.executor.plan);
  }

  /**
   * Where a run's time goes: each dispatch timed alone, on the inputs that it has in a run on `feeds`, and all of them together. It takes
   * about `repeat + 3` passes of `milliseconds` for each dispatch. Variables and outputs are afterwards what they were, bit for bit; nothing
   * else may use the program's variables meanwhile. (`model.profile()` sees to that for a model's: predict, evaluate and save then wait.)
   *
   * @throws HeddleError as `run` does, for unknown options, `repeat` that is no whole number from 1 to 100, `milliseconds` outside 0.1 to 50,
   * and on the CPU device, which has no dispatches.
   */
  async profile(feeds: Feeds = {}, options: ProfileOptions = {}): Promise<Profile> {
    const checked = checkProfileOptions(options);
    this.feed(feeds);
    return profileProgram(
      { name: this.name, adapter: this.backend.adapter, executor: this.executor },
      checked,
    );
  }

  /** Frees what the program allocated. Variables stay. */
  dispose(): void {
    this.executor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #fitting(name: string, type: TensorType, fed: ArrayLike | ResidentTensor): HostTensor | DeviceTensor {
    if (fed instanceof ResidentTensor) return this.#checked(name, type, residentOf(fed.node));
    const bare = ArrayBuffer.isView(fed) && fed.length === sizeOf(type.shape);
    const shape = bare ? { shape: type.shape } : {};
    const host = toHostTensor(fed, { op: `run '${this.name}'`, role: name, dtype: type.dtype, ...shape });
    return this.#checked(name, type, host);
  }

  #checked<T extends TensorType>(name: string, type: TensorType, fed: T): T {
    const fits =
      fed.dtype === type.dtype &&
      fed.shape.length === type.shape.length &&
      fed.shape.every((extent, axis) => extent === type.shape[axis]);
    if (fits) return fed;
    throw new HeddleError({
      op: `run '${this.name}'`,
      message: `input '${name}' is ${type.dtype}[${type.shape.join(',')}], it was fed ${fed.dtype}[${fed.shape.join(',')}]`,
      roles: [name],
      values: { expected: type.shape, actual: fed.shape },
      fix: 'programs have static shapes: feed that shape, or compile another program',
    });
  }

  #missing(name: string, { shape, dtype }: TensorType): HeddleError {
    return new HeddleError({
      op: `run '${this.name}'`,
      message: `input '${name}' was not fed`,
      roles: [name],
      values: { shape, dtype },
      fix: `pass { ${name}: … } with ${dtype}[${shape.join(',')}]`,
    });
  }

  #outputType(name: string): TensorType {
    const { outputs } = this.#source.graph;
    const output = outputs.find((one) => one.name === name);
    if (!output)
      throw unknownName(
        `run '${this.name}'`,
        'output',
        name,
        outputs.map((one) => one.name),
      );
    return output.value;
  }
}
