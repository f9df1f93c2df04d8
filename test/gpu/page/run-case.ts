// Runs one case of a file and gathers all that went wrong. Apart from the page, so that tests in Node can hold it to its word.
import type { CaseContext, CaseFile, Failure, Verdict } from '../kit.js';

export interface RunOptions {
  readonly full: boolean;
  /** Faults of the GPU since the last call; empty where all is well. */
  faults(): Promise<string[]>;
}

/** Never rejects for what the case does: what it throws becomes a failure. Rejects if the file has no such case. */
export async function runIn(
  file: CaseFile,
  fileName: string,
  name: string,
  options: RunOptions,
): Promise<Verdict> {
  const found = file.cases.filter((item) => item.name === name);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${fileName} has ${found.length} cases named "${name}", expected one`);
  }
  const releases: (() => void | Promise<void>)[] = [];
  const context: CaseContext = {
    full: options.full,
    seed: hash(`${fileName}/${name}`),
    onCleanup: (release) => releases.push(release),
  };
  const failures: Failure[] = [];
  const attempt = async (what: string, work: () => Promise<Failure[]>): Promise<void> => {
    try {
      failures.push(...(await work()));
    } catch (error) {
      failures.push({ what, expected: 'no exception', actual: describe(error) });
    }
  };
  const start = performance.now();
  await attempt('the case threw', () => only.run(context));
  for (const release of releases.reverse()) {
    await attempt('its cleanup threw', async () => {
      await release();
      return [];
    });
  }
  await attempt('waiting for the GPU', async () =>
    (await options.faults()).map((fault) => ({ what: 'GPU', expected: 'no fault', actual: fault })),
  );
  return { failures, milliseconds: performance.now() - start };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
}

/** 32-bit FNV-1a: spreads names over seeds. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  return state >>> 0;
}
