/** A test of an op as data: read by the finite-difference tests in Node and by the GPU-against-reference tests in the page. */

import type { DType } from '../../src/core/dtype.js';
import type { Shape } from '../../src/core/shape.js';
import type { Value } from '../../src/ir/graph.js';

export interface CaseInput {
  readonly shape: Shape;
  /** Default `float32`. */
  readonly dtype?: DType;
  /**
   * How it is filled (seeded by the case's name): `normal` (default for floats), `unit` in (0, 1), `positive` in (0.5, 2),
   * `integers` in −8 … 8 (default for integers; 0 … 8 for uint32, 0 … 255 for uint8, 0 or 1 for bool), or the numbers themselves.
   */
  readonly fill?: 'normal' | 'unit' | 'positive' | 'integers' | readonly number[];
}

export interface OpCase {
  /** The exported function under test, such as `matmul`; every export of `src/ops/index.ts` needs a case. */
  readonly op: string;
  /** Unique within its op. */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  build(...inputs: Value[]): Value | readonly Value[];
  /** The GPU must give the reference's bits. Default false: within the budget. */
  readonly exact?: boolean;
  /** Check gradients of the float inputs (finite differences in Node, GPU against reference in the page). Default true. */
  readonly gradients?: boolean;
  /** Also check the gradient of a gradient in Node. Default false. */
  readonly secondOrder?: boolean;
  /** Only on the device, against the reference: finite differences would take minutes, or there are none. Default false. */
  readonly deviceOnly?: boolean;
  /**
   * On the device, outside `npm run test:full`: only the kernels that lowering would choose, for a software adapter and for a GPU. For sizes
   * whose other variants other cases run. Default false: every candidate.
   */
  readonly chosenOnly?: boolean;
  /** Only in `npm run test:full`. */
  readonly full?: boolean;
}
