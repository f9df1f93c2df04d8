/** What is made half-way: an engine's `open` that throws gives nobody anything to dispose, yet may hold most of its tensors already. */

interface Owned {
  dispose(): void;
}

/** Keeps `one` in mind, and gives it back. */
export type Own = <T extends Owned>(one: T) => T;

/** What `open` gives. Where it throws, all that it owned until then is disposed, the latest first. */
export async function disposingOnThrow<T>(open: (own: Own) => Promise<T>): Promise<T> {
  const owned: Owned[] = [];
  try {
    return await open((one) => {
      owned.push(one);
      return one;
    });
  } catch (error) {
    for (const one of owned.reverse()) one.dispose();
    throw error;
  }
}
