/** What the page hands an example, without a page: runs are followed to their end, and what is shown is kept. */

import type { ExampleContext, Shown } from '../../demo/examples/example.js';
import type { StepEvent } from '../../src/index.js';

export interface Heard {
  readonly context: ExampleContext;
  readonly stages: readonly string[];
  readonly shown: readonly Shown[];
  /** Steps of each series. */
  readonly steps: ReadonlyMap<string, readonly StepEvent[]>;
  dispose(): void;
}

/** `given` replaces what is not there by default: one epoch of batches of 32 with seed 42, and no files. */
export function exampleContext(given: Partial<ExampleContext> = {}): Heard {
  const stages: string[] = [];
  const shown: Shown[] = [];
  const steps = new Map<string, StepEvent[]>();
  const context: ExampleContext = {
    epochs: 1,
    batchSize: 32,
    seed: 42,
    dataUrl: '/data',
    files: [],
    signal: new AbortController().signal,
    onCompile: () => {},
    stage: (text) => void stages.push(text),
    show: (one) => void shown.push(one),
    async follow(run, series = 'loss') {
      const own: StepEvent[] = [];
      steps.set(series, own);
      for await (const event of run) own.push(event);
      return run;
    },
    epochEnd: () => {},
    wrote: () => {},
    ...given,
  };
  return {
    context,
    stages,
    shown,
    steps,
    dispose() {
      for (const { model } of shown) model.dispose();
    },
  };
}
