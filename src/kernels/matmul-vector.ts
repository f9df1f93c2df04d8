/** `shaders/matmul-vector.wgsl`: tiny products, and products with at most four rows or columns. */

import source from '../../shaders/matmul-vector.wgsl?raw';
import type { Launch } from './kernel.js';
import { batchSize, launchMatmul, type MatmulUse, multiplyAdd, views } from './matmul.js';
import { elementLoad, type OperandView } from './matmul-operands.js';

const SINGLE_LANES = 64;
const VECTOR_THREADS = 256;

/** The most rows (or columns) that the thin side may have. */
export const THIN = 4;

const scalarViews = (use: MatmulUse): readonly [OperandView, OperandView] => {
  const [a, b] = views(use, true);
  return [
    { ...a, vec4: false },
    { ...b, vec4: false },
  ];
};

/** One invocation per element of C. Bindings: a, b, c, the column sum if asked for, then the epilogue's. */
export function matmulSingle(use: MatmulUse): Launch {
  const size = use.rows * use.columns * batchSize(use);
  return launch(
    'matmul_single',
    use,
    { THIN_ROWS: true, K_FASTEST: false, WIDE_LANES: 32, K_LANES: 8 },
    size,
    {
      wideGroups: 1,
      workgroups: Math.ceil(size / SINGLE_LANES),
    },
  );
}

/** K divided among the lanes of a workgroup. For products with a side of at most `THIN`, without a column sum. */
export function matmulVector(use: MatmulUse): Launch {
  const thinRows = use.rows <= use.columns;
  const wide = thinRows ? use.columns : use.rows;
  const lanesContiguous = thinRows ? !use.transposeB : use.transposeA;
  const wideLanes = lanesContiguous ? 32 : 4;
  const wideGroups = Math.ceil(wide / wideLanes);
  const groups = wideGroups * batchSize(use);
  const places = {
    THIN_ROWS: thinRows,
    K_FASTEST: !lanesContiguous,
    WIDE_LANES: wideLanes,
    K_LANES: VECTOR_THREADS / wideLanes,
  };
  return launch('matmul_vector', use, places, groups, { wideGroups, workgroups: groups });
}

function launch(
  entryPoint: string,
  use: MatmulUse,
  places: Readonly<Record<string, number | boolean>>,
  groups: number,
  { wideGroups, workgroups }: { readonly wideGroups: number; readonly workgroups: number },
): Launch {
  const [a, b] = scalarViews(use);
  return launchMatmul(use, {
    entryPoint,
    source,
    views: [a, b],
    constants: places,
    declarations: [elementLoad(a), elementLoad(b), multiplyAdd(use.elem, 'elem')],
    params: { groups, wide_groups: wideGroups },
    workgroups,
  });
}
