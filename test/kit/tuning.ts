/** What the cases of tuning share: an op whose kernels differ as night and day, ways to look at reports, stores that hurt nobody. */

import {
  defineKernel,
  defineOp,
  input,
  inputArg,
  outputArg,
  type Program,
  type TuningReport,
  type TuningStore,
  type TuningTable,
  tuningStore,
} from '../../src/index.js';
import { check, type Failure } from '../gpu/kit.js';

const TUNABLE = /^(matmul|conv2d|recurrentWeightGradient|(simpleRnn|gru|lstm)Sequence)/;

/** The kernels of a program's tunable steps. */
export const variantsOf = (program: Program | null): string[] =>
  program?.executor.plan.steps
    .filter(({ node }) => TUNABLE.test(node.op.name))
    .map(({ variant }) => variant) ?? [];

/** The table in which each request has the kernel that is not its choice. */
export function contrary({ table, measured }: TuningReport): TuningTable {
  const entries = measured.map(({ key, milliseconds, chosen }) => {
    const other = Object.keys(milliseconds).find((kernel) => kernel !== chosen);
    return [key, other ?? chosen] as const;
  });
  return { ...table, entries: Object.fromEntries(entries) };
}

/** Whether each measured request has a choice among what was timed. */
export const soundReport = ({ table, measured, complete }: TuningReport): Failure[] => [
  ...check('complete', complete),
  ...check('something was measured', measured.length > 0),
  ...measured.flatMap(({ key, milliseconds, chosen, leftOut }) => [
    ...check(`${key}: in the table`, table.entries[key] === chosen, chosen, String(table.entries[key])),
    ...check(`${key}: the choice was timed`, chosen in milliseconds),
    ...check(`${key}: none is wrong`, Object.keys(leftOut).length === 0, 'none', JSON.stringify(leftOut)),
    ...check(
      `${key}: times`,
      Object.values(milliseconds).every((time) => time > 0 && time < 60_000),
    ),
  ]),
];

/** y = x · 3 by a kernel of many steps, by one that is wrong, by one that does not compile, and by a straight one. */
const tripled = (() => {
  const kernel = (entryPoint: string, body: string) =>
    defineKernel({
      entryPoint,
      code: `
        struct Params { size: u32, rounds: u32 }
        @group(0) @binding(0) var<uniform> params: Params;
        @group(0) @binding(1) var<storage, read> x: array<f32>;
        @group(0) @binding(2) var<storage, read_write> y: array<f32>;
        @compute @workgroup_size(64)
        fn ${entryPoint}(@builtin(global_invocation_id) id: vec3<u32>) {
          if (id.x < params.size) { ${body} }
        }`,
      bindings: { x: 'read', y: 'write' },
      params: { size: 'u32', rounds: 'u32' },
    });
  const kernels = {
    triple_slow: kernel(
      'triple_slow',
      `var sum = 0.0;
       for (var i = 0u; i < params.rounds; i++) { sum = fma(sum, 0.5, sin(sum)); }
       y[id.x] = 3.0 * x[id.x] + sum;`,
    ),
    triple_wrong: kernel('triple_wrong', 'if (id.x + 1u < params.size) { y[id.x] = 3.0 * x[id.x]; }'),
    triple_broken: kernel('triple_broken', 'y[id.x] = 3.0 * nothing;'),
    triple: kernel('triple', 'y[id.x] = 3.0 * x[id.x];'),
  };
  return defineOp({
    name: 'tripled',
    tunable: true,
    infer: (inputs) => [...inputs],
    reference: ([x], [y]) => y?.data.set(x?.data.map((value) => value * 3) ?? []),
    candidates({ outputs: [y] }) {
      const size = y?.shape[0] ?? 0;
      return Object.entries(kernels).map(([key, use]) => {
        const dispatch = use({
          workgroups: [Math.ceil(size / 64), 1, 1],
          args: [inputArg(0), outputArg(0)],
          params: { size, rounds: 2000 },
        });
        return { key, lower: () => ({ scratch: [], dispatches: [dispatch] }) };
      });
    },
  });
})();

/** An op of which no kernel compiles. */
const hopeless = (() => {
  const kernels = ['hopeless_one', 'hopeless_other'].map((entryPoint) =>
    defineKernel({
      entryPoint,
      code: `
        @group(0) @binding(0) var<storage, read> x: array<f32>;
        @group(0) @binding(1) var<storage, read_write> y: array<f32>;
        @compute @workgroup_size(1)
        fn ${entryPoint}() { y[0] = x[0] + nothing; }`,
      bindings: { x: 'read', y: 'write' },
      params: {},
    }),
  );
  return defineOp({
    name: 'hopeless',
    tunable: true,
    infer: (inputs) => [...inputs],
    reference: ([x], [y]) => y?.data.set(x?.data ?? []),
    candidates: () =>
      kernels.map((use, index) => {
        const dispatch = use({ workgroups: [1, 1, 1], args: [inputArg(0), outputArg(0)], params: {} });
        return { key: `hopeless_${index}`, lower: () => ({ scratch: [], dispatches: [dispatch] }) };
      }),
  });
})();

/** The op of which no kernel works goes before the one that is measured, as it has more to do. */
export const withHopeless = () => {
  const { inputs, outputs, name } = tripling();
  const z = input([4096]);
  return { inputs: { ...inputs, z }, outputs: { ...outputs, none: hopeless(z) }, name };
};

export const tripling = () => {
  const x = input([1024]);
  return { inputs: { x }, outputs: { y: tripled(x) }, name: 'tripling' };
};

export function memory(): TuningStore & { readonly tables: Map<string, TuningTable>; reads: number } {
  const tables = new Map<string, TuningTable>();
  return {
    tables,
    reads: 0,
    async read(adapter) {
      this.reads++;
      return tables.get(adapter) ?? null;
    },
    async write(table) {
      tables.set(table.adapter, table);
    },
  };
}

/** The store of this page or process, where what the case writes hurts nobody. */
export async function ownStore(onCleanup: (release: () => void) => void): Promise<TuningStore> {
  if ('indexedDB' in globalThis) {
    onCleanup(() => void indexedDB.deleteDatabase('heddle-tuning'));
    return tuningStore();
  }
  const files = process.getBuiltinModule('node:fs');
  const folder = files.mkdtempSync(`${process.getBuiltinModule('node:os').tmpdir()}/heddle-tuning-`);
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = folder;
  onCleanup(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    files.rmSync(folder, { recursive: true });
  });
  return tuningStore();
}
