/**
 * A matrix product as the matmul kernels see it, and what their wrappers share. No extent is baked: on the software
 * adapters a loop bound from the parameters costs at most 3 %, and one compiled shader then serves every layer and batch.
 */

import { type Attachment, assembleKernel, paramValues, type TypedBinding } from './attachment.js';
import { foldWorkgroups, type Launch } from './kernel.js';
import { type BatchAxis, batchParams, batchStart, type OperandView } from './matmul-operands.js';
import { constants } from './specialise.js';

/** C[batch] = A[batch] · B[batch], after transposes: A [rows, inner], B [inner, columns]. */
export interface MatmulUse {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Outermost first; empty for one product. */
  readonly batch: readonly BatchAxis[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** WGSL scalar of A, B and the sums. */
  readonly elem: string;
  /** WGSL scalar of C after the epilogue. */
  readonly result: string;
  /** Also Σ_k B[k, column], for one product only. */
  readonly columnSum: boolean;
  readonly epilogue?: Attachment | undefined;
}

/** K in `parts` pieces of `chunk`, each summed into its own copy of C. */
export interface Split {
  readonly parts: number;
  readonly chunk: number;
}

export const unsplit = (use: MatmulUse): Split => ({ parts: 1, chunk: use.inner });

/** `parts` pieces, each a multiple of 16 so that vec4 loads stay whole; fewer where K does not fill them. */
export function splitInner(use: MatmulUse, parts: number): Split {
  const chunk = Math.ceil(use.inner / parts / 16) * 16;
  return { parts: Math.ceil(use.inner / chunk), chunk };
}

export const batchSize = (use: MatmulUse): number => use.batch.reduce((size, { extent }) => size * extent, 1);

/**
 * A and B for kernels that load four lanes (`lanesOnly`) or blocks of lanes and K. The extents asked about are those that
 * rarely hold a batch, so that a new batch size keeps its shaders.
 */
export function views(use: MatmulUse, lanesOnly: boolean): readonly [OperandView, OperandView] {
  const { transposeA, transposeB, rows, columns, inner } = use;
  const wholeA = transposeA ? !transposeB && rows % 4 === 0 : !lanesOnly && inner % 4 === 0;
  const wholeB = transposeB ? !lanesOnly && inner % 4 === 0 : columns % 4 === 0;
  return [
    { name: 'a', lanes: 'rows', lanesContiguous: transposeA, vec4: wholeA },
    { name: 'b', lanes: 'columns', lanesContiguous: !transposeB, vec4: wholeB },
  ];
}

export interface MatmulVariant {
  readonly entryPoint: string;
  readonly source: string;
  readonly views: readonly [OperandView, OperandView];
  /** C is stored as vec4; else element by element. */
  readonly storeVec4?: boolean;
  /** Further constants of this file. */
  readonly constants: Readonly<Record<string, number | boolean>>;
  /** Declarations of this file, `mad` among them. */
  readonly declarations: readonly string[];
  /** Parameters after `rows, columns, inner`. */
  readonly params: Readonly<Record<string, number>>;
  readonly workgroups: number;
}

/** Bindings: a, b, c, the column sum if there is one, then the epilogue's. */
export function launchMatmul(use: MatmulUse, variant: MatmulVariant): Launch {
  const { elem, result, columnSum, epilogue, rows, columns, inner } = use;
  const batch = batchParams(use.batch);
  const own = { rows, columns, inner, ...variant.params };
  const [viewA, viewB] = variant.views;
  const typeOf = (vec4: boolean, scalar: string): string =>
    vec4 ? `array<vec4<${scalar}>>` : `array<${scalar}>`;
  const bindings: TypedBinding[] = [
    { name: 'a', access: 'read', type: typeOf(viewA.vec4, elem) },
    { name: 'b', access: 'read', type: typeOf(viewB.vec4, elem) },
    { name: 'c', access: 'write', type: typeOf(variant.storeVec4 ?? false, result) },
  ];
  if (columnSum) bindings.push({ name: 'column_sum', access: 'write', type: `array<${elem}>` });
  const kernel = assembleKernel({
    entryPoint: variant.entryPoint,
    source: variant.source,
    baked: [
      ...variant.views.map((view) => `${view.lanesContiguous ? 'lanes' : 'k'}${view.vec4 ? 4 : 1}`),
      `c${variant.storeVec4 ? 4 : 1}`,
      elem,
      result,
      use.batch.length,
      columnSum,
      ...Object.values(variant.constants),
    ],
    declarations: [
      `alias elem = ${elem};`,
      `alias elem4 = vec4<${elem}>;`,
      constants({ COLUMN_SUM: columnSum, ...variant.constants }),
      batchStart(use.batch.length),
      ...variant.declarations,
      `fn store_sum(index: u32, value: elem) {${columnSum ? ' column_sum[index] = value; ' : ''}}`,
      ...(epilogue ? [] : [identityEpilogue(elem)]),
    ],
    params: [...Object.keys(own).map((name) => ({ name, type: 'u32' as const })), ...batch.decls],
    bindings,
    attachments: [epilogue],
  });
  return {
    kernel,
    workgroups: foldWorkgroups(variant.workgroups),
    params: paramValues([...Object.values(own), ...batch.values], [epilogue]),
  };
}

/** `mad(x, y, z)` = x·y + z; `y` and `z` of type `type`. Integers have no `fma`. */
export function multiplyAdd(elem: string, type: 'elem' | 'elem4'): string {
  const x = type === 'elem4' ? 'elem4(x)' : 'x';
  const value = elem === 'f32' ? `fma(${x}, y, z)` : 'x * y + z';
  return `fn mad(x: elem, y: ${type}, z: ${type}) -> ${type} { return ${value}; }`;
}

/** What stands in place of an epilogue where none is attached. */
export const identityEpilogue = (elem: string): string =>
  `fn epilogue(value: ${elem}, row: u32, col: u32) -> ${elem} { return value; }`;
