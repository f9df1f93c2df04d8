/** `shaders/pool*.wgsl`: max and average pooling, their gradients, and the cells that won. */

import source from '../../shaders/pool.wgsl?raw';
import gradientSource from '../../shaders/pool-gradient.wgsl?raw';
import pickSource from '../../shaders/pool-pick.wgsl?raw';
import { type DType, WGSL_TYPE } from '../core/dtype.js';
import { type Shape, sizeOf } from '../core/shape.js';
import { type Attachment, assembleKernel, paramValues, type TypedBinding } from './attachment.js';
import { counts, elementWorkgroups } from './elements.js';
import type { Launch } from './kernel.js';
import { constants } from './specialise.js';

interface PoolWindow {
  /** [N, H, W, C] */
  readonly image: Shape;
  /** [N, P, Q, C] */
  readonly pooled: Shape;
  readonly window: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: readonly (readonly [number, number])[];
}

export interface PoolUse extends PoolWindow {
  readonly kind: 'max' | 'average';
  /** How winners are stored, where they are read or written: `uint8` packed, or a word each. */
  readonly winners: DType | null;
  /** Of the result after the epilogue. */
  readonly result: DType;
  readonly epilogue?: Attachment | undefined;
}

const EXTENTS = counts(['units', 'height', 'width', 'rows', 'columns', 'top', 'left']);

/** Bindings: x, y, winners if they are kept, then the epilogue's. */
export function pool(op: string, use: PoolUse): Launch {
  const { winners } = use;
  const written = winnersBinding(use, 'write');
  return launch(op, use, {
    entryPoint: 'pool',
    source,
    shape: use.pooled,
    from: ['x'],
    to: 'y',
    bindings: written,
    declarations: [
      ...(winners === 'uint8' ? ['var<private> word: u32;'] : []),
      `fn keep(unit: u32, turn: u32, winner: index) {${keeping(winners, isWide(use))}}`,
      `fn finish(quad: u32) {${winners === 'uint8' ? ' winners[quad] = word; ' : ''}}`,
    ],
  });
}

/** Bindings: dy, winners (of max), dx, then the epilogue's. */
export function poolGradient(op: string, use: PoolUse): Launch {
  return launch(op, use, {
    entryPoint: 'pool_gradient',
    source: gradientSource,
    shape: use.image,
    from: ['dy'],
    to: 'dx',
    bindings: winnersBinding(use, 'read'),
    declarations: [`fn winner_at(unit: u32) -> index { return ${winnerAt(use.winners, isWide(use))}; }`],
  });
}

/** Bindings: x, winners, y. */
export function pickWinners(op: string, use: PoolWindow & { readonly winners: DType }): Launch {
  const { image, pooled, padding, winners } = use;
  const { KW, SH, SW, WHOLE } = bakedWindow(use);
  const [, height = 1, width = 1, channels = 1] = image;
  const [, rows = 1, columns = 1] = pooled;
  return {
    kernel: assembleKernel({
      entryPoint: 'pool_pick',
      source: pickSource,
      baked: [KW, SH, SW, winners],
      declarations: [
        constants({ WHOLE, KW, SH, SW }),
        `fn winner_at(unit: u32) -> u32 { return ${winnerAt(winners, false)}; }`,
      ],
      params: counts(['size', 'channels', 'height', 'width', 'rows', 'columns', 'top', 'left']),
      bindings: [
        { name: 'x', access: 'read', type: 'array<f32>' },
        { name: 'winners', access: 'read', type: 'array<u32>' },
        { name: 'y', access: 'write', type: 'array<f32>' },
      ],
      attachments: [],
    }),
    workgroups: elementWorkgroups(op, pooled),
    params: [sizeOf(pooled), channels, height, width, rows, columns, ...beforeImage(padding)],
  };
}

interface Variant {
  readonly entryPoint: string;
  readonly source: string;
  /** Of the result. */
  readonly shape: Shape;
  readonly from: readonly string[];
  readonly to: string;
  readonly bindings: readonly TypedBinding[];
  readonly declarations: readonly string[];
}

