// The demo's page, served as `npm start` serves it, but for a program: a free port, no watching, no reloading, silent.
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createServer, type ViteDevServer } from 'vite';

export interface DemoServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A server of our own around Vite's middleware: Vite's own server would end the process at SIGTERM, in the midst of saving. */
export async function serveDemo(): Promise<DemoServer> {
  let vite: ViteDevServer | null = null;
  const server = createHttpServer((request, response) => vite?.middlewares(request, response));
  vite = await createServer({
    configFile: fileURLToPath(new URL('../../vite.config.ts', import.meta.url)),
    root: fileURLToPath(new URL('../../demo', import.meta.url)),
    logLevel: 'error',
    clearScreen: false,
    // Bundling dependencies ahead would reload the page under way, and two servers at once would share its cache.
    optimizeDeps: { noDiscovery: true },
    // Vite's client wants its socket even so; on a port of its own, a second run on this machine would find that port taken.
    server: { middlewareMode: true, open: false, hmr: false, ws: { server }, watch: null },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      await vite.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
