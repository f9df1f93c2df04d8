/**
 * One request, its kernels side by side: each in a program of its own, on inputs that they share, checked against the first and then timed
 * in turns, so that whatever else the machine does hits them all.
 */

import type { TunableRequest } from '../compiler/tunable.js';
import { HeddleError } from '../core/errors.js';
import { apply, applyOne, type Graph, type HostTensor } from '../ir/graph.js';
import { variableOp } from '../ir/leaves.js';
import type { Backend, Executor } from './backend.js';
import { VariableStore } from './store.js';
import { difference } from './tune-compare.js';
import { madeUp } from './tune-inputs.js';
import type { Pace } from './tune-pace.js';

/** What the kernels of one request took. */
export interface TuningMeasurement {
  readonly op: string;
  /** The request, as tables call it. */
  readonly key: string;
  /** Of one run, the best of several, by kernel, the heuristic's choice first. Empty where only one kernel was right. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** The kernel that is to run. */
  readonly chosen: string;
  /** Kernels that gave another result than the first, or none at all, and what they did. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** Shorter samples are mostly the way to the GPU and back. */
const SAMPLE_MS = 10;
/** In a page that must not stutter. */
const IDLE_SAMPLE_MS = 4;
const MOST_TIMES = 1024;

/** After the samples by which the number of runs is found. */
const ROUNDS = 3;
/** Fewer say too little. */
const LEAST_SAMPLES = 2;
/** A kernel this much slower than the best is not timed again. */
const HOPELESS = 1.5;
/** By how much a kernel must beat the heuristic's choice: less is noise, and not worth other bits. */
const MARGIN = 1.05;

interface Variant {
  readonly key: string;
  readonly executor: Executor;
  /** Runs in one sample. */
  times: number;
  /** Milliseconds of one run, sample by sample. */
  readonly samples: number[];
}

export interface MeasureOptions {
  readonly backend: Backend;
  /** Kernels tried at most, of the best-ranked ones. */
  readonly variants: number;
  readonly idle: boolean;
  readonly pace: Pace;
}

/**
 * `null` where the time was up before anything could be said. Leaves nothing on the device, however it ends.
 *
 * @throws HeddleError where none of the kernels works, or the device has no room for what they are measured on.
 */
export async function measure(
  request: TunableRequest,
  options: MeasureOptions,
): Promise<TuningMeasurement | null> {
  const store = new VariableStore('tune');
  const variants: Variant[] = [];
  const leftOut: Record<string, string> = {};
  try {
    const all = await prepare(request, store, { variants, leftOut }, options);
    if (!all) return null;
    if (variants.length > 1) await time(variants, options);
    if (variants.length > 1 && variants.some(({ samples }) => samples.length < LEAST_SAMPLES)) return null;
    const { op } = request.node;
    const timed = variants.filter(({ samples }) => samples.length > 0);
    return {
      op: op.name,
      key: request.key,
      milliseconds: Object.fromEntries(timed.map((one) => [one.key, best(one)])),
      chosen: fastest(variants).key,
      leftOut,
    };
  } finally {
    for (const { executor } of variants) executor.dispose();
    store.dispose();
  }
}

/** Builds and checks the kernels of `request`. `false` where the time was up before. Throws where none of them works. */
async function prepare(
  { node, used, key, candidates }: TunableRequest,
  store: VariableStore,
  { variants, leftOut }: { variants: Variant[]; leftOut: Record<string, string> },
  { backend, pace, variants: most }: MeasureOptions,
): Promise<boolean> {
  const refs = node.inputs.map((type, index) =>
    store.create(madeUp(type, index), { name: `input_${index}`, trainable: false }),
  );
  store.bind(backend);
  const values = apply(
    node.op,
    refs.map((variable) => applyOne(variableOp, [], { variable })),
    node.attrs,
    '',
  );
  const outputs = values.flatMap((value, index) => (used[index] ? [{ name: `output_${index}`, value }] : []));
  const graph: Graph = { inputs: [], outputs, updates: [] };
  let expected: ReadonlyMap<string, HostTensor> | null = null;
  let failure: HeddleError | null = null;
  for (const { key: variant } of candidates.slice(0, most)) {
    if (!(await pace.next())) return false;
    let executor: Executor | null = null;
    try {
      executor = await backend.build(graph, { name: `tune ${variant}`, tuning: new Map([[key, variant]]) });
      assertRuns(executor, node.op.name, variant);
      const results = await executor.run({ times: 1, collect: [] });
      const fault = expected && differences(expected, results);
      if (fault) leftOut[variant] = fault;
      else variants.push({ key: variant, executor, times: 1, samples: [] });
      if (fault) executor.dispose();
      expected ??= results;
    } catch (error) {
      executor?.dispose();
      // Rejects where the device is gone.
      await backend.settled();
      if (!(error instanceof HeddleError)) throw error;
      failure ??= error;
      leftOut[variant] = error.message;
    }
  }
  if (variants.length === 0 && failure) throw failure;
  return true;
}

/** The passes must leave the node as it is, or another kernel would be timed under this one's name. */
function assertRuns({ plan }: Executor, op: string, variant: string): void {
  if (plan.steps.some((step) => step.node.op.name === op && step.variant === variant)) return;
  throw new HeddleError({
    op: 'tune',
    message: `the program of ${op} does not run ${variant}`,
    roles: ['kernel'],
    values: { op, variant },
    fix: 'report it: the compiler chose another kernel than it was told to',
  });
}

function differences(
  expected: ReadonlyMap<string, HostTensor>,
  actual: ReadonlyMap<string, HostTensor>,
): string | null {
  for (const [name, value] of expected) {
    const fault = difference(value, actual.get(name) ?? { ...value, data: value.data.subarray(0, 0) });
    if (fault) return fault;
  }
  return null;
}

/** Samples of all variants in turns, forth and back, until there are enough or the time is up. */
async function time(variants: readonly Variant[], { backend, pace, idle }: MeasureOptions): Promise<void> {
  const sample = async ({ executor, times }: Variant): Promise<number> => {
    const start = performance.now();
    executor.submit(times);
    await backend.settled();
    return performance.now() - start;
  };
  const wanted = idle ? IDLE_SAMPLE_MS : SAMPLE_MS;
  for (const variant of variants) {
    for (;;) {
      if (!(await pace.next())) return;
      const took = await sample(variant);
      if (took >= wanted || variant.times === MOST_TIMES) {
        variant.samples.push(took / variant.times);
        break;
      }
      const factor = Math.min(8, Math.max(2, (1.2 * wanted) / took));
      variant.times = Math.min(MOST_TIMES, Math.ceil(variant.times * factor));
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    const limit = HOPELESS * Math.min(...variants.map(best));
    const racing = variants.filter((one) => one.samples.length < LEAST_SAMPLES || best(one) <= limit);
    if (round % 2 === 1) racing.reverse();
    for (const variant of racing) {
      if (!(await pace.next())) return;
      variant.samples.push((await sample(variant)) / variant.times);
    }
  }
}

/** The heuristic's choice, the first, unless another beats it beyond doubt: in its best sample and in its typical one. */
function fastest(variants: readonly Variant[]): Variant {
  const first = variants[0] as Variant;
  const winner = variants.reduce((least, one) => (best(one) < best(least) ? one : least), first);
  return best(winner) * MARGIN < best(first) && median(winner) < median(first) ? winner : first;
}

const best = ({ samples }: Variant): number => Math.min(...samples);

function median({ samples }: Variant): number {
  const sorted = [...samples].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}
