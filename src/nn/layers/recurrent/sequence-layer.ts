/**
 * What every recurrent layer does around its core: initial states in, the sequence or its last step out, states out or kept for the next
 * batch, masks along, time reversed where it runs backwards.
 */

import { ops, type Tensor, tensor, type Variable } from '../../../engine/index.js';
import type { CallContext, LayerBehaviour } from '../../layer-definition.js';
import type { FreeShape } from '../../shapes.js';
import type { Passed, RecurrentCore, RunSteps } from './core.js';
import { type Directions, joined, parted } from './directions.js';
import type { CheckedSequence } from './options.js';
import { allStates, checkDtypes, checkKeptBatch, fixedBatch, sequenceShape } from './shapes.js';

export interface Wiring {
  readonly directions: Directions;
  readonly options: CheckedSequence;
  /** What becomes of the directions' outputs. */
  readonly merge: Merge;
}

export interface Merge {
  /** How wide the outputs are, for directions of `units`. */
  widths(units: number): readonly number[];
  /** [..., directions · units] to outputs. */
  outputs(x: Tensor): readonly Tensor[];
}

/** For one direction. */
export const AS_IT_IS: Merge = { widths: (units) => [units], outputs: (x) => [x] };

export interface BuiltSequence {
  readonly steps: RunSteps;
  /** The states between batches; `null` where none are kept. */
  readonly kept: readonly Variable[] | null;
}

export function sequenceBehaviour(
  label: string,
  core: RecurrentCore,
  { directions, options, merge }: Wiring,
): LayerBehaviour<BuiltSequence> {
  const { returnSequences, returnState, stateful } = options;
  const { units, stateSizes } = core;
  const count = directions.length;
  const layout = { stateSizes, directions: count };
  /** Outputs run as the steps are taken. */
  const reversed = count === 1 && directions[0] === true;

  const outputShapes = (inputs: readonly FreeShape[]): FreeShape[] => {
    const [batch, steps] = sequenceShape(label, inputs, layout);
    const lead = returnSequences ? [batch, steps] : [batch];
    return [
      ...merge.widths(units).map((width) => [...lead, width]),
      ...(returnState ? allStates(layout).map((size) => [batch, size]) : []),
    ];
  };

  /** [f h, f c, b h, b c] to [h, c], directions side by side. */
  const packed = (given: readonly Tensor[]): readonly Tensor[] =>
    stateSizes.map((_, state) =>
      joined(directions.map((_, direction) => given[direction * stateSizes.length + state] as Tensor)),
    );
  const unpacked = (states: readonly Tensor[]): readonly Tensor[] => {
    const parts = states.map((state) => parted(state, count));
    return directions.flatMap((_, direction) => parts.map((part) => part[direction] as Tensor));
  };

  return {
    outputShape: (inputs) => outputShapes(inputs)[0] as FreeShape,
    outputDtype([x, ...states]) {
      checkDtypes(label, [core.anyInput ? 'float32' : x, ...states]);
      return 'float32';
    },
    ...(merge.widths(units).length > 1 || returnState ? { outputShapes } : {}),
    build(weights, inputs) {
      const [x = []] = inputs;
      const rows = stateful ? fixedBatch(label, x) : 0;
      return {
        steps: core.build(weights, x, count),
        kept: stateful
          ? stateSizes.map((size, index) => weights.state(`state${index + 1}`, [rows, count * size]))
          : null,
      };
    },
    call([input, ...given], built, context) {
      const x = input as Tensor;
      const mask = context.masks[0] ?? null;
      if (built.kept) checkKeptBatch(label, x.shape, built.kept[0]?.shape[0] ?? 0);
      const run = (states: readonly Tensor[] | null): Passed =>
        built.steps({ x, directions, states, mask, wantsStates: returnState || stateful, context });
      const initial = given.length > 0 ? packed(given) : null;
      const passed = built.kept ? advanced(built.kept, initial, context, run) : run(initial);
      const { sequence, last, states } = passed;
      const all = returnSequences ? (reversed ? backwards(sequence) : sequence) : last;
      return [...merge.outputs(all), ...(returnState ? unpacked(states) : [])];
    },
    // Of both directions, where they stay two; last states have no steps.
    mask([mask = null]) {
      const steps = returnSequences && mask ? (reversed ? backwards(mask) : mask) : null;
      return merge.widths(units).map(() => steps);
    },
  };
}

/** Runs from the kept states, or from `initial`, and keeps what comes out: a layer that is used twice goes on from its first use. */
function advanced(
  kept: readonly Variable[],
  initial: readonly Tensor[] | null,
  context: CallContext,
  run: (states: readonly Tensor[]) => Passed,
): Passed {
  let passed: Passed | null = null;
  const enter = (current: readonly Tensor[]): Passed => {
    const variable = kept[current.length];
    if (!variable) return run(initial ?? current);
    context.update(variable, (now) => {
      passed = enter([...current, now]);
      return passed.states[current.length] as Tensor;
    });
    return passed ?? run(initial ?? kept);
  };
  return enter([]);
}

/** [batch, steps, …] from the last step to the first. */
function backwards(x: Tensor): Tensor {
  const steps = x.shape[1] ?? 0;
  const order = Int32Array.from({ length: steps }, (_, step) => steps - 1 - step);
  return ops.gather(x, tensor(order), { axis: 1 });
}
