/**
 * Places pieces in few buffers: greedy colouring under the clashes, best fit within a buffer. A handful of orders is tried and
 * the smallest result kept; programs are compiled rarely and pieces are few.
 */

import type { Piece } from './lifetimes.js';

export interface Arenas {
  /** Bytes of each. */
  readonly sizes: readonly number[];
  /** Of each piece. */
  readonly places: readonly { readonly arena: number; readonly offset: number }[];
}

/** More are opened only where the clashes, or a buffer's largest size, leave no other way. */
const USUAL_ARENAS = 4;

type Order = (a: Piece, b: Piece) => number;

const duration = (piece: Piece): number => piece.last - piece.first + 1;

const ORDERS: readonly Order[] = [
  (a, b) => b.bytes - a.bytes || a.first - b.first,
  (a, b) => b.bytes * duration(b) - a.bytes * duration(a) || a.first - b.first,
  (a, b) => duration(b) - duration(a) || b.bytes - a.bytes,
  (a, b) => b.clashes.size - a.clashes.size || b.bytes - a.bytes,
  (a, b) => a.first - b.first || b.bytes - a.bytes,
  (a, b) => b.last - a.last || b.bytes - a.bytes,
];

/** `limit` is the largest size of one buffer; a single piece may exceed it, which the caller reports. */
export function placePieces(pieces: readonly Piece[], limit: number): Arenas {
  let best: Arenas | undefined;
  let least = Number.POSITIVE_INFINITY;
  const lowerBound = lowerBoundOf(pieces);
  for (const order of ORDERS) {
    const sorted = pieces
      .map((_, index) => index)
      .sort((a, b) => order(pieces[a] as Piece, pieces[b] as Piece));
    for (const usual of [2, 3, USUAL_ARENAS]) {
      if (least <= lowerBound) break;
      const placed = placeInOrder(pieces, sorted, { usual, limit, below: least });
      if (!placed) continue;
      best = placed;
      least = placed.sizes.reduce((sum, size) => sum + size, 0);
    }
  }
  return best ?? { sizes: [], places: [] };
}

interface Placed {
  readonly piece: Piece;
  readonly offset: number;
}

interface Arena {
  size: number;
  /** By offset. */
  readonly placed: Placed[];
  readonly members: Set<number>;
}

interface Bounds {
  readonly usual: number;
  readonly limit: number;
  /** A placement of this size or more is given up. */
  readonly below: number;
}

function placeInOrder(
  pieces: readonly Piece[],
  indices: readonly number[],
  { usual, limit, below }: Bounds,
): Arenas | null {
  const arenas: Arena[] = [];
  const places: { arena: number; offset: number }[] = [];
  let total = 0;
  for (const index of indices) {
    const piece = pieces[index] as Piece;
    let best: { arena: number; offset: number; growth: number; waste: number } | undefined;
    arenas.forEach(({ size, placed, members }, arena) => {
      if (meets(piece.clashes, members)) return;
      const { offset, waste } = bestFit(placed, piece);
      if (offset + piece.bytes > limit) return;
      const growth = Math.max(0, offset + piece.bytes - size);
      if (!best || growth < best.growth || (growth === best.growth && waste < best.waste)) {
        best = { arena, offset, growth, waste };
      }
    });
    if (!best || (best.growth >= piece.bytes && arenas.length < usual)) {
      best = { arena: arenas.length, offset: 0, growth: piece.bytes, waste: 0 };
      arenas.push({ size: 0, placed: [], members: new Set() });
    }
    total += best.growth;
    if (total >= below) return null;
    const arena = arenas[best.arena] as Arena;
    insert(arena.placed, { piece, offset: best.offset });
    arena.members.add(index);
    arena.size += best.growth;
    places[index] = { arena: best.arena, offset: best.offset };
  }
  return { sizes: arenas.map(({ size }) => size), places };
}

function meets(clashes: ReadonlySet<number>, members: ReadonlySet<number>): boolean {
  for (const other of clashes) if (members.has(other)) return true;
  return false;
}

function insert(placed: Placed[], one: Placed): void {
  let [low, high] = [0, placed.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((placed[middle] as Placed).offset <= one.offset) low = middle + 1;
    else high = middle;
  }
  placed.splice(low, 0, one);
}

/** The tightest gap among the pieces alive at the same time, or the end of them. */
function bestFit(
  placed: readonly Placed[],
  { first, last, bytes }: Piece,
): { offset: number; waste: number } {
  let end = 0;
  let best: number | null = null;
  let least = 0;
  for (const { piece: other, offset } of placed) {
    if (other.first > last || first > other.last) continue;
    const waste = offset - end - bytes;
    if (waste >= 0 && (best === null || waste < least)) {
      best = end;
      least = waste;
    }
    if (offset + other.bytes > end) end = offset + other.bytes;
  }
  return best === null ? { offset: end, waste: 0 } : { offset: best, waste: least };
}

/** The largest sum of bytes alive at one dispatch: no placement needs less. */
export function lowerBoundOf(pieces: readonly Piece[]): number {
  const changes = pieces.flatMap(({ first, last, bytes }) => [
    { at: first, bytes },
    { at: last + 1, bytes: -bytes },
  ]);
  changes.sort((a, b) => a.at - b.at || a.bytes - b.bytes);
  let alive = 0;
  let peak = 0;
  for (const { bytes } of changes) {
    alive += bytes;
    peak = Math.max(peak, alive);
  }
  return peak;
}
