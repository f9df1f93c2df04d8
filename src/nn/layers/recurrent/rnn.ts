/** Recurrent layers over cells of the user's own. */

import { HeddleError, type Tensor } from '../../../engine/index.js';
import type { Kinds } from '../../layer.js';
import type { WeightBuilder } from '../../weights.js';
import {
  type BuiltCell,
  type Cell,
  type CellConfig,
  type CellFactory,
  type CellWeightBuilder,
  isCell,
} from './cell.js';
import type { RecurrentCore } from './core.js';
import { parted } from './directions.js';
import { OTHER_NAMES, SEQUENCE_OPTIONS, type SequenceOptions } from './options.js';
import { defineRecurrentLayer } from './recurrent-layer.js';
import { joinedPasses, unrolled, zeros } from './unroll.js';

export interface RnnOptions extends SequenceOptions {
  /** What happens at one step: `defineCell` makes kinds of cells. */
  readonly cell: Cell;
}

const { unroll: _, ...otherNames } = OTHER_NAMES;

/**
 * Runs a cell along [batch, steps, features]: the last output, [batch, features], or all of them, [batch, steps, features]. Applied to
 * `[x, ...states]` it starts from these states, else from zeros. At a step that the mask leaves out states and output stay.
 *
 * The program holds every step, so that it grows with their number: some hundred steps take many seconds to compile, and each length is a
 * program of its own. `lstm`, `gru` and `simpleRNN` have no such limit.
 *
 * @throws HeddleError for anything but a cell, inputs that are no [batch, steps, features] or have no steps, initial states that do not fit,
 * a cell that gives other shapes than it says, and `stateful` without a fixed batch.
 */
export const rnn = defineRecurrentLayer<RnnOptions>({
  type: 'rnn',
  options: ['cell', ...SEQUENCE_OPTIONS],
  otherNames: { ...otherNames, unroll: 'leave it out: a cell of your own is always unrolled' },
  core: ({ cell }, label) => cellCore(label, cell),
  restoredOptions: ({ cell, ...rest }, kinds) => ({ ...rest, cell: restoredCell(cell, kinds) }),
});

/** The cell that a file tells of, as far as its kind is known. */
function restoredCell(kept: unknown, kinds: Kinds): unknown {
  const { name, config } = (kept ?? {}) as Partial<CellConfig>;
  const kind = kinds.get(name ?? '') as Partial<CellFactory> | undefined;
  if (!kind?.restoreCell) throw unknownCell(name);
  return kind.restoreCell(config ?? {});
}

function cellCore(label: string, cell: Cell): RecurrentCore {
  if (!isCell(cell)) throw notACell(label, cell);
  const { stateSizes, outputSize, build } = cell.behaviour(label);
  return {
    units: outputSize,
    stateSizes,
    anyInput: true,
    build(weights, input, directions) {
      const step = [input[0] ?? null, input[2] ?? null];
      const cells: readonly BuiltCell[] =
        directions === 1
          ? [build(weightsOnly(weights), step)]
          : ['forward', 'backward'].map((prefix) => build(prefixed(weights, prefix), step));
      return ({ x, directions: ways, states, mask, context }) =>
        joinedPasses(
          ways.map((backwards, direction) => {
            const batch = x.shape[0] ?? 0;
            const initial = {
              output: zeros(batch, outputSize),
              states: stateSizes.map((size, index) =>
                states
                  ? (parted(states[index] as Tensor, ways.length)[direction] as Tensor)
                  : zeros(batch, size),
              ),
            };
            const run = cells[direction] as BuiltCell;
            return unrolled(x, initial, { backwards, mask }, (xs, before) => run(xs, before, context));
          }),
        );
    },
  };
}

/** A layer's builder as its cell gets it: without states. */
const weightsOnly = ({ add }: WeightBuilder): CellWeightBuilder => ({ add });

/** The same, with weights called `forwardKernel` where a cell says `kernel`. */
const prefixed = (weights: WeightBuilder, prefix: string): CellWeightBuilder => ({
  add: (name, ...rest) => weights.add(`${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`, ...rest),
});

const notACell = (label: string, cell: unknown): HeddleError =>
  new HeddleError({
    op: label,
    message: `cell is ${cell === null ? 'null' : typeof cell}, not what a kind of cells gives`,
    roles: ['cell'],
    values: { cell },
    fix: 'rnn({ cell: mine({ units: 16 }) }), where mine = defineCell({ … })',
  });

const unknownCell = (name: unknown): HeddleError =>
  new HeddleError({
    op: 'load',
    message: `cell '${String(name)}' is not known`,
    roles: ['cell'],
    values: { cell: name },
    fix: `pass its kind: { layers: { ${String(name)} } }`,
  });
