/**
 * Whether two clusters depend on each other through others. An unrolled network asks this for thousands of pairs, so clusters are
 * numbers here, ranked so that each comes before all that need it: a search need not go beyond the rank that it looks for, and what one
 * cluster has been found to reach serves for its other pairs, until something is merged.
 *
 * The positions of nodes would not do as ranks: a cluster may be entered at a late node and left from an early one.
 */

import type { Node } from '../../../ir/graph.js';

/** What is known of the clusters behind one, or before it. */
interface Search {
  from: number;
  /** `#merges` when it began; -1: never. */
  merges: number;
  /** By cluster: whether an edge leads there from a cluster that was reached. */
  readonly reached: Uint8Array;
  /** Clusters that are reached and not yet left, beyond the rank that was asked for. */
  pending: number[];
  /** To forget quickly. */
  marked: number[];
  readonly seen: Uint8Array;
}

type Direction = 'later' | 'earlier';

export class Paths {
  /** By position of a node: its cluster, which is named by the position of one of its nodes. */
  readonly #clusterOf: Int32Array;
  readonly #members: number[][];
  /** By cluster. */
  readonly #rank: Int32Array;
  /** By position: the nodes that read it, and those that it reads. */
  readonly #edges: Readonly<Record<Direction, readonly (readonly number[])[]>>;
  readonly #searches: Readonly<Record<Direction, Search>>;
  #merges = 0;

  /** Each node of `order`, in which inputs stand before users, is a cluster at first. */
  constructor(order: readonly Node[]) {
    const positions = new Map(order.map((node, position) => [node, position]));
    const earlier = order.map(({ inputs }) => inputs.map(({ node }) => positions.get(node) as number));
    const later = order.map((): number[] => []);
    earlier.forEach((list, position) => {
      for (const input of list) later[input]?.push(position);
    });
    this.#edges = { later, earlier };
    this.#clusterOf = Int32Array.from(order, (_, position) => position);
    this.#rank = Int32Array.from(order, (_, position) => position);
    this.#members = order.map((_, position) => [position]);
    const search = (): Search => ({
      from: -1,
      merges: -1,
      reached: new Uint8Array(order.length),
      pending: [],
      marked: [],
      seen: new Uint8Array(order.length),
    });
    this.#searches = { later: search(), earlier: search() };
  }

  /** Whether a path leads through a third cluster from that of position `a` to that of `b`, or back. Ask one `a` for many `b`. */
  throughOthers(a: number, b: number): boolean {
    const [from, to] = [this.#clusterOf[a] as number, this.#clusterOf[b] as number];
    const direction = (this.#rank[from] as number) < (this.#rank[to] as number) ? 'later' : 'earlier';
    const search = this.#searches[direction];
    if (search.from !== from || search.merges !== this.#merges) this.#begin(search, from);
    if (search.reached[to] === 0) this.#advance(search, direction, this.#rank[to] as number);
    return search.reached[to] === 1;
  }

  /** Makes one cluster of those of positions `a` and `b`, between which no path leads through others. */
  merge(a: number, b: number): void {
    const clusters = [this.#clusterOf[a] as number, this.#clusterOf[b] as number];
    const [first, last] = clusters.sort((x, y) => this.#rankOf(x) - this.#rankOf(y)) as [number, number];
    this.#makeRoom(first, last);
    for (const position of this.#members[last] as number[]) this.#clusterOf[position] = first;
    this.#members[first]?.push(...(this.#members[last] as number[]));
    this.#members[last] = [];
    this.#merges++;
  }

  /**
   * Gives `first` a rank that suits `last` too: what follows `first` below `last`'s rank moves behind it, what `last` needs above
   * `first`'s rank before it. No cluster is of both kinds.
   */
  #makeRoom(first: number, last: number): void {
    const [low, high] = [this.#rankOf(first), this.#rankOf(last)];
    const behind = this.#within('later', first, (rank) => rank < high);
    const before = behind.length > 0 ? this.#within('earlier', last, (rank) => rank > low) : [];
    const ranks = [...before, ...behind].map((cluster) => this.#rankOf(cluster));
    const slots = [low, high, ...ranks].sort((x, y) => x - y);
    if (behind.length === 0) this.#rank[first] = high;
    else {
      before.forEach((cluster, index) => {
        this.#rank[cluster] = slots[index] as number;
      });
      this.#rank[first] = slots[before.length] as number;
      behind.forEach((cluster, index) => {
        this.#rank[cluster] = slots[before.length + 2 + index] as number;
      });
    }
  }

  /** What `from` reaches among the clusters of such a rank, by rank. */
  #within(direction: Direction, from: number, inside: (rank: number) => boolean): number[] {
    const found = new Set<number>();
    const stack = [from];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      this.#eachNext(direction, at, (next) => {
        if (found.has(next) || !inside(this.#rankOf(next))) return;
        found.add(next);
        stack.push(next);
      });
    }
    return [...found].sort((x, y) => this.#rankOf(x) - this.#rankOf(y));
  }

  #begin(search: Search, from: number): void {
    for (const cluster of search.marked) {
      search.reached[cluster] = 0;
      search.seen[cluster] = 0;
    }
    search.from = from;
    search.merges = this.#merges;
    search.marked = [from];
    search.seen[from] = 1;
    search.pending = [from];
  }

  /** Goes on from all that is reached and lies on this side of `rank`. */
  #advance(search: Search, direction: Direction, rank: number): void {
    const { from, reached, seen, marked } = search;
    const onThisSide = (cluster: number): boolean =>
      direction === 'later' ? this.#rankOf(cluster) < rank : this.#rankOf(cluster) > rank;
    const stack = search.pending.filter(onThisSide);
    search.pending = search.pending.filter((cluster) => !onThisSide(cluster));
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const direct = at === from;
      this.#eachNext(direction, at, (next) => {
        if (!direct) reached[next] = 1;
        if (seen[next] === 1) return;
        seen[next] = 1;
        marked.push(next);
        (onThisSide(next) ? stack : search.pending).push(next);
      });
    }
  }

  #eachNext(direction: Direction, cluster: number, visit: (next: number) => void): void {
    const edges = this.#edges[direction];
    for (const position of this.#members[cluster] as number[]) {
      for (const other of edges[position] as readonly number[]) {
        const next = this.#clusterOf[other] as number;
        if (next !== cluster) visit(next);
      }
    }
  }

  #rankOf(cluster: number): number {
    return this.#rank[cluster] as number;
  }
}
