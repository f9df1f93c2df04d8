import { describe, expect, it } from 'vitest';
import { countResults } from '../../../tools/ci-counts.js';
import { firstExample } from '../../../tools/size.js';

const report = (failed: number, ...files: { status: string; assertionResults: unknown[] }[]) => ({
  numPassedTests: 7,
  numFailedTests: failed,
  numPendingTests: 0,
  testResults: files,
});

describe('the counts that close a check', () => {
  it('are those of the report when all is well', () => {
    const file = { status: 'passed', assertionResults: [{}] };
    expect(countResults(report(0, file), 0, 0)).toEqual({ passed: 7, failed: 0, skipped: 0 });
  });

  it('add the files that did not load and the steps that failed', () => {
    const broken = { status: 'failed', assertionResults: [] };
    const tested = { status: 'failed', assertionResults: [{}] };
    expect(countResults(report(1, tested, broken), 1, 2).failed).toBe(4);
  });

  it('show a failure where the run failed without a failed test, or left no report', () => {
    expect(countResults(report(0), 1, 0).failed).toBe(1);
    expect(countResults(undefined, 1, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('the example that is measured', () => {
  it('is the first block of TypeScript', () => {
    expect(firstExample('# x\n```sh\nnpm i\n```\n```ts\nlet a = 1;\n```\n```ts\nb\n```\n')).toBe(
      'let a = 1;\n',
    );
    expect(() => firstExample('# x')).toThrow('README.md has no block of TypeScript');
  });
});
