/** A plan in figures. */

import type { Plan } from '../ir/plan.js';

export interface PlanStats {
  /** Dispatches of one run, copies included. */
  readonly dispatches: number;
  /** Lowered nodes. */
  readonly steps: number;
  /** Distinct GPU programs. */
  readonly kernels: number;
  /** Steps that do nothing but copy. */
  readonly copies: number;
  /** Buffers of temporaries. */
  readonly arenas: number;
  /** Their bytes together. */
  readonly peakBytes: number;
  /** No plan of these steps in this order needs less. */
  readonly lowerBoundBytes: number;
  readonly inputBytes: number;
  readonly constantBytes: number;
}

export function stats(plan: Plan): PlanStats {
  const dispatches = plan.steps.flatMap((step) => step.dispatches);
  return {
    dispatches: dispatches.length,
    steps: plan.steps.length,
    kernels: new Set(dispatches.map(({ kernel }) => kernel.key)).size,
    copies: plan.steps.filter(({ node }) => node.op.name === 'copy').length,
    arenas: plan.arenas.length,
    peakBytes: plan.peakBytes,
    lowerBoundBytes: plan.lowerBoundBytes,
    inputBytes: plan.inputBytes,
    constantBytes: plan.constantBytes,
  };
}
