// What a GPU case is, and how it compares numbers. A case is data: the page runs it and compares there, so that no number crosses to
// Node, where NaN would arrive as null and −0 as 0. Importing a case file must not touch `navigator`.

/** One thing that went wrong in a case, in words that can be printed as they are. */
export interface Failure {
  what: string;
  expected: string;
  actual: string;
  /** Where: an index, a node, a field. */
  at?: string;
  /** How many times its tolerance the error is. */
  budgetRatio?: number;
}

export interface CaseContext {
  /** True under `npm run test:full`: test the whole product instead of the pairs. */
  readonly full: boolean;
  /** Fixed for each case, different between cases. */
  readonly seed: number;
  /** Runs `release` when the case has ended, however it ended; the last one registered runs first. */
  onCleanup(release: () => void | Promise<void>): void;
}

export interface GpuCase {
  /** Unique in its file. */
  readonly name: string;
  /** No failures: the case has passed. */
  run(ctx: CaseContext): Promise<Failure[]>;
}

/**
 * Text in, text out: something that a test in Node has a page do, such as "train and return the weights' digest", when it needs
 * several pages or browsers for one verdict.
 */
export type Probe = (argument: string) => Promise<string>;

export interface CaseFile {
  readonly cases: readonly GpuCase[];
  readonly probes?: Readonly<Record<string, Probe>>;
}

export interface Verdict {
  readonly failures: readonly Failure[];
  readonly milliseconds: number;
}

/** What the page offers to whoever drives it. Only text and verdicts cross. */
export interface PageFace {
  /** Runs one case. A fault of the GPU meanwhile (uncaptured error, lost device) is a failure of that case. */
  run(file: string, name: string): Promise<Verdict>;
  probe(file: string, name: string, argument: string): Promise<string>;
  /** The names of the cases of each file. */
  list(): Promise<Record<string, string[]>>;
}

declare global {
  /** Set by the page's script. */
  var gpuCases: PageFace;
}

const REPORTED = 5;

/**
 * Compares element by element: `|actual − expected| ≤ tolerance`, with one tolerance or one for each element. NaN matches only NaN, an
 * infinity only itself, and where the tolerance is 0 the two zeros differ. Reports the five worst elements, worst first.
 */
export function compare(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: ArrayLike<number> | number,
): Failure[] {
  const lengths = checkLengths(name, actual, expected, tolerance);
  if (lengths.length > 0) return lengths;
  const wrong: { index: number; ratio: number; budget: number }[] = [];
  for (let index = 0; index < expected.length; index++) {
    const budget = typeof tolerance === 'number' ? tolerance : Number(tolerance[index]);
    const ratio = errorRatio(Number(actual[index]), Number(expected[index]), budget);
    if (ratio > 1) wrong.push({ index, ratio, budget });
  }
  wrong.sort((a, b) => b.ratio - a.ratio || a.index - b.index);
  return wrong.slice(0, REPORTED).map(({ index, ratio, budget }) => ({
    what: wrong.length > 1 ? `${name} (one of ${wrong.length} of ${expected.length} wrong)` : name,
    expected: `${show(Number(expected[index]))} ± ${budget}`,
    actual: show(Number(actual[index])),
    at: `[${index}]`,
    budgetRatio: Math.min(ratio, Number.MAX_VALUE),
  }));
}

/** `compare` without tolerance: the same numbers, the sign of zero included. */
export function exact(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>): Failure[] {
  return compare(name, actual, expected, 0);
}

/**
 * `exact` but for the sign of zero, which implementations of WGSL may ignore: for what kernels compute. Naga, the compiler of Firefox and
 * Deno, gives −0 in places where Dawn gives 0.
 */
export function equal(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>): Failure[] {
  return compare(name, actual, expected, Number.MIN_VALUE);
}

/** No failure where `holds`, else one. */
export function check(what: string, holds: boolean, expected = 'true', actual = 'false'): Failure[] {
  return holds ? [] : [{ what, expected, actual }];
}

/** One line a failure, for people. */
export function describeFailures(failures: readonly Failure[]): string {
  return failures
    .map(({ what, at, expected, actual, budgetRatio }) => {
      const ratio = budgetRatio === undefined ? '' : ` (${budgetRatio.toPrecision(3)} × the budget)`;
      return `${what}${at === undefined ? '' : ` at ${at}`}: expected ${expected}, got ${actual}${ratio}`;
    })
    .join('\n');
}

/** The error over its budget: above 1 is a fault, and Infinity one that no budget excuses. */
function errorRatio(actual: number, expected: number, budget: number): number {
  if (!(budget >= 0 && budget < Infinity)) return Infinity;
  if (Object.is(actual, expected)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  const error = Math.abs(actual - expected);
  return budget === 0 ? Infinity : error / budget;
}

function checkLengths(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: ArrayLike<number> | number,
): Failure[] {
  const failures: Failure[] = [];
  const wanted = `${expected.length} elements`;
  if (actual.length !== expected.length) {
    failures.push({ what: `${name}: length`, expected: wanted, actual: `${actual.length} elements` });
  }
  if (typeof tolerance !== 'number' && tolerance.length !== expected.length) {
    failures.push({
      what: `${name}: length of the tolerances`,
      expected: wanted,
      actual: `${tolerance.length} elements`,
    });
  }
  return failures;
}

function show(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
