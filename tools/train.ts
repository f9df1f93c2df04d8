// `npm run train`: the demo's page in headless Chrome, driven from the terminal, with a model file and a report at the end.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSummary } from '../demo/driver/events.js';
import { launchBrowser } from './browser.js';
import { packData } from './data/pack.js';
import { HELP, listText, parseCommand, type TrainOptions, UsageError } from './train/options.js';
import { type DrivenPage, openDemo } from './train/page.js';
import { Progress } from './train/progress.js';
import { History, htmlReport } from './train/report.js';
import { exitCode, jsonLine, resultLines } from './train/result.js';
import { serveDemo } from './train/serve.js';

/** What a shell expects of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Ctrl-C: ends the run after a whole step. Before there is a run nothing is lost, and a second time it is meant at once. */
class Interrupt {
  asked = false;
  #stop: (() => Promise<void>) | null = null;

  constructor() {
    const ask = (): void => {
      // Puppeteer ends its browser as the process exits.
      if (this.asked || !this.#stop) process.exit(INTERRUPTED);
      this.asked = true;
      process.stderr.write('\nstopping after the step in work … (once more: at once)\n');
      this.#stop().catch(() => {});
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ask);
  }

  stops(page: DrivenPage): void {
    this.#stop = () => page.stop();
  }
}

async function train(options: TrainOptions): Promise<number> {
  const { example, request, files, json } = options;
  const interrupt = new Interrupt();
  const progress = new Progress(
    json ? process.stderr : process.stdout,
    request.epochs ?? example.defaults.epochs,
  );
  const say = (line: string): void => progress.say(line);
  if (example.data !== null) packData({ log: say });
  const { browser } = await launchBrowser({ say, leaveSignals: true });
  try {
    const server = await serveDemo();
    try {
      const history = new History();
      const page = await openDemo(browser, server.url, (event) => {
        history.hear(event);
        progress.hear(event);
      });
      interrupt.stops(page);
      if (files.length > 0) await page.bring(files);
      const summary = await page.run(example.name, request);
      progress.end();
      return await conclude(options, { page, summary, history, interrupt, say });
    } finally {
      progress.end();
      await server.close();
    }
  } finally {
    await browser.close();
  }
}

interface Ended {
  readonly page: DrivenPage;
  readonly summary: RunSummary;
  readonly history: History;
  readonly interrupt: Interrupt;
  readonly say: (line: string) => void;
}

/** Saves, verifies and reports what a run gave; resolves to the exit code. */
async function conclude({ example, json, out }: TrainOptions, ended: Ended): Promise<number> {
  const { page, summary, history, interrupt, say } = ended;
  mkdirSync(out, { recursive: true });
  const write = (ending: string, content: string | Uint8Array): void => {
    const path = join(out, `${example.name}.${ending}`);
    writeFileSync(path, content);
    say(`wrote ${path}`);
  };
  const file = await page.save();
  if (file) write('safetensors', file);
  const stopped = summary.stopped || interrupt.asked;
  if (!stopped) say('verifying the plan, dispatch by dispatch');
  const verify = stopped ? null : await page.verify();
  if (!stopped)
    write('html', htmlReport({ title: example.title, summary, history, verify, test: await page.report() }));
  for (const line of resultLines(summary, verify)) say(line);
  if (json) process.stdout.write(`${jsonLine(summary, verify)}\n`);
  return stopped ? INTERRUPTED : exitCode(summary, verify, example.defaults.epochs);
}

async function main(): Promise<number> {
  const command = parseCommand(process.argv.slice(2));
  if (command.kind === 'train') return train(command);
  process.stdout.write(`${command.kind === 'help' ? HELP : listText()}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
