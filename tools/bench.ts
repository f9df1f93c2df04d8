// `npm run bench`: builds the page of the benchmarks, runs it in a headless browser and prints a table.
import { parseArgs } from 'node:util';
import { callsText, firstText, ratioText, timeText } from '../bench/format.js';
import type { Row } from '../bench/row.js';
import type { Progress } from '../bench/run.js';
import { printTable } from '../src/core/table.js';
import { driveBench } from './bench/drive.js';
import { serveBench } from './bench/site.js';
import { launchBrowser } from './browser.js';

const HELP = `npm run bench -- [options]
  --suite NAME   run this suite only; may be given several times (steps, recurrent)
  --case NAME    run this case only; may be given several times (celsius/free)
  --peers        run the other engines too, interleaved (default; --no-peers: Heddle alone)
  --runs N       samples of each engine and case (default 9)
  --json         print one JSON array of rows as the last line`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    suite: { type: 'string', multiple: true },
    case: { type: 'string', multiple: true },
    peers: { type: 'boolean', default: true },
    runs: { type: 'string', default: '9' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Progress is for people: one line that is written over, nothing where no terminal is. */
function showProgress({ text, done, secondsLeft }: Progress): void {
  if (!process.stderr.isTTY) return;
  const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`;
  process.stderr.write(`\r\x1b[K${(100 * done).toFixed(0).padStart(3)} % ${text}${left}`);
}

function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const { median, p10, p90 } = row;
    const head = [`${row.suite} ${row.case}`, `${row.engine} ${row.version}`];
    if (median === null || p10 === null || p90 === null)
      return [...head, '', '', '', '', '', `failed: ${row.failed}`];
    return [
      ...head,
      timeText(median),
      timeText(p10),
      timeText(p90),
      ratioText(row),
      firstText(row),
      callsText(row),
    ];
  });
  return printTable(
    ['case', 'engine', rows[0]?.unit ?? '', 'p10', 'p90', 'ratio', 'first step', 'calls a step'],
    cells,
  );
}

async function main(): Promise<void> {
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs is ${values.runs}; give a whole number from 1 up`);
  process.stderr.write('bench: building the page\n');
  const site = await serveBench();
  const { browser, version } = await launchBrowser();
  const close = async (): Promise<void> => {
    await browser.close();
    await site.close();
  };
  process.once('SIGINT', () => {
    void close().finally(() => process.exit(130));
  });
  try {
    const { suite, case: cases, peers } = values;
    const rows = await driveBench(
      browser,
      site.url,
      { runs, peers, ...(suite ? { suites: suite } : {}), ...(cases ? { cases } : {}) },
      { onProgress: showProgress },
    );
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    console.log(`${version}, ${rows[0]?.adapter}, ${runs} samples\n${table(rows)}`);
    if (values.json) console.log(JSON.stringify(rows));
    if (rows.some(({ failed }) => failed !== null)) process.exitCode = 1;
  } finally {
    await close();
  }
}

if (values.help) console.log(HELP);
else await main();
