// What the commands of the benchmarks write: progress for people, then the table, then the rows for programs.
import { threeDigits } from '../../bench/format.js';
import type { TaskProfile } from '../../bench/profile.js';
import type { Row } from '../../bench/row.js';
import type { Progress } from '../../bench/run.js';
import type { WholeRun } from './groups.js';
import type { BenchOptions } from './options.js';
import { profileTable } from './profile-table.js';
import { benchTable } from './table.js';

/** Progress is for people: one line that is written over, nothing where no terminal is. */
export function showProgress({ text, done, secondsLeft }: Progress): void {
  if (!process.stderr.isTTY) return;
  const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`;
  process.stderr.write(`\r\x1b[K${(100 * done).toFixed(0).padStart(3)} % ${text}${left}`);
}

/** Where no terminal is, a line as each case ends. */
export function showRows(rows: readonly Row[]): void {
  if (process.stderr.isTTY) return;
  const words = rows.map(({ engine, median, unit, failed, leftOut }) =>
    median === null ? `${engine} ${failed ?? leftOut}` : `${engine} ${threeDigits(median)} ${unit}`,
  );
  process.stderr.write(`${rows[0]?.suite} ${rows[0]?.case}: ${words.join(', ')}\n`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** `engine` is what WebGPU came from: `Chrome/148`. A row that failed fails the command, and so does what ended the run before its time. */
export function printRun(
  engine: string,
  { rows, roof, errors }: WholeRun,
  { json, run }: Pick<BenchOptions, 'json' | 'run'>,
): void {
  clearProgress();
  for (const error of errors) failBench(error);
  if (rows.length === 0) return;
  console.log(`${engine}, ${rows[0]?.adapter}, ${run.runs} samples\n${benchTable(rows, roof)}`);
  if (json) console.log(JSON.stringify(rows));
  if (rows.some(({ failed }) => failed !== null)) process.exitCode = 1;
}

/** Says why in plain words, and fails the command. */
export function failBench(error: unknown): void {
  clearProgress();
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

export function printProfile(
  engine: string,
  profile: TaskProfile,
  { json }: Pick<BenchOptions, 'json'>,
): void {
  clearProgress();
  console.log(`${engine}, ${profile.adapter}\n${profileTable(profile)}`);
  if (json) console.log(JSON.stringify(profile));
}
