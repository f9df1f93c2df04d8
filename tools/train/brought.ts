// What a user brings along on the command line: the files of a folder, or a text file, for an example that takes them.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { type Brought, CATALOGUE, type ExampleInfo } from '../../demo/examples/catalogue.js';
import { checkTextSize, readText, TextFileError } from '../../demo/text/file.js';

/** A command line that says something impossible. */
export class UsageError extends Error {}

/** The files as absolute paths; none where nothing was brought. Throws `UsageError`. */
export function broughtFiles(
  { name, takes }: ExampleInfo,
  given: { readonly [B in Brought]: string | undefined },
): readonly string[] {
  for (const kind of ['folder', 'text'] as const) {
    if (given[kind] === undefined || takes === kind) continue;
    const takers = CATALOGUE.filter((one) => one.takes === kind).map((one) => one.name);
    throw new UsageError(`${name} takes no --${kind}; ${takers.join(', ')} does`);
  }
  if (given.folder !== undefined) return filesIn(given.folder);
  return given.text === undefined ? [] : [textFile(given.text)];
}

/** Those of its folders too, but nothing hidden. */
function filesIn(folder: string): readonly string[] {
  const root = resolve(folder);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--folder is '${folder}', which is no folder`);
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) =>
      relative(root, path)
        .split(sep)
        .every((part) => !part.startsWith('.')),
    );
  if (files.length === 0) throw new UsageError(`--folder is '${folder}', which has no files`);
  return files.sort();
}

function textFile(file: string): string {
  const path = resolve(file);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) throw new UsageError(`--text is '${file}', which is no file`);
  // The example reads it in the page; what is wrong with it is said here, before there is a browser.
  try {
    checkTextSize(file, found.size);
    readText(file, readFileSync(path));
  } catch (error) {
    throw error instanceof TextFileError ? new UsageError(`--text: ${error.message}`) : error;
  }
  return path;
}
