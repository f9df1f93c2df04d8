// `npm run bench`: builds the page of the benchmarks, runs it in a headless browser and prints a table.
import { parseArgs } from 'node:util';
import type { Browser } from 'puppeteer';
import type { Progress } from '../bench/run.js';
import { driveBench, driveProfile } from './bench/drive.js';
import { profileTable } from './bench/profile-table.js';
import { serveBench } from './bench/site.js';
import { benchTable } from './bench/table.js';
import { launchBrowser } from './browser.js';

const HELP = `npm run bench -- [options]
  --suite NAME   run this suite only; may be given several times (steps, recurrent)
  --case NAME    run this case only; may be given several times (celsius/free)
  --peers        run the other engines too, interleaved (default; --no-peers: Heddle alone)
  --runs N       samples of each engine and case (default 9)
  --profile NAME print where the time of this training step goes, and nothing else (celsius, mlp, cnn, rnn, lstm, gru)
  --json         print one JSON array of rows as the last line; with --profile one JSON object`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    suite: { type: 'string', multiple: true },
    case: { type: 'string', multiple: true },
    peers: { type: 'boolean', default: true },
    runs: { type: 'string', default: '9' },
    profile: { type: 'string' },
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

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

async function runSuites(browser: Browser, version: string, url: string, runs: number): Promise<void> {
  const { suite, case: cases, peers } = values;
  const { rows, roof } = await driveBench(
    browser,
    url,
    { runs, peers, ...(suite ? { suites: suite } : {}), ...(cases ? { cases } : {}) },
    { onProgress: showProgress },
  );
  clearProgress();
  console.log(`${version}, ${rows[0]?.adapter}, ${runs} samples\n${benchTable(rows, roof)}`);
  if (values.json) console.log(JSON.stringify(rows));
  if (rows.some(({ failed }) => failed !== null)) process.exitCode = 1;
}

async function profile(browser: Browser, version: string, url: string, task: string): Promise<void> {
  const found = await driveProfile(browser, url, { task, size: 'full' }, { onProgress: showProgress });
  clearProgress();
  console.log(`${version}, ${found.adapter}\n${profileTable(found)}`);
  if (values.json) console.log(JSON.stringify(found));
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
    if (values.profile === undefined) await runSuites(browser, version, site.url, runs);
    else await profile(browser, version, site.url, values.profile);
  } finally {
    await close();
  }
}

if (values.help) console.log(HELP);
else await main();
