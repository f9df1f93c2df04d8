// The options that every command of the benchmarks understands.
import { parseArgs } from 'node:util';
import type { Size } from '../../bench/case.js';
import type { SuiteOptions } from '../../bench/face.js';
import { SUITE_NAMES } from '../../bench/suites/names.js';

/** Of one training step. */
export interface ProfileOptions {
  readonly task: string;
  readonly size: Size;
}

export interface BenchOptions {
  readonly help: boolean;
  /** Rows as JSON in the last line. */
  readonly json: boolean;
  readonly run: SuiteOptions & { readonly runs: number };
  /** In place of any suite. */
  readonly profile: ProfileOptions | null;
}

export const benchHelp = (command: string): string => `npm run ${command} -- [options]
  --suite NAME   run this suite only; may be given several times:
                 ${SUITE_NAMES.join(', ')}
  --case NAME    run this case only, NAME or SUITE/NAME; may be given several times (celsius/free, steps/celsius/free)
  --peers        run the other engines too, interleaved (default; --no-peers: Heddle alone)
  --runs N       samples of each engine and case (default 9)
  --tiny         sizes that show that everything works, and no figures
  --profile NAME print where the time of this training step goes, and nothing else (celsius, mlp, cnn, rnn, lstm, gru)
  --json         print one JSON array of rows as the last line; with --profile one JSON object`;

/** Of `parseArgs`: how suites are run. */
export const RUN_OPTIONS = {
  case: { type: 'string', multiple: true },
  peers: { type: 'boolean', default: true },
  runs: { type: 'string', default: '9' },
  tiny: { type: 'boolean', default: false },
} as const;

interface RunValues {
  readonly case?: string[] | undefined;
  readonly peers: boolean;
  readonly runs: string;
  readonly tiny: boolean;
}

/** What `RUN_OPTIONS` mean. Throws where they mean nothing. */
export function runOptions({ case: cases, peers, runs, tiny }: RunValues): BenchOptions['run'] {
  const samples = Number(runs);
  if (!Number.isInteger(samples) || samples < 1)
    throw new Error(`--runs is ${runs}; give a whole number from 1 up`);
  return { runs: samples, peers, size: tiny ? 'tiny' : 'full', ...(cases ? { cases } : {}) };
}

/** Throws for an option that is not among them, and for one that means nothing. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      ...RUN_OPTIONS,
      suite: { type: 'string', multiple: true },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { suite, profile, help, json } = values;
  const size = values.tiny ? 'tiny' : 'full';
  return {
    help,
    json,
    run: { ...runOptions(values), ...(suite ? { suites: suite } : {}) },
    profile: profile === undefined ? null : { task: profile, size },
  };
}
