// What the server of a page does for cases that train on real pictures: `fetch('/data/NAME.bin')` gives a packed data set.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** From now on `fetch` takes such paths from `folder`, where files may be compressed (`NAME.bin.gz`). */
export function serveData(folder: string): void {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const name = typeof input === 'string' ? /^\/data\/([\w-]+\.bin)$/.exec(input)?.[1] : undefined;
    if (name === undefined) return fetch(input, init);
    const path = join(folder, name);
    const bytes = existsSync(path) ? readFileSync(path) : gunzipSync(readFileSync(`${path}.gz`));
    return new Response(new Uint8Array(bytes));
  };
}