function launch(op: string, use: PoolUse, variant: Variant): Launch {
  const { image, pooled, padding, kind, winners, result, epilogue } = use;
  const baked = bakedWindow(use);
  const { entryPoint, shape, to } = variant;
  const [, height = 1, width = 1, channels = 1] = image;
  const [, rows = 1, columns = 1] = pooled;
  const wide = isWide(use);
  const padded = padding.flat().some((cells) => cells > 0);
  const elem = wide ? 'vec4<f32>' : 'f32';
  const type = WGSL_TYPE[result];
  const source: TypedBinding[] = variant.from.map((name) => ({
    name,
    access: 'read',
    type: `array<${elem}>`,
  }));
  const target: TypedBinding = { name: to, access: 'write', type: `array<${wide ? `vec4<${type}>` : type}>` };
  // The forward pass writes winners after y, the gradient reads them before it writes dx.
  const own =
    variant.bindings[0]?.access === 'read'
      ? [...source, ...variant.bindings, target]
      : [...source, target, ...variant.bindings];
  return {
    kernel: assembleKernel({
      entryPoint,
      source: variant.source,
      baked: [kind, wide, padded, channels, ...Object.values(baked), winners ?? 'none', type],
      declarations: [
        `alias elem = ${elem};`,
        `alias index = ${wide ? 'vec4<u32>' : 'u32'};`,
        constants({
          AVERAGE: kind === 'average',
          PADDED: padded,
          TURNS: wide ? 1 : 4,
          CHANNELS: wide ? channels / 4 : channels,
          ...baked,
        }),
        storeFunction(to, wide, type, epilogue !== undefined),
        ...variant.declarations,
      ],
      params: EXTENTS,
      bindings: own,
      attachments: [epilogue],
    }),
    workgroups: elementWorkgroups(op, shape, 4),
    params: paramValues(
      [sizeOf(shape) / (wide ? 4 : 1), height, width, rows, columns, ...beforeImage(padding)],
      [epilogue],
    ),
  };
}

/** Larger than any image; its double is still a u32. */
const BOUNDLESS = 2 ** 30;

/** What the shaders know of the window. One over the whole image they know by the image's extents, which are parameters. */
function bakedWindow({ image, pooled, window, strides, padding }: PoolWindow) {
  const [, rows, columns] = pooled;
  const one = rows === 1 && columns === 1 && padding.flat().every((cells) => cells === 0);
  const WHOLE = one && window[0] === image[1] && window[1] === image[2];
  const [KH, KW, SH, SW] = WHOLE ? [BOUNDLESS, BOUNDLESS, BOUNDLESS, BOUNDLESS] : [...window, ...strides];
  return { WHOLE, KH, KW, SH, SW } as const;
}

const isWide = ({ image }: PoolWindow): boolean => (image.at(-1) as number) % 4 === 0;

const beforeImage = (padding: PoolWindow['padding']): number[] => padding.map(([before]) => before);

const winnersBinding = ({ winners, image }: PoolUse, access: 'read' | 'write'): TypedBinding[] => {
  if (winners === null) return [];
  const wide = winners !== 'uint8' && (image.at(-1) as number) % 4 === 0;
  return [{ name: 'winners', access, type: `array<${wide ? 'vec4<u32>' : 'u32'}>` }];
};

/** What happens with the winner of one elem of y. */
function keeping(winners: DType | null, wide: boolean): string {
  if (winners === null) return '';
  if (winners !== 'uint8') return ' winners[unit] = winner; ';
  return wide
    ? ' word = winner.x | (winner.y << 8u) | (winner.z << 16u) | (winner.w << 24u); '
    : ' word |= winner << (turn * 8u); ';
}

function winnerAt(winners: DType | null, wide: boolean): string {
  if (winners === null) return 'index()';
  if (winners !== 'uint8') return 'winners[unit]';
  return wide
    ? '(index(winners[unit]) >> index(0u, 8u, 16u, 24u)) & index(255u)'
    : '(winners[unit / 4u] >> (unit % 4u * 8u)) & 255u';
}

/** Stores one elem, each of its numbers through the epilogue. */
function storeFunction(to: string, wide: boolean, type: string, epilogue: boolean): string {
  const head = `fn store(unit: u32, value: elem) {`;
  if (!epilogue) return `${head} ${to}[unit] = value; }`;
  const row = '  let row = unit / CHANNELS;';
  if (!wide) return [head, row, `  ${to}[unit] = epilogue(value, row, unit % CHANNELS);`, '}'].join('\n');
  const lanes = ['x', 'y', 'z', 'w'].map((lane, i) => `epilogue(value.${lane}, row, col + ${i}u)`);
  return [
    head,
    row,
    '  let col = unit % CHANNELS * 4u;',
    `  ${to}[unit] = vec4<${type}>(${lanes.join(', ')});`,
    '}',
  ].join('\n');
}
