// Where a Chrome may be, in the order of preference, and how one is installed where there is none.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import {
  Browser,
  computeExecutablePath,
  detectBrowserPlatform,
  getInstalledBrowsers,
  install,
} from '@puppeteer/browsers';
import { PUPPETEER_REVISIONS } from 'puppeteer-core/internal/revisions.js';

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Executables in puppeteer's cache, newest first. */
  readonly cached: readonly string[];
}

const COMMANDS = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser'];

/** Paths worth trying after CHROME_PATH: puppeteer's cache, the names on PATH, the usual places of the platform. */
export function browserCandidates({ platform, env, cached }: Surroundings): string[] {
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => COMMANDS.map((command) => ({ command, path: join(folder, command) })))
    .sort((a, b) => COMMANDS.indexOf(a.command) - COMMANDS.indexOf(b.command))
    .map(({ path }) => path);
  return [...cached, ...(platform === 'win32' ? [] : onPath), ...usualPlaces(platform, env)];
}

function usualPlaces(platform: NodeJS.Platform, env: Surroundings['env']): string[] {
  if (platform === 'darwin') {
    return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (platform === 'win32') {
    return [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .map((folder) => `${folder}\\Google\\Chrome\\Application\\chrome.exe`);
  }
  return [];
}

/** A Chrome that starts. Looks for one, then installs one, telling `say` what it does; throws what to do if neither works. */
export async function findOrInstallBrowser(say: (line: string) => void): Promise<string> {
  const chosen = process.env.CHROME_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (starts(chosen)) return chosen;
    throw new Error(
      `CHROME_PATH is "${chosen}", which does not start. Correct it, or unset it to have a browser found.`,
    );
  }
  const found = await findBrowser();
  if (found !== undefined) return found;
  const reasons: string[] = [];
  for (const way of [downloadBrowser, installDebianPackage]) {
    try {
      return await way(say);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
      say(`browser: ${reasons.at(-1)}`);
    }
  }
  throw new Error(
    `No Chrome found, and none could be installed (${reasons.join('; ')}). ` +
      'Install Chrome or Chromium ("sudo apt-get install chromium", "brew install --cask google-chrome", ' +
      'or "npx puppeteer browsers install chrome"), or set CHROME_PATH to one.',
  );
}

async function findBrowser(): Promise<string | undefined> {
  const cached = (await getInstalledBrowsers({ cacheDir: cacheFolder() }))
    .filter(({ browser }) => browser === Browser.CHROME)
    .sort((a, b) => b.buildId.localeCompare(a.buildId, 'en', { numeric: true }))
    .map(({ executablePath }) => executablePath);
  return browserCandidates({ platform: process.platform, env: process.env, cached }).find(starts);
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Puppeteer's own cache, so that a browser which it downloaded for another project serves here too. */
function cacheFolder(): string {
  return process.env.PUPPETEER_CACHE_DIR ?? join(homedir(), '.cache', 'puppeteer');
}

/** Chrome present but short of its system libraries is common on bare machines, so asking its version is the test. */
function starts(path: string): boolean {
  if (!existsSync(path)) return false;
  // On Windows `--version` opens a window instead of answering.
  return process.platform === 'win32' || spawnSync(path, ['--version'], { timeout: 60_000 }).status === 0;
}

async function downloadBrowser(say: (line: string) => void): Promise<string> {
  const platform = detectBrowserPlatform();
  if (platform === undefined) throw new Error('Chrome is not offered for this platform');
  // The version that the installed puppeteer is tested with.
  const buildId = PUPPETEER_REVISIONS.chrome;
  const options = { browser: Browser.CHROME, platform, buildId, cacheDir: cacheFolder() };
  say(`browser: downloading Chrome ${buildId} to ${options.cacheDir}`);
  // As root on Debian or Ubuntu, its system libraries come along.
  await install({ ...options, installDeps: isRoot() && existsSync('/etc/debian_version') });
  const path = computeExecutablePath(options);
  if (!starts(path)) throw new Error(`the downloaded ${path} does not start; system libraries are missing`);
  return path;
}

async function installDebianPackage(say: (line: string) => void): Promise<string> {
  if (!existsSync('/etc/debian_version'))
    throw new Error('this is no Debian, so apt-get cannot install chromium');
  if (!isRoot()) throw new Error('apt-get needs root to install chromium');
  say("browser: installing Debian's chromium with apt-get");
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const step of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const { status, stderr } = spawnSync('apt-get', ['-q', ...step], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) throw new Error(`"apt-get ${step.join(' ')}" failed: ${String(stderr).trim()}`);
  }
  const path = await findBrowser();
  if (path === undefined) throw new Error('apt-get installed chromium, but it does not start');
  return path;
}
