// `npm run bench`: builds the page of the benchmarks, runs it in a headless browser and prints a table.
import { driveBench, driveProfile } from './bench/drive.js';
import { benchHelp, benchOptions } from './bench/options.js';
import { printProfile, printResult, showProgress } from './bench/print.js';
import { serveBench } from './bench/site.js';
import { launchBrowser } from './browser.js';

const options = benchOptions(process.argv.slice(2));

async function main(): Promise<void> {
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
  const hooks = { onProgress: showProgress };
  try {
    if (options.profile)
      printProfile(version, await driveProfile(browser, site.url, options.profile, hooks), options);
    else printResult(version, await driveBench(browser, site.url, options.run, hooks), options);
  } finally {
    await close();
  }
}

if (options.help) console.log(benchHelp('bench'));
else await main();
