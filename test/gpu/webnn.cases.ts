// The W3C's WebNN cases on the GPU, each as a program of the engine. They lie beside the repository; without them one case says so.
import { compile } from '../../src/engine/index.js';
import type { Value } from '../../src/ir/graph.js';
import { toleranceRatio } from '../kit/tolerance.js';
import { buildWebnn, type WebnnTest } from '../kit/webnn.js';
import { reasonLeftOut } from '../kit/webnn-left-out.js';
import { check, type Failure, type GpuCase } from './kit.js';

const files = import.meta.glob<{ readonly tests: readonly WebnnTest[] }>(
  '../../../shared/conformance/webnn/*.json',
  { eager: true, import: 'default' },
);

const included = Object.entries(files)
  .map(([path, { tests }]) => {
    const file = path.replace(/^.*\/|\.json$/g, '');
    return { file, tests: tests.filter(({ name }) => !reasonLeftOut(file, name)) };
  })
  .filter(({ tests }) => tests.length > 0);

const absent: GpuCase = {
  name: 'NOTHING TESTED: ../shared/conformance/webnn is not here',
  run: async () => check('no files', Object.keys(files).length === 0),
};

export const cases: GpuCase[] =
  included.length === 0
    ? [absent]
    : included.map(({ file, tests }) => ({
        name: `${file} (${tests.length} cases)`,
        async run() {
          const failures: Failure[] = [];
          for (const one of tests) failures.push(...(await runOne(one)));
          return failures;
        },
      }));

async function runOne(one: WebnnTest): Promise<Failure[]> {
  const { feeds, outputs } = buildWebnn(one);
  const inputs = [...feeds];
  const program = await compile({
    name: one.name,
    inputs: Object.fromEntries(inputs.map(([node], index) => [`x${index}`, node.outputs[0] as Value])),
    outputs: Object.fromEntries(outputs.map(({ name, value }) => [name, value])),
  });
  const results = await program
    .run(Object.fromEntries(inputs.map(([, tensor], index) => [`x${index}`, tensor])))
    .finally(() => program.dispose());
  return outputs.flatMap(({ name, expected, tolerance }) => {
    const actual = results[name];
    const ratio = toleranceRatio(actual?.data ?? [], expected.data, tolerance);
    return [
      ...check(`${one.name}: shape of ${name}`, String(actual?.shape) === String(expected.shape)),
      ...check(`${one.name}: ${name}`, ratio <= 1, 'within the tolerance', `${ratio} × the tolerance`),
    ];
  });
}
