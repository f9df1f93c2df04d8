/** The bytes of whatever a user calls a file: an address, a chosen file, or the bytes themselves. */

import { HeddleError } from '../core/errors.js';

export type ByteSource = string | URL | Blob | ArrayBuffer | Uint8Array;

export interface SourceBytes {
  readonly bytes: Uint8Array;
  /** What errors call it: the address, the file's name, or `the bytes`. */
  readonly name: string;
}

/**
 * Reads `source` whole. A string is an address (relative ones are the page's), never a path. Bytes are not copied.
 *
 * @throws HeddleError (`load`) where the address does not answer, answers with a failure, or breaks off, and for any other kind of source.
 */
export async function readSource(source: ByteSource): Promise<SourceBytes> {
  if (typeof source === 'string' || source instanceof URL) return readAddress(String(source));
  if (source instanceof Uint8Array) return { bytes: source, name: 'the bytes' };
  if (source instanceof ArrayBuffer) return { bytes: new Uint8Array(source), name: 'the bytes' };
  if (source instanceof Blob) return readBlob(source);
  const kind = Object.prototype.toString.call(source).slice('[object '.length, -1);
  throw new HeddleError({
    op: 'load',
    message: `cannot read from a value of the kind ${kind}`,
    roles: ['source'],
    values: { source: kind },
    fix: 'pass an address (string or URL), a File or Blob, an ArrayBuffer or a Uint8Array',
  });
}

async function readBlob(blob: Blob): Promise<SourceBytes> {
  const name = 'name' in blob && typeof blob.name === 'string' ? blob.name : 'the blob';
  try {
    return { bytes: new Uint8Array(await blob.arrayBuffer()), name };
  } catch (cause) {
    throw new HeddleError({
      op: 'load',
      message: `${name} cannot be read`,
      roles: ['file'],
      values: { file: name, size: blob.size },
      fix: 'it may have changed or gone since it was chosen: choose it again',
      cause,
    });
  }
}

async function readAddress(address: string): Promise<SourceBytes> {
  const name = address.length > 200 ? `${address.slice(0, 200)}…` : address;
  const failure = (message: string, values: object, fix: string, cause?: unknown) =>
    new HeddleError({
      op: 'load',
      message: `${name}: ${message}`,
      roles: ['url'],
      values: { url: name, ...values },
      fix,
      cause,
    });
  let response: Response;
  try {
    response = await fetch(address);
  } catch (cause) {
    throw failure(
      'the address cannot be reached',
      {},
      'check the spelling, the network and the server’s CORS headers; outside a page read the file yourself and pass its bytes',
      cause,
    );
  }
  if (!response.ok) {
    const { status, statusText } = response;
    throw failure(
      `the server answered ${status}${statusText ? ` ${statusText}` : ''}`,
      { status, statusText },
      status === 404 ? 'check the path' : 'check that the address is open to this page',
    );
  }
  try {
    return { bytes: new Uint8Array(await response.arrayBuffer()), name };
  } catch (cause) {
    throw failure('the answer broke off', {}, 'load it again', cause);
  }
}
