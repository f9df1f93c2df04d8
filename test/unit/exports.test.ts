/** Every op that users can call has a case, and every case tests what it says. */

import { expect, test } from 'vitest';
import { topologicalOrder } from '../../src/ir/graph.js';
import * as ops from '../../src/ops/index.js';
import { buildCase, caseName, opCases } from '../kit/op-cases.js';
import type { OpCase } from '../ops/case.js';

const exported = Object.keys(ops);

test('ops exports functions alone', () => {
  expect(exported.length).toBeGreaterThan(0);
  expect(Object.entries(ops).filter(([, value]) => typeof value !== 'function')).toEqual([]);
});

test.each(exported)('%s has a case', (name) => {
  expect(opCases.filter(({ op }) => op === name)).not.toEqual([]);
});

test('every case names an exported op, or one that its graph holds (or that of another case of its name)', () => {
  const holds = (one: OpCase): boolean =>
    topologicalOrder(buildCase(one).outputs).some(({ op }) => op.name === one.op);
  const inside = opCases.filter(({ op }) => !exported.includes(op));
  const known = new Set(inside.filter(holds).map(({ op }) => op));
  expect(inside.filter(({ op }) => !known.has(op)).map(caseName)).toEqual([]);
});

test('case names are unique', () => {
  const names = opCases.map(caseName);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
