/**
 * The evaluation in slices: the page paints and answers between nodes. One node is never cut, so a stretch lasts at most a slice
 * and one node.
 */

import { pauses } from '../core/give-way.js';
import { type Graph, type HostTensor, rootsOf } from '../ir/graph.js';
import { type EvaluateOptions, type Evaluation, evaluationSteps, type Feeds, split } from './evaluate.js';

export interface EvaluateAsyncOptions extends EvaluateOptions {
  /** Aborted between nodes: the promise rejects with the signal's reason, nothing has been changed. */
  readonly signal?: AbortSignal;
}

/** `evaluate`, giving way to the page between nodes. */
export async function evaluateAsync(
  graph: Graph,
  feeds: Feeds,
  options: EvaluateAsyncOptions = {},
): Promise<Evaluation> {
  return split(graph, await drainInSlices(evaluationSteps(rootsOf(graph), feeds, options), options.signal));
}

async function drainInSlices(
  steps: Generator<void, HostTensor[]>,
  signal?: AbortSignal,
): Promise<HostTensor[]> {
  signal?.throwIfAborted();
  const pause = pauses();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    const pausing = pause();
    if (!pausing) continue;
    await pausing;
    signal?.throwIfAborted();
  }
}
