/** Every kind of source gives its bytes and a name; every way in which an address can fail is told apart. Over real HTTP. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeddleError } from '../../src/core/errors.js';
import { type ByteSource, readSource } from '../../src/formats/safetensors-source.js';

const CONTENT = Uint8Array.of(1, 2, 3, 250);
let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/model.safetensors') {
      response.end(CONTENT);
    } else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': 100 });
      response.write(CONTENT, () => response.destroy());
    } else {
      response.writeHead(request.url === '/private' ? 403 : 404).end('no');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

async function failure(source: ByteSource): Promise<HeddleError> {
  try {
    await readSource(source);
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('readSource', () => {
  it('reads an address, as a string and as a URL', async () => {
    const address = `${origin}/model.safetensors`;
    for (const source of [address, new URL(address)]) {
      expect(await readSource(source)).toEqual({ bytes: CONTENT, name: address });
    }
  });

  it('reads files and blobs', async () => {
    expect(await readSource(new File([CONTENT], 'mine.safetensors'))).toEqual({
      bytes: CONTENT,
      name: 'mine.safetensors',
    });
    expect(await readSource(new Blob([CONTENT]))).toEqual({ bytes: CONTENT, name: 'the blob' });
  });

  it('takes bytes as they are', async () => {
    expect((await readSource(CONTENT)).bytes).toBe(CONTENT);
    expect((await readSource(CONTENT.buffer)).bytes).toEqual(CONTENT);
  });

  it('names the status of a failure', async () => {
    const url = `${origin}/nothing`;
    const missing = await failure(url);
    expect(missing).toMatchObject({
      op: 'load',
      roles: ['url'],
      values: { url, status: 404 },
      fix: 'check the path',
    });
    expect(missing.message).toContain('the server answered 404 Not Found');
    expect(await failure(`${origin}/private`)).toMatchObject({ op: 'load', values: { status: 403 } });
  });

  it('names an address that cannot be reached, and keeps the cause', async () => {
    for (const url of ['http://127.0.0.1:1/x', 'weights/model.safetensors']) {
      const error = await failure(url);
      expect(error).toMatchObject({ op: 'load', roles: ['url'], values: { url } });
      expect(error.message).toContain('cannot be reached');
      expect(error.cause).toBeInstanceOf(Error);
    }
  });

  it('names an answer that breaks off', async () => {
    const error = await failure(`${origin}/cut`);
    expect(error).toMatchObject({ op: 'load', roles: ['url'] });
    expect(error.message).toContain('the answer broke off');
  });

  it.each([
    [undefined, 'Undefined'],
    [{}, 'Object'],
    [[1, 2], 'Array'],
    [new Float32Array(1), 'Float32Array'],
  ])('refuses anything else: %o', async (source, kind) => {
    expect(await failure(source as unknown as ByteSource)).toMatchObject({
      op: 'load',
      roles: ['source'],
      values: { source: kind },
    });
  });
});
