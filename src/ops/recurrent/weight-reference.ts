/** The gradients of a recurrent layer's weights as naive sums over rows and steps. */

import type { HostTensor } from '../../ir/graph.js';
import type { ByRole, RecurrentShape, WeightGradientAttrs } from './shape.js';
import { read, type Walk, walks } from './walk.js';

type Tensors = ByRole<HostTensor>;

/** The products [x, h_previous ⊙ factors, 1] · gradients, added where they belong; `absolute` adds their sizes. */
export function weightGradientReference(
  shape: RecurrentShape,
  attrs: WeightGradientAttrs,
  inputs: Tensors,
  { dkernel, drecurrentKernel, dbias }: Tensors,
  absolute = false,
): void {
  const { units, gates, features, steps, directions } = shape;
  const columns = directions * gates * units;
  const size = absolute ? Math.abs : (value: number): number => value;
  const sumsOf = (tensor: HostTensor | undefined): Float64Array => new Float64Array(tensor?.data.length ?? 0);
  const [kernel, recurrent, bias] = [sumsOf(dkernel), sumsOf(drecurrentKernel), sumsOf(dbias)];
  for (const walk of walks(shape, attrs, inputs)) {
    const from = walk.column(0, 0);
    walk.order.forEach((t, position) => {
      const { gradients, inner } = gradientsOf(shape, inputs, walk, t);
      for (let i = 0; i < features; i++) {
        const x = read(inputs.x, (walk.row * steps + t) * features + i);
        addRow(kernel, i * columns + from, size(x), gradients, size);
      }
      const before = walk.order[position - 1];
      for (let k = 0; k < units; k++) {
        const h =
          before === undefined
            ? read(inputs.state, walk.stateAt(0, k))
            : read(inputs.sequence, walk.unitAt(before, k));
        addRow(recurrent, k * columns + from, size(h * walk.factor(k)), inner, size);
      }
      addRow(bias, from, 1, gradients, size);
      if (attrs.cell === 'gru') addRow(bias, columns + from, 1, inner, size);
    });
  }
  dkernel?.data.set(kernel);
  drecurrentKernel?.data.set(recurrent);
  dbias?.data.set(bias);
}

/** Of step t [G·H]: in front of the activations, and as the recurrent product sees them. */
function gradientsOf(
  { cell, units, gates }: RecurrentShape,
  { dgates, dcarry }: Tensors,
  walk: Walk,
  t: number,
): { readonly gradients: Float64Array; readonly inner: Float64Array } {
  const gradients = Float64Array.from({ length: gates * units }, (_, j) =>
    read(dgates, walk.gateAt(t, 0, 0) + j),
  );
  if (cell !== 'gru') return { gradients, inner: gradients };
  const inner = gradients.slice();
  for (let u = 0; u < units; u++) inner[2 * units + u] = read(dcarry, walk.unitAt(t, u));
  return { gradients, inner };
}

function addRow(
  sums: Float64Array,
  from: number,
  factor: number,
  row: Float64Array,
  size: (value: number) => number,
): void {
  for (let j = 0; j < row.length; j++) {
    sums[from + j] = (sums[from + j] as number) + factor * size(row[j] as number);
  }
}
