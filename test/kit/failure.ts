/** The `HeddleError` that something throws, to look at its fields. */

import { HeddleError } from '../../src/core/errors.js';

export function failure(run: () => unknown): HeddleError {
  try {
    run();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The same of a promise. */
export const rejection = (run: PromiseLike<unknown>): Promise<HeddleError> =>
  Promise.resolve(run).then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: unknown) => {
      if (error instanceof HeddleError) return error;
      throw error;
    },
  );
