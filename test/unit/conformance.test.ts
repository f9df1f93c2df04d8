/** The W3C's WebNN cases against the reference. They lie beside the repository; without them the test says so. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { evaluateValues } from '../../src/reference/evaluate.js';
import { toleranceRatio } from '../kit/tolerance.js';
import { buildWebnn, isComplete, mapsOperator, type WebnnTest } from '../kit/webnn.js';
import { reasonLeftOut, SKIPPED } from '../kit/webnn-left-out.js';

const folder = join(import.meta.dirname, '../../../shared/conformance/webnn');

if (existsSync(folder)) {
  const files = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
  test('the cases are all there', () => {
    expect(files.length).toBeGreaterThanOrEqual(53);
  });
  test('every case that is left out exists', () => {
    const names = files.flatMap((file) => casesOf(file).map(({ name }) => `${file}/${name}`));
    expect(names).toEqual(expect.arrayContaining(Object.keys(SKIPPED)));
  });
  for (const file of files) describe(file, () => declare(file));
} else {
  test.skip('../shared is not here: no WebNN cases to run', () => {});
}

function casesOf(file: string): WebnnTest[] {
  return (JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as { tests: WebnnTest[] }).tests;
}

function declare(file: string): void {
  for (const one of casesOf(file)) {
    const reason = reasonLeftOut(file, one.name);
    if (reason) test.skip(`${one.name} (${reason})`, () => {});
    else test(one.name, () => run(one));
  }
}

function run(one: WebnnTest): void {
  expect(isComplete(one), 'numbers were lost on the way to JSON').toBe(true);
  expect(one.graph.operators.every(({ name }) => mapsOperator(name))).toBe(true);
  const { feeds, outputs } = buildWebnn(one);
  const data = new Map([...feeds].map(([node, tensor]) => [node, tensor.data]));
  const results = evaluateValues(
    outputs.map(({ value }) => value),
    data,
  );
  expect(outputs.length).toBeGreaterThan(0);
  outputs.forEach(({ name, expected, tolerance }, index) => {
    const actual = results[index];
    expect(actual?.shape, name).toEqual(expected.shape);
    expect(toleranceRatio(actual?.data ?? [], expected.data, tolerance), name).toBeLessThanOrEqual(1);
  });
}
