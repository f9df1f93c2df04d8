/** Which input leaves have their data on the device already. */

import { HeddleError } from '../core/errors.js';
import { showShape } from '../core/shape.js';
import type { Node } from '../ir/graph.js';
import type { DeviceTensor } from './backend.js';

const residents = new WeakMap<Node, DeviceTensor>();

export function markResident(node: Node, tensor: DeviceTensor): void {
  residents.set(node, tensor);
}

export function unmarkResident(node: Node): void {
  residents.delete(node);
}

/** What lies behind an input leaf; throws for one that only `run` can feed. */
export function residentOf(node: Node): DeviceTensor {
  const resident = residents.get(node);
  if (resident) return resident;
  const shape = node.outputs[0]?.shape ?? [];
  throw new HeddleError({
    op: 'data',
    message: `the tensor depends on an input of shape ${showShape(shape)} that has no data`,
    roles: ['input'],
    values: { shape },
    fix: 'compile() a program and feed the input at run(), or use a tensor that was not disposed',
  });
}

export const isResident = (node: Node): boolean => residents.has(node);
