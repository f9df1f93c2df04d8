/** One packed file from the server of the page, with an error for each way in which it may not come. */

import { DataFileError } from './packed.js';

const PACK = 'Run `npm run data` to pack the data sets, then load the page again.';

/** The bytes of `file` in the folder `base`. Throws `DataFileError`. */
export async function fetched(base: string, file: string): Promise<Uint8Array> {
  const url = `${base.replace(/\/+$/, '')}/${file}`;
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(url);
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataFileError(
      file,
      `it could not be fetched from ${url} (${reason})`,
      'Is the server still running?',
    );
  }
  if (!response.ok) throw new DataFileError(file, `the server answered ${response.status} for ${url}`, PACK);
  // A development server answers an unknown path with the page itself, status 200.
  if (response.headers.get('content-type')?.includes('text/html')) {
    throw new DataFileError(file, `the server has no such file at ${url} (it answered with a page)`, PACK);
  }
  return bytes;
}
