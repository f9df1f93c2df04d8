/**
 * What the recurrent ops are called with: attributes, the roles of their inputs and outputs in order, and a `RecurrentShape` that resolves
 * extents from input types and holds every tensor to them.
 *
 * B batch, T steps, I features, H units, D directions, G gates (simpleRnn 1; gru z, r, n; lstm i, f, g, o). Directions stand side by
 * side along the last axis: column (d·G + g)·H + u belongs to direction d, gate g, unit u.
 */

import { HeddleError } from '../../core/errors.js';
import { type Shape, sameShape, showShape } from '../../core/shape.js';
import type { TensorType } from '../../ir/graph.js';
import type { KernelActivation } from './activations.js';

/** Gates of each cell. */
export const GATES = { simpleRnn: 1, gru: 3, lstm: 4 } as const;

export type Cell = keyof typeof GATES;

export interface CellAttrs {
  /** One per direction: whether it runs from the last step to the first. */
  readonly directions: readonly boolean[];
  /** Of the candidate (n, g), and of the cell state in lstm's output. */
  readonly activation: KernelActivation;
  /** Of the gates; a simpleRnn has none and leaves it `sigmoid`. */
  readonly recurrentActivation: KernelActivation;
  /** Whether the inputs hold an initial state. */
  readonly state: boolean;
  /** Whether `rows` holds a mask: a step counts where it is above 0.5. */
  readonly mask: boolean;
  /** Whether `rows` holds factors of the state in front of the recurrent product. */
  readonly dropout: boolean;
}

export interface SequenceAttrs extends CellAttrs {
  /** gru: whether the inputs hold a bias. Other cells have it in their pre-activations, and `false` here. */
  readonly bias: boolean;
  /** lstm: whether `finals` holds the cell state behind h. Other cells: `false`. */
  readonly cellState: boolean;
}

export interface SequenceGradientAttrs extends SequenceAttrs {
  /** Which cotangents arrive; at least one. */
  readonly dsequence: boolean;
  readonly dfinals: boolean;
}

export interface WeightGradientAttrs {
  readonly cell: Cell;
  readonly directions: readonly boolean[];
  readonly state: boolean;
  /** Whether `rows` holds T columns of a mask in front of the factors; `rows` is an input only with `dropout`. */
  readonly mask: boolean;
  readonly dropout: boolean;
}

/** What a tensor of a recurrent op is. Shapes stand at `shapeOfRole`. */
export type Role =
  | 'x'
  | 'kernel'
  | 'preactivations'
  | 'recurrentKernel'
  | 'bias'
  | 'state'
  | 'rows'
  | 'sequence'
  | 'finals'
  | 'gates'
  | 'carry'
  | 'dsequence'
  | 'dfinals'
  | 'dgates'
  | 'dcarry'
  | 'dstate'
  | 'dkernel'
  | 'drecurrentKernel'
  | 'dbias';

/** Tensors by role; roles that are not there are missing. */
export type ByRole<T> = Readonly<Partial<Record<Role, T>>>;

/** `list`, whose entries play `roles` in order. */
export const byRole = <T>(roles: readonly Role[], list: readonly T[]): ByRole<T> =>
  Object.fromEntries(roles.map((role, index) => [role, list[index] as T]));

/** What `tensors` has for `roles`, in their order; a role that it lacks is left out. */
export const inOrder = <T>(roles: readonly Role[], tensors: ByRole<T>): T[] =>
  roles.flatMap((role) => tensors[role] ?? []);

const having = (...roles: readonly (Role | false)[]): Role[] => roles.filter((role) => role !== false);

const hasRows = ({ mask, dropout }: Pick<CellAttrs, 'mask' | 'dropout'>): boolean => mask || dropout;

/** Inputs of a whole layer, which adds x·kernel and the bias itself. */
export const layerInputs = (attrs: SequenceAttrs): Role[] =>
  having(
    'x',
    'kernel',
    'recurrentKernel',
    attrs.bias && 'bias',
    attrs.state && 'state',
    hasRows(attrs) && 'rows',
  );

