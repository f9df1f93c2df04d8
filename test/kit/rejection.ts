/** The `HeddleError` that something rejects with, to look at its fields. */

import { HeddleError } from '../../src/core/errors.js';

export async function rejection(run: () => PromiseLike<unknown>): Promise<HeddleError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
