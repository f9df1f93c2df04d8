// `npm run bench`: builds the page of the benchmarks, runs it in a headless browser and prints a table.
import { COLD } from './bench/cold.js';
import { driveBench, driveProfile } from './bench/drive.js';
import { benchHelp, benchOptions } from './bench/options.js';
import { failBench, printProfile, printRun, showProgress, showRows } from './bench/print.js';
import { serveBench } from './bench/site.js';
import { launchBrowser } from './browser.js';

const options = benchOptions(process.argv.slice(2));

async function main(): Promise<void> {
  process.stderr.write('bench: building the page\n');
  const site = await serveBench();
  try {
    await runIn(site.url);
  } finally {
    await site.close();
  }
}

async function runIn(url: string): Promise<void> {
  Object.assign(process.env, COLD);
  const { browser, version } = await launchBrowser();
  process.once('SIGINT', () => {
    void browser.close().finally(() => process.exit(130));
  });
  const hooks = { onProgress: showProgress, onRows: showRows };
  try {
    if (options.profile)
      printProfile(version, await driveProfile(browser, url, options.profile, hooks), options);
    else printRun(version, await driveBench(browser, url, options.run, hooks), options);
  } finally {
    await browser.close();
  }
}

if (options.help) console.log(benchHelp('bench'));
else await main().catch(failBench);