/** Inputs of a sequence op. */
export const sequenceInputs = (attrs: SequenceAttrs): Role[] =>
  having(
    'preactivations',
    'recurrentKernel',
    attrs.bias && 'bias',
    attrs.state && 'state',
    hasRows(attrs) && 'rows',
  );

/** Outputs of a sequence op; the last two are residuals. */
export const sequenceOutputs = (cell: Cell): Role[] =>
  having('sequence', 'finals', cell !== 'simpleRnn' && 'gates', cell !== 'simpleRnn' && 'carry');

/** Inputs of a sequence's gradient. lstm finds in its gates and cell states all it needs; the others in the sequence. */
export const sequenceGradientInputs = (cell: Cell, attrs: SequenceGradientAttrs): Role[] =>
  having(
    cell === 'simpleRnn' ? 'sequence' : 'gates',
    'recurrentKernel',
    cell !== 'simpleRnn' && 'carry',
    cell === 'gru' && 'sequence',
    cell !== 'simpleRnn' && attrs.state && 'state',
    hasRows(attrs) && 'rows',
    attrs.dsequence && 'dsequence',
    attrs.dfinals && 'dfinals',
  );

export const sequenceGradientOutputs = (cell: Cell): Role[] =>
  having('dgates', cell === 'gru' && 'dcarry', 'dstate');

export const weightGradientInputs = ({ cell, state, dropout }: WeightGradientAttrs): Role[] =>
  having('x', 'sequence', state && 'state', dropout && 'rows', 'dgates', cell === 'gru' && 'dcarry');

export const WEIGHT_GRADIENT_OUTPUTS: readonly Role[] = ['dkernel', 'drecurrentKernel', 'dbias'];

export interface RecurrentShape {
  readonly cell: Cell;
  readonly batch: number;
  readonly steps: number;
  readonly units: number;
  /** D: how many directions. */
  readonly directions: number;
  /** G: how many gates. */
  readonly gates: number;
  /** I; 0 where an op does not see the input. */
  readonly features: number;
}

/** Of a product of all rows and steps with `inner` numbers for each gate of each unit. */
export const productFlops = (
  { batch, steps, directions, gates, units }: RecurrentShape,
  inner: number,
): number => 2 * batch * steps * inner * directions * gates * units;

/** Of h·R at all steps, and of dgates·Rᵀ. */
export const recurrentProductFlops = (shape: RecurrentShape): number => productFlops(shape, shape.units);

/** The shape of `role`. */
export function shapeOfRole(
  role: Role,
  { cell, batch, steps, units, directions, gates, features }: RecurrentShape,
  { mask = false, dropout = false, cellState = false }: Partial<SequenceAttrs>,
): Shape {
  const states = directions * units; // D·H
  const columns = gates * states; // D·G·H
  switch (role) {
    case 'x':
      return [batch, steps, features];
    case 'preactivations':
    case 'gates':
    case 'dgates':
      return [batch, steps, columns];
    case 'sequence':
    case 'dsequence':
    case 'carry':
    case 'dcarry':
      return [batch, steps, states];
    case 'state':
    case 'dstate':
      return [cell === 'lstm' ? 2 : 1, batch, states];
    case 'finals':
    case 'dfinals':
      return [cellState ? 2 : 1, batch, states];
    case 'rows':
      return [batch, (mask ? steps : 0) + (dropout ? states : 0)];
    case 'recurrentKernel':
    case 'drecurrentKernel':
      return [units, columns];
    case 'kernel':
    case 'dkernel':
      return [features, columns];
    case 'bias':
    case 'dbias':
      return cell === 'gru' ? [2, columns] : [columns];
  }
}

