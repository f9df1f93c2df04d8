// The demo's page, served as `npm start` serves it, but for a program: a free port, no watching, no reloading, silent.
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

export interface DemoServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveDemo(): Promise<DemoServer> {
  const server = await createServer({
    configFile: fileURLToPath(new URL('../../vite.config.ts', import.meta.url)),
    root: fileURLToPath(new URL('../../demo', import.meta.url)),
    logLevel: 'error',
    clearScreen: false,
    // Bundling dependencies ahead would reload the page under way, and two servers at once would share its cache.
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, strictPort: false, open: false, hmr: false, watch: null },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (typeof address !== 'object' || address === null)
    throw new Error('the server of the page has no address');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
