// Serves the page of the cases and its one script from memory, on this machine only. 127.0.0.1 is a secure context, which
// `navigator.gpu` needs.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CaseServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveCases(script: string): Promise<CaseServer> {
  const files = new Map([
    ['/', { type: 'text/html', body: readFileSync(new URL('../page/index.html', import.meta.url), 'utf8') }],
    ['/cases.js', { type: 'text/javascript', body: script }],
  ]);
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url ?? '/', 'http://127.0.0.1').pathname);
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': `${file?.type ?? 'text/plain'}; charset=utf-8`,
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
