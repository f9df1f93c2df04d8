// The end of a run in words and as JSON.
import type { RunSummary, VerifySummary } from '../../demo/driver/events.js';

/** One object for machines. `verify` is `null` where there is nothing to verify: on the CPU, which is the reference, and after Ctrl-C. */
export function jsonLine(summary: RunSummary, verify: VerifySummary | null): string {
  const { details: _details, ...figures } = summary;
  const verdict = verify && {
    worstOp: verify.worstOp,
    worstBudgetRatio: verify.worstBudgetRatio,
    passed: verify.passed,
  };
  return JSON.stringify({ ...figures, seconds: Number(summary.seconds.toFixed(3)), verify: verdict });
}

export function resultLines({ details, steps, seconds }: RunSummary, verify: VerifySummary | null): string[] {
  const time = steps > 0 ? [`${steps} steps in ${seconds.toFixed(1)} s`] : [];
  if (!verify) return [...details, ...time];
  const verdict = verify.passed ? 'within budget' : 'WRONG';
  const worst = `the worst is ${verify.worstOp} at ${verify.worstBudgetRatio.toPrecision(3)} of its budget`;
  return [
    ...details,
    ...time,
    `verification of the plan: ${verify.steps.length} steps, ${verdict}; ${worst}`,
  ];
}

/** 0, or 1 for a wrong device and for an example that was given its full time and still fell short. */
export function exitCode(summary: RunSummary, verify: VerifySummary | null, fullEpochs: number): number {
  if (verify && !verify.passed) return 1;
  return summary.passed === false && summary.epochs >= fullEpochs ? 1 : 0;
}
