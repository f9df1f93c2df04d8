// Takes comments and indentation out of the shaders that the library build carries as text: readers want the comments,
// users should not download them. Line breaks stay, and so do the two marker lines between which the loader puts its
// specialisation.
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'vite';

const MARKER = /^\/\/ (?:specialise|end)\b/;

/** The same program with neither comments, indentation nor blank lines. WGSL's block comments nest. */
export function stripWgsl(source: string): string {
  return withoutBlockComments(source)
    .split(/\r?\n/)
    .map((line) => {
      const trimmed = line.trim();
      const code = trimmed.replace(/\/\/.*$/, '').replace(/\s+/g, ' ');
      return MARKER.exec(trimmed)?.[0] ?? code.trimEnd();
    })
    .filter((line) => line !== '')
    .join('\n');
}

/** A block comment separates tokens, so one space takes its place. Line comments are kept: they may hold a `/*`. */
function withoutBlockComments(source: string): string {
  let text = '';
  let depth = 0;
  for (let at = 0; at < source.length; ) {
    const pair = source.slice(at, at + 2);
    if (depth === 0 && pair === '//') {
      const end = source.indexOf('\n', at);
      const stop = end < 0 ? source.length : end;
      text += source.slice(at, stop);
      at = stop;
    } else if (pair === '/*') {
      depth += 1;
      at += 2;
    } else if (depth > 0 && pair === '*/') {
      depth -= 1;
      at += 2;
      if (depth === 0) text += ' ';
    } else {
      if (depth === 0) text += source[at];
      at += 1;
    }
  }
  return text;
}

/** Vite: strips every `*.wgsl?raw` in a build. A development server and the tests keep the sources as written. */
export function stripWgslPlugin(): Plugin {
  return {
    name: 'heddle:strip-wgsl',
    enforce: 'pre',
    apply: 'build',
    async load(id) {
      const [path, query] = id.split('?');
      if (path === undefined || query !== 'raw' || !path.endsWith('.wgsl')) return null;
      this.addWatchFile(path);
      return `export default ${JSON.stringify(stripWgsl(await readFile(path, 'utf8')))};`;
    },
  };
}
