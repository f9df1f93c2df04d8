// What `run.sh` of the pack understands.
import { parseArgs } from 'node:util';
import { type BenchOptions, RUN_OPTIONS, runOptions } from '../bench/options.js';

export interface PackOptions {
  readonly help: boolean;
  /** Words that the names of case files hold; empty: all. `null`: none are run. */
  readonly caseFiles: readonly string[] | null;
  /** Empty: all. `null`: none are run. */
  readonly suites: readonly string[] | null;
  readonly run: BenchOptions['run'];
  /** Whether training steps are profiled. */
  readonly profiles: boolean;
}

export const PACK_HELP = `./run.sh [cases] [suites] [profiles] [NAME of a suite …] [options]   (default: cases, all suites, profiles)
  --cases WORD   of the cases, only files whose name holds WORD; may be given several times (recurrent)
  --case NAME    of the suites, only this case; may be given several times (celsius/free)
  --no-peers     Heddle alone
  --runs N       samples of each engine and case (default 9)
  --tiny         sizes that show that everything works, and no figures
Environment: VK_ICD_FILENAMES names the Vulkan driver; HEDDLE_ALLOW_SOFTWARE=1 accepts one for processors.`;

/** Throws for an option that is not among them, and for one that means nothing. */
export function packOptions(args: readonly string[]): PackOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowNegative: true,
    allowPositionals: true,
    options: {
      ...RUN_OPTIONS,
      cases: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  const all = positionals.length === 0;
  const named = positionals.filter((word) => !['cases', 'suites', 'profiles'].includes(word));
  const withSuites = all || named.length > 0 || positionals.includes('suites');
  return {
    help: values.help,
    caseFiles: all || positionals.includes('cases') ? values.cases : null,
    suites: withSuites ? (positionals.includes('suites') ? [] : named) : null,
    run: runOptions(values),
    profiles: all || positionals.includes('profiles'),
  };
}
