/** How a fit over an iterable ends: the source is told, and a source that never answers holds nobody up. */

import { beforeAll, expect, it } from 'vitest';
import { init } from '../../src/engine/index.js';
import { compiled, examples } from '../kit/small-model.js';

beforeAll(() => init({ device: 'cpu' }));

const { x, y } = examples(4);

/** Endless batches; `closed` counts how often their iteration was closed. */
function endless(): { source: AsyncIterable<{ x: Float32Array; y: Int32Array }>; closed: () => number } {
  let closed = 0;
  async function* batches() {
    try {
      for (;;) yield { x, y };
    } finally {
      closed++;
    }
  }
  return { source: { [Symbol.asyncIterator]: batches }, closed: () => closed };
}

it('closes the source at the end of its steps', async () => {
  const { source, closed } = endless();
  await compiled().fit(source, { epochs: 2, stepsPerEpoch: 3 });
  expect(closed()).toBe(1);
});

it('closes the source when the run is stopped', async () => {
  const { source, closed } = endless();
  const run = compiled().fit(source);
  for await (const { step } of run) if (step === 3) run.stop();
  await run;
  expect(closed()).toBe(1);
});

it.each(['stop', 'abort'])('ends by %s while the source is waited for', async (how) => {
  const controller = new AbortController();
  async function* stalling() {
    yield { x, y };
    await new Promise(() => {});
  }
  const run = compiled().fit(stalling(), { signal: controller.signal, stepsPerSubmit: 1 });
  setTimeout(() => (how === 'stop' ? run.stop() : controller.abort()), 50);
  if (how === 'stop') expect((await run).history.loss).toHaveLength(1);
  else await expect(run).rejects.toMatchObject({ name: 'AbortError' });
});
