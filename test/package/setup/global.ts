// Once per run: packs the library as it would be published, installs the tarball into a folder outside the repository, builds the
// programs of `outside/` and of the documentation against it, serves the folder and opens a browser.
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { launchBrowser } from '../../../tools/browser.js';
import { projectRoot } from '../../../tools/entries.js';
import { command, tool } from './command.js';
import { docBlocks } from './markdown.js';
import { serveFolder } from './server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder outside the repository; `node_modules/heddle` comes from the tarball. */
    packageFolder: string;
    /** Where that folder is served, with a slash at its end. */
    packageUrl: string;
    /** The browser of these tests. */
    packageBrowser: string;
  }
}

const root = fileURLToPath(projectRoot);

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-package-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await install(folder);
    await buildPrograms(folder);
    const { browser } = await launchBrowser({ say: () => {} });
    const server = await serveFolder(folder);
    project.provide('packageFolder', folder);
    project.provide('packageUrl', server.url);
    project.provide('packageBrowser', browser.wsEndpoint());
    return async () => {
      await browser.close();
      await server.close();
      await remove();
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** An application's folder: the tarball installed without a network, the repository's own Vite and TypeScript beside it. */
async function install(folder: string): Promise<void> {
  await command('npm', ['pack', '--silent', '--pack-destination', folder], root);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await command(
    'npm',
    ['install', '--offline', '--no-audit', '--no-fund', '--silent', `./${tarball}`],
    folder,
  );
  for (const name of ['vite', 'typescript']) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  await cp(fileURLToPath(new URL('../outside', import.meta.url)), folder, { recursive: true });
}

/** `celsius` as a bare Vite application; the programs that tests call, and those of the documentation, as modules in `built/`. */
async function buildPrograms(folder: string): Promise<void> {
  const blocks = docBlocks();
  await mkdir(join(folder, 'docs'));
  for (const { name, code } of blocks) {
    // Without an import or export a file would be a script, and its names global.
    await writeFile(join(folder, 'docs', `${name}.ts`), `${code}\nexport {};\n`);
  }
  const programs = (await readdir(join(folder, 'programs'))).map((file) => `programs/${file}`);
  const entries = [...programs, ...blocks.map(({ name }) => `docs/${name}.ts`)];
  await writeFile(join(folder, 'vite.config.js'), configOf(entries));
  await tool('vite/bin/vite.js', ['build', 'celsius', '--base', './', '--logLevel', 'warn'], folder);
  await tool('vite/bin/vite.js', ['build', '--logLevel', 'warn'], folder);
}

const configOf = (entries: readonly string[]): string =>
  `export default ${JSON.stringify({
    publicDir: false,
    build: {
      outDir: 'built',
      target: 'es2022',
      lib: {
        entry: Object.fromEntries(entries.map((path) => [path.replace(/\.ts$/, ''), path])),
        formats: ['es'],
      },
    },
  })};\n`;
