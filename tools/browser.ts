// The one place that knows how to come by a Chrome with WebGPU: find or install it, start it with flags that give a real
// adapter where there is one, and say which adapter that is.
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import puppeteer, { type Browser } from 'puppeteer';
import { type AdapterReport, isSoftware } from './adapter.js';
import { findOrInstallBrowser, isRoot } from './find-browser.js';

export interface LaunchedBrowser {
  readonly browser: Browser;
  readonly adapter: AdapterReport;
  /** Such as `Chrome/148.0.7778.97`. */
  readonly version: string;
  readonly executablePath: string;
}

export interface LaunchOptions {
  /** `auto` (default): the machine's GPU, and the software adapter only where there is none. `software`: that one in any case. */
  readonly adapter?: 'auto' | 'software';
  /** Receives progress; default: lines on stderr. */
  readonly say?: (line: string) => void;
  /** The caller ends things in order at SIGTERM and SIGHUP. Default false: they close the browser at once. */
  readonly leaveSignals?: boolean;
}

const QUIET_FLAGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // A page that computes in a background tab must not be slowed down, nor fill the 64 MB of /dev/shm that containers have.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-dev-shm-usage',
];

/** Command-line flags for an adapter. Chrome's sandbox refuses to run as root. */
export function browserFlags(
  adapter: 'hardware' | 'software',
  platform: NodeJS.Platform,
  asRoot: boolean,
): string[] {
  const flags = [...QUIET_FLAGS, '--enable-unsafe-webgpu'];
  if (asRoot) flags.push('--no-sandbox');
  if (adapter === 'software') flags.push('--use-webgpu-adapter=swiftshader');
  else flags.push('--ignore-gpu-blocklist');
  if (adapter === 'hardware' && platform === 'linux') {
    flags.push('--enable-features=Vulkan', '--use-angle=vulkan', '--disable-vulkan-surface');
  }
  return flags;
}

/** False only where a hardware adapter is out of the question: a Linux that shows no graphics device at all. */
export function mayHaveGpu(platform: NodeJS.Platform, devices: readonly string[]): boolean {
  return (
    platform !== 'linux' ||
    devices.some((name) => /^(renderD\d+|card\d+|nvidia\d+|dxg|kgsl-3d0|mali\d+)$/.test(name))
  );
}

/**
 * Starts a headless Chrome with WebGPU, installing one first if the machine has none. The caller closes `browser`.
 * Throws an error that says what to do where no Chrome can be had, or where it offers no adapter at all.
 */
export async function launchBrowser(options: LaunchOptions = {}): Promise<LaunchedBrowser> {
  const say = options.say ?? ((line: string) => process.stderr.write(`${line}\n`));
  const executablePath = await findOrInstallBrowser(say);
  if (options.adapter !== 'software') {
    if (mayHaveGpu(process.platform, graphicsDevices())) {
      const hardware = await start(executablePath, 'hardware', options.leaveSignals);
      if (hardware !== undefined) return hardware;
      say('browser: the GPU gives no WebGPU adapter; using the software adapter');
    } else {
      say('browser: this machine has no GPU; using the software adapter');
    }
  }
  const software = await start(executablePath, 'software', options.leaveSignals);
  if (software !== undefined) return software;
  throw new Error(
    `${executablePath} offers no WebGPU adapter, not even a software one. ` +
      'Use Chrome or Chromium 121 or later: set CHROME_PATH to it, or run "npx puppeteer browsers install chrome".',
  );
}

/** The browser if it has an adapter; else it is closed again. */
async function start(
  executablePath: string,
  kind: 'hardware' | 'software',
  leaveSignals = false,
): Promise<LaunchedBrowser | undefined> {
  const browser = await puppeteer.launch({
    executablePath,
    headless: true,
    protocolTimeout: 0,
    handleSIGINT: false,
    handleSIGTERM: !leaveSignals,
    handleSIGHUP: !leaveSignals,
    args: browserFlags(kind, process.platform, isRoot()),
  });
  try {
    const adapter = await probeAdapter(browser);
    // Chrome hands out its software adapter in silence: a GPU is only a GPU if it says so.
    if (adapter !== undefined && (kind === 'software' || !adapter.software)) {
      return { browser, adapter, version: await browser.version(), executablePath };
    }
  } catch (error) {
    await browser.close();
    throw error;
  }
  await browser.close();
  return undefined;
}

/** Asks in a page of its own: `navigator.gpu` exists only in a secure context, which 127.0.0.1 is and about:blank is not. */
async function probeAdapter(browser: Browser): Promise<AdapterReport | undefined> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><link rel="icon" href="data:,">');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const found = await page.evaluate(async () => {
      const adapter = await navigator.gpu?.requestAdapter();
      if (!adapter) return null;
      const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
      return { names: { vendor, architecture, device, description }, isFallback: isFallbackAdapter === true };
    });
    return found === null
      ? undefined
      : { ...found.names, software: isSoftware(found.names, found.isFallback) };
  } finally {
    await page.close();
    server.close();
    server.closeAllConnections();
  }
}

/** Names of the graphics devices that Linux shows under /dev; none elsewhere. */
function graphicsDevices(): string[] {
  return ['/dev', '/dev/dri'].flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
}
