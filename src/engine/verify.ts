/**
 * Is this device right? Runs a program's very plan, dispatch by dispatch, reads what each step really read and wrote, and evaluates
 * the reference on those inputs. Afterwards all variables are as they were.
 */

import { printTable } from '../core/table.js';
import type { HostTensor, VariableRef } from '../ir/graph.js';
import { referenceFollowing } from '../reference/budget.js';
import { judge } from '../reference/judge.js';
import type { AdapterSummary, StepRecord } from './backend.js';
import type { Feeds, Program } from './program.js';
import { storeOf } from './store.js';

/** How one step compared. */
export interface VerifyStep {
  readonly op: string;
  /** The layer it belongs to; empty outside layers. */
  readonly layer: string;
  readonly label: string;
  readonly variant: string;
  readonly dispatches: number;
  /** Elements compared. */
  readonly elements: number;
  /** The worst |actual − expected| over its budget; at most 1 where the step passes. */
  readonly worstBudgetRatio: number;
  readonly passed: boolean;
  /** Where the worst is. */
  readonly worst: {
    readonly output: number;
    readonly index: number;
    readonly expected: number;
    readonly actual: number;
    readonly budget: number;
  } | null;
}

export interface VerifyReport {
  readonly device: string;
  readonly adapter: AdapterSummary;
  readonly program: string;
  readonly passed: boolean;
  readonly worstOp: string;
  readonly worstBudgetRatio: number;
  readonly steps: readonly VerifyStep[];
  /** The report as a table. */
  print(): string;
}

/**
 * Verifies one run of `program` on `feeds`. Prints nothing.
 *
 * @throws HeddleError on the CPU device, which is the reference itself.
 */
export async function verifyProgram(program: Program, feeds: Feeds = {}): Promise<VerifyReport> {
  const saved = await Promise.all(
    program.updated.map(async (ref) => [ref, await storeOf(ref).read(ref)] as const),
  );
  const steps: VerifyStep[] = [];
  try {
    program.feed(feeds);
    await program.executor.stepwise((record) => {
      steps.push(compareStep(record));
    });
  } finally {
    restore(saved);
  }
  return reportOf(program, steps);
}

function restore(saved: readonly (readonly [VariableRef, HostTensor])[]): void {
  for (const [ref, value] of saved) storeOf(ref).write(ref, value);
}

function compareStep({ step, inputs, outputs }: StepRecord): VerifyStep {
  const { values, budgets } = referenceFollowing(step.node, inputs, outputs);
  let elements = 0;
  let worst: VerifyStep['worst'] = null;
  let worstBudgetRatio = 0;
  outputs.forEach((actual, output) => {
    const expected = values[output];
    const budget = budgets[output];
    if (!actual || !expected || !budget) return;
    elements += actual.data.length;
    const { worst: ratio, ...where } = judge(actual.data, expected.data, budget);
    if (ratio <= worstBudgetRatio) return;
    worstBudgetRatio = ratio;
    worst = { output, ...where };
  });
  return {
    op: step.node.op.name,
    layer: step.node.scope,
    label: step.label,
    variant: step.variant,
    dispatches: step.dispatches.length,
    elements,
    worstBudgetRatio,
    passed: worstBudgetRatio <= 1,
    worst,
  };
}

function reportOf(program: Program, steps: readonly VerifyStep[]): VerifyReport {
  const worst = steps.reduce<VerifyStep | null>(
    (most, step) => (most && most.worstBudgetRatio >= step.worstBudgetRatio ? most : step),
    null,
  );
  const { backend, name } = program;
  return {
    device: backend.kind,
    adapter: backend.adapter,
    program: name,
    passed: steps.length > 0 && steps.every((step) => step.passed),
    worstOp: worst?.op ?? '',
    worstBudgetRatio: worst?.worstBudgetRatio ?? 0,
    steps,
    print: () => table(steps),
  };
}

function table(steps: readonly VerifyStep[]): string {
  const rows = steps.map((step) => [
    step.label,
    step.layer,
    step.variant,
    String(step.dispatches),
    String(step.elements),
    step.worstBudgetRatio.toPrecision(3),
    step.passed ? 'ok' : 'WRONG',
  ]);
  return printTable(['step', 'layer', 'variant', 'dispatches', 'elements', 'worst / budget', ''], rows);
}
