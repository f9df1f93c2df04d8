/**
 * Is this device right? Runs a program's very plan, dispatch by dispatch, reads what each step really read and wrote, and evaluates
 * the reference on those inputs. Afterwards all variables are as they were.
 */

import type { HostTensor, VariableRef } from '../ir/graph.js';
import { printTable } from '../ir/print.js';
import { referenceWithBudget } from '../reference/budget.js';
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
  const { values, budgets } = referenceWithBudget(step.node, inputs);
  let elements = 0;
  let worst: VerifyStep['worst'] = null;
  let worstBudgetRatio = 0;
  outputs.forEach((actual, output) => {
    const expected = values[output]?.data;
    const budget = budgets[output];
    if (!actual || !expected || !budget) return;
    elements += actual.data.length;
    for (let index = 0; index < actual.data.length; index++) {
      const a = actual.data[index] as number;
      const e = expected[index] as number;
      const ratio = budgetRatio(a, e, budget[index] as number);
      if (ratio <= worstBudgetRatio) continue;
      worstBudgetRatio = ratio;
      worst = { output, index, expected: e, actual: a, budget: budget[index] as number };
    }
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

/** 0 where equal (NaN equals NaN here: the reference has it too), infinite where exactness was due or one side is not finite. */
function budgetRatio(actual: number, expected: number, budget: number): number {
  if (actual === expected || (Number.isNaN(actual) && Number.isNaN(expected))) return 0;
  const rounded = Math.fround(expected);
  if (actual === rounded) return 0;
  const error = Math.abs(actual - expected);
  return Number.isFinite(error) && budget > 0 ? error / budget : Number.POSITIVE_INFINITY;
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
