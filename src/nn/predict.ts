/** Inference: any number of rows through programs of a few fixed sizes, padded and cut. */

import { type Columns, rowsOf } from '../data/columns.js';
import {
  type Feeds,
  type HostTensor,
  hostArray,
  input,
  NDArray,
  ops,
  type Program,
  type ProgramSpec,
  type ResidentTensor,
  type Tensor,
  type TensorType,
} from '../engine/index.js';
import { statesOf } from './forward.js';
import type { Network } from './network.js';
import type { Programs } from './training/programs.js';

/** Batches on their way while the host waits for the first. */
const IN_FLIGHT = 4;

/** The outputs for all rows of `columns`, in order. */
export async function predictRows(
  network: Network,
  programs: Programs,
  columns: Columns,
  batchSize: number,
): Promise<NDArray[]> {
  const size = columns.rows >= batchSize ? batchSize : nextPowerOfTwo(columns.rows);
  const results = network.outputs.map(({ shape, dtype }) => {
    const whole = [columns.rows, ...shape.slice(1).map((extent) => extent ?? 0)];
    return { shape: whole, dtype, parts: [] as HostTensor[] };
  });
  if (columns.rows > 0) {
    const pending: Promise<Record<string, NDArray>>[] = [];
    const collect = async (): Promise<void> => {
      const batch = await (pending.shift() as Promise<Record<string, NDArray>>);
      for (const [index, { parts }] of results.entries()) parts.push(batch[`output${index}`] as NDArray);
    };
    try {
      const program = await programFor(
        network,
        programs,
        pending,
        rowsOf(columns, 0, Math.min(size, columns.rows)),
        size,
      );
      for (let from = 0; from < columns.rows; from += size) {
        const run = program.run(padded(rowsOf(columns, from, Math.min(columns.rows, from + size)), size));
        // The first failure is told; those behind it are not faults of their own.
        run.catch(() => {});
        pending.push(run);
        if (pending.length >= IN_FLIGHT) await collect();
      }
      while (pending.length > 0) await collect();
    } finally {
      await Promise.allSettled(pending);
      programs.letGo(pending);
    }
  }
  return results.map(({ shape, dtype, parts }) => joined(parts, shape, dtype));
}

/** The outputs for exactly these rows, left on the device. */
export async function predictResident(
  network: Network,
  programs: Programs,
  columns: Columns,
): Promise<ResidentTensor[]> {
  try {
    const program = await programFor(network, programs, columns, columns, columns.rows);
    program.submit(padded(columns, columns.rows));
    return network.outputs.map((_, index) => program.keep(`output${index}`));
  } finally {
    programs.letGo(columns);
  }
}

/** The program for batches of `size` rows like those of `columns`; `user` lets go of it. */
function programFor(
  network: Network,
  programs: Programs,
  user: object,
  columns: Columns,
  size: number,
): Promise<Program> {
  const types = columns.inputs.map(({ value }) => ({
    shape: [size, ...value.shape.slice(1)],
    dtype: value.dtype,
  }));
  const key = `predict ${types.map(({ shape, dtype }) => `${dtype}[${shape.join(',')}]`).join(' ')}`;
  return programs.get(key, user, () => predictionSpec(network, types));
}

/** The program for inputs of these types, before it is compiled. */
export function predictionSpec(network: Network, types: readonly TensorType[]): ProgramSpec {
  const inputs: Record<string, Tensor> = {};
  const x = types.map(({ shape, dtype }, index) => {
    const fed = input(shape, dtype);
    inputs[`x${index}`] = fed;
    const wanted = network.inputs[index]?.dtype ?? 'float32';
    return dtype === wanted ? fed : ops.cast(fed, wanted);
  });
  const pass = network.forward(x, { training: false, counter: network.counter });
  const outputs = Object.fromEntries(pass.outputs.map((value, index) => [`output${index}`, value]));
  return { name: `${network.name}/predict`, inputs, outputs, updates: statesOf(pass.updates) };
}

/** The inputs of `columns`, with rows of zeros behind them up to `size`. */
function padded(columns: Columns, size: number): Feeds {
  return Object.fromEntries(
    columns.inputs.map(({ value }, index) => {
      const shape = [size, ...value.shape.slice(1)];
      if (columns.rows === size) return [`x${index}`, value];
      const data = hostArray(
        value.dtype,
        shape.reduce((product, extent) => product * extent, 1),
      );
      data.set(value.data);
      return [`x${index}`, { data, shape, dtype: value.dtype }];
    }),
  );
}

/** The rows of `parts` one after the other, cut to `shape`. */
function joined(parts: readonly HostTensor[], shape: number[], dtype: HostTensor['dtype']): NDArray {
  const inner = parts[0]?.shape.slice(1) ?? shape.slice(1);
  const whole = [shape[0] ?? 0, ...inner];
  const data = hostArray(
    dtype,
    whole.reduce((product, extent) => product * extent, 1),
  );
  let at = 0;
  for (const part of parts) {
    const kept = part.data.subarray(0, data.length - at);
    data.set(kept, at);
    at += kept.length;
  }
  return new NDArray(data, whole, dtype);
}

function nextPowerOfTwo(count: number): number {
  let power = 1;
  while (power < count) power *= 2;
  return power;
}