/** Of a whole layer. Throws a `HeddleError` where an input does not fit. */
export function layerShape(
  op: string,
  cell: Cell,
  inputs: readonly TensorType[],
  attrs: SequenceAttrs,
): RecurrentShape {
  const roles = layerInputs(attrs);
  const { x, recurrentKernel } = byRole(roles, inputs);
  const [batch = 0, steps = 0, features = 0] = x?.shape ?? [];
  const [units = 0] = recurrentKernel?.shape ?? [];
  const extents = { ...extentsOf(cell, attrs.directions), batch, steps, units, features };
  return checked(op, roles, inputs, attrs, extents);
}

/** Of a sequence op. Throws a `HeddleError` where an input does not fit. */
export function sequenceShape(
  op: string,
  cell: Cell,
  inputs: readonly TensorType[],
  attrs: SequenceAttrs,
): RecurrentShape {
  const { preactivations, recurrentKernel } = byRole(sequenceInputs(attrs), inputs);
  const [batch = 0, steps = 0] = preactivations?.shape ?? [];
  const [units = 0] = recurrentKernel?.shape ?? [];
  return checked(op, sequenceInputs(attrs), inputs, attrs, {
    ...extentsOf(cell, attrs.directions),
    batch,
    steps,
    units,
    features: 0,
  });
}

/** Of a sequence's gradient. */
export function sequenceGradientShape(
  op: string,
  cell: Cell,
  inputs: readonly TensorType[],
  attrs: SequenceGradientAttrs,
): RecurrentShape {
  const roles = sequenceGradientInputs(cell, attrs);
  const [batch = 0, steps = 0] = inputs[0]?.shape ?? []; // gates or sequence
  const [units = 0] = inputs[1]?.shape ?? [];
  return checked(op, roles, inputs, attrs, {
    ...extentsOf(cell, attrs.directions),
    batch,
    steps,
    units,
    features: 0,
  });
}

/** Of `recurrentWeightGradient`. */
export function weightGradientShape(
  op: string,
  inputs: readonly TensorType[],
  attrs: WeightGradientAttrs,
): RecurrentShape {
  const roles = weightGradientInputs(attrs);
  const { x, sequence } = byRole(roles, inputs);
  const [batch = 0, steps = 0, features = 0] = x?.shape ?? [];
  const [, , states = 0] = sequence?.shape ?? [];
  return checked(op, roles, inputs, attrs, {
    ...extentsOf(attrs.cell, attrs.directions),
    batch,
    steps,
    units: states / attrs.directions.length,
    features,
  });
}

const extentsOf = (
  cell: Cell,
  directions: readonly boolean[],
): Pick<RecurrentShape, 'cell' | 'directions' | 'gates'> => ({
  cell,
  directions: directions.length,
  gates: GATES[cell],
});

/** `shape`, once all inputs are float32 of the shapes that it gives their roles. */
function checked(
  op: string,
  roles: readonly Role[],
  inputs: readonly TensorType[],
  attrs: Partial<SequenceAttrs>,
  shape: RecurrentShape,
): RecurrentShape {
  if (inputs.length !== roles.length) {
    throw new HeddleError({
      op,
      message: `takes ${roles.join(', ')}, got ${inputs.length} inputs`,
      roles,
      values: { inputs: inputs.map((input) => input.shape) },
      fix: 'give one input per role',
    });
  }
  roles.forEach((role, index) => {
    const { shape: own, dtype } = inputs[index] as TensorType;
    const wanted = shapeOfRole(role, shape, attrs);
    if (dtype === 'float32' && sameShape(own, wanted)) return;
    throw new HeddleError({
      op,
      message: `${role} is ${dtype} ${showShape(own)}, not float32 ${showShape(wanted)}`,
      roles: [role],
      values: { [role]: own, wanted, dtype },
      fix: `${shape.units} units in ${shape.directions} direction(s) over [${shape.batch},${shape.steps}] rows and steps ask for it`,
    });
  });
  return shape;
}
