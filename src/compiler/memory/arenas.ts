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
  for (const order of ORDERS) {
    for (const usual of [2, 3, USUAL_ARENAS]) {
      const placed = placeInOrder(pieces, order, usual, limit);
      if (!best || total(placed) < total(best)) best = placed;
    }
  }
  return best ?? { sizes: [], places: [] };
}

const total = ({ sizes }: Arenas): number => sizes.reduce((sum, size) => sum + size, 0);

interface Placed {
  readonly piece: Piece;
  readonly offset: number;
}

function placeInOrder(pieces: readonly Piece[], order: Order, usual: number, limit: number): Arenas {
  const indices = pieces
    .map((_, index) => index)
    .sort((a, b) => order(pieces[a] as Piece, pieces[b] as Piece));
  const arenas: { size: number; placed: Placed[]; members: Set<number> }[] = [];
  const places: { arena: number; offset: number }[] = [];
  for (const index of indices) {
    const piece = pieces[index] as Piece;
    let best: { arena: number; offset: number; growth: number; waste: number } | undefined;
    arenas.forEach(({ size, placed, members }, arena) => {
      if ([...piece.clashes].some((other) => members.has(other))) return;
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
    const arena = arenas[best.arena] as (typeof arenas)[number];
    arena.placed.push({ piece, offset: best.offset });
    arena.members.add(index);
    arena.size = Math.max(arena.size, best.offset + piece.bytes);
    places[index] = { arena: best.arena, offset: best.offset };
  }
  return { sizes: arenas.map(({ size }) => size), places };
}

/** The tightest gap among the pieces alive at the same time, or the end of them. */
function bestFit(placed: readonly Placed[], piece: Piece): { offset: number; waste: number } {
  const alive = placed
    .filter(({ piece: other }) => other.first <= piece.last && piece.first <= other.last)
    .sort((a, b) => a.offset - b.offset);
  let end = 0;
  let best: { offset: number; waste: number } | undefined;
  for (const other of alive) {
    const waste = other.offset - end - piece.bytes;
    if (waste >= 0 && (!best || waste < best.waste)) best = { offset: end, waste };
    end = Math.max(end, other.offset + other.piece.bytes);
  }
  return best ?? { offset: end, waste: 0 };
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
