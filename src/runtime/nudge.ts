/** Waiting for the device without waiting for the browser to look at it. */

/** Milliseconds until the first nudge. Each later one comes after twice the time. */
const FIRST_GAP = 1;

/**
 * Makes the browser look for finished work 1, 3, 7, 15 … ms from now, until the function that it returns is called. By themselves
 * Chrome looks every 2 ms and Firefox every 100 ms; a call to the device makes them look at once, and an empty submit is the
 * least of calls. As the gaps double, long work gets few, and no wait takes more than twice what its work does, and 1 ms.
 */
export function nudge(queue: GPUQueue): () => void {
  let gap = FIRST_GAP;
  const once = (): void => {
    queue.submit([]);
    gap *= 2;
    timer = setTimeout(once, gap);
  };
  let timer = setTimeout(once, gap);
  return () => clearTimeout(timer);
}
