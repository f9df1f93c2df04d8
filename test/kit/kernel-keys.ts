/** What a node would run: to hold that kernels do not depend on what travels in parameters. */

import type { Value } from '../../src/ir/graph.js';
import type { LowerRequest } from '../../src/ir/op.js';
import { type Capabilities, DEFAULT_CAPABILITIES, type Kernel } from '../../src/kernels/kernel.js';

/** The kernels of each candidate of the node that made `value`, best candidate first. */
export function kernelsOf(
  { node }: Value,
  capabilities: Capabilities = DEFAULT_CAPABILITIES,
): { readonly candidate: string; readonly kernels: Kernel[] }[] {
  const { inputs, outputs, attrs } = node;
  const used = outputs.map(() => true);
  const request: LowerRequest = { inputs, outputs, attrs, used, capabilities };
  return (node.op.candidates?.(request) ?? []).map((candidate) => ({
    candidate: candidate.key,
    kernels: candidate.lower().dispatches.map(({ launch }) => launch.kernel),
  }));
}

/** Keys of all kernels of all candidates of the node that made `value`. */
export const kernelKeys = (value: Value): string[] =>
  kernelsOf(value).flatMap(({ kernels }) => kernels.map(({ key }) => key));
