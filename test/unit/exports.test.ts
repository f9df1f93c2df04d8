/** Every op that users can call has a case, and every case tests what it says. */

import { expect, test } from 'vitest';
import { topologicalOrder } from '../../src/ir/graph.js';
import * as ops from '../../src/ops/index.js';
import { buildCase, caseName, opCases } from '../kit/op-cases.js';

const exported = Object.keys(ops);

test('ops exports functions alone', () => {
  expect(exported.length).toBeGreaterThan(0);
  expect(Object.entries(ops).filter(([, value]) => typeof value !== 'function')).toEqual([]);
});

test.each(exported)('%s has a case', (name) => {
  expect(opCases.filter(({ op }) => op === name)).not.toEqual([]);
});

test('every case names an exported op, or one that its graph holds', () => {
  const strays = opCases.filter((one) => {
    if (exported.includes(one.op)) return false;
    return !topologicalOrder(buildCase(one).outputs).some(({ op }) => op.name === one.op);
  });
  expect(strays.map(caseName)).toEqual([]);
});

test('case names are unique', () => {
  const names = opCases.map(caseName);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
