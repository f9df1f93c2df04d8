// The public subpaths, read from `exports` in package.json so that they are listed once: adding
// `"./x": { "types": "./dist/x/index.d.ts", "default": "./dist/x/index.js" }` there makes `src/x/index.ts` the entry `heddle/x`.
import { readFileSync } from 'node:fs';

export const projectRoot = new URL('../', import.meta.url);

export interface Entry {
  /** What users import: `heddle`, `heddle/formats`. */
  readonly specifier: string;
  /** The path inside dist without its ending: `index`, `formats/index`. */
  readonly output: string;
  /** The source file, absolute. */
  readonly source: string;
}

/** The entries that a manifest's `exports` name; its plain string exports (`./package.json`) are no entries. */
export function entriesOf(manifest: { name: string; exports: Record<string, unknown> }, root: URL): Entry[] {
  return Object.entries(manifest.exports).flatMap(([subpath, target]) => {
    if (typeof target !== 'object' || target === null || !('default' in target)) return [];
    const output = /^\.\/dist\/(.+)\.js$/.exec(String(target.default))?.[1];
    if (output === undefined) {
      throw new Error(
        `package.json: exports["${subpath}"].default must be ./dist/….js, got ${target.default}`,
      );
    }
    const source = decodeURIComponent(new URL(`src/${output}.ts`, root).pathname);
    return [{ specifier: manifest.name + subpath.slice(1), output, source }];
  });
}

export function libraryEntries(): Entry[] {
  return entriesOf(JSON.parse(readFileSync(new URL('package.json', projectRoot), 'utf8')), projectRoot);
}

/** Vite's `resolve.alias`: `heddle` and its subpaths mean the sources, exactly as users spell them. */
export function sourceAliases(): { find: RegExp; replacement: string }[] {
  return libraryEntries().map(({ specifier, source }) => ({
    find: new RegExp(`^${specifier}$`),
    replacement: source,
  }));
}
