/** Long work on the main thread gives way to the page now and then. */

/**
 * Resolves in a task of its own. A message, since timers are clamped to 4 ms; a fresh channel each time and closed again,
 * since an open port would keep Node alive.
 */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** How long a stretch of work may last before it gives way, in milliseconds. */
const SLICE_MS = 8;

/** A pause that costs nothing until a slice is used up: `await pause()` between pieces of long work. */
export function pauses(): () => Promise<void> | undefined {
  let start = performance.now();
  return () => {
    if (performance.now() - start < SLICE_MS) return undefined;
    return giveWay().then(() => {
      start = performance.now();
    });
  };
}
