// Serves the page of the cases and its one script from memory, and the packed data sets below `/data/`, on this machine only. 127.0.0.1
// is a secure context, which `navigator.gpu` needs.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DATA_FOLDER, packData } from '../../../tools/data/pack.js';

export interface CaseServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveCases(script: string): Promise<CaseServer> {
  const files = new Map([
    [
      '/',
      {
        type: 'text/html; charset=utf-8',
        body: readFileSync(new URL('../page/index.html', import.meta.url), 'utf8'),
      },
    ],
    ['/cases.js', { type: 'text/javascript; charset=utf-8', body: script }],
  ]);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const file = files.get(pathname) ?? packedFile(pathname);
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': file?.type ?? 'text/plain',
      'cache-control': 'no-store',
    });
    response.end(file?.body ?? 'not found');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
    },
  };
}

/** A packed data set by name, packed first where it is not there. */
function packedFile(pathname: string): { readonly type: string; readonly body: Buffer } | undefined {
  const name = /^\/data\/([\w-]+\.bin)$/.exec(pathname)?.[1];
  if (name === undefined) return undefined;
  const path = join(DATA_FOLDER, name);
  if (!existsSync(path)) packData();
  return existsSync(path) ? { type: 'application/octet-stream', body: readFileSync(path) } : undefined;
}
