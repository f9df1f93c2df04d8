// The closing line of `.ci/run`: `tsx tools/ci-counts.ts REPORT TEST_STATUS FAILED_STEPS` reads Vitest's JSON report and prints
// `N passed, N failed`. A test file that did not load, a run that failed without a failed test, and every other step of the
// check that failed count as one failure each, so that the line never looks better than the run was.
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts of a run; `report` is undefined where the tests never got as far as writing one. */
export function countResults(report: Report | undefined, testStatus: number, failedSteps: number): Counts {
  const unloaded = report?.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const tests = (report?.numFailedTests ?? 0) + (unloaded?.length ?? 0);
  const run = testStatus !== 0 && tests === 0 ? 1 : 0;
  return {
    passed: report?.numPassedTests ?? 0,
    failed: tests + run + failedSteps,
    skipped: report?.numPendingTests ?? 0,
  };
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

if (process.argv[1]?.endsWith('ci-counts.ts')) {
  const [path = '', testStatus, failedSteps] = process.argv.slice(2);
  const { passed, failed, skipped } = countResults(readReport(path), Number(testStatus), Number(failedSteps));
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
}
