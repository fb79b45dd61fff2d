/**
 * Edges that came while the program runs, of one source: stated by people or programs (api), seen
 * in traces, or named by alerts' labels. Bounded by tenant and in all.
 *
 * L1 The newer state of an edge wins (`atMs`, then its text), so partitions that saw the same
 *    states in different orders agree; to see one again only makes it younger.
 * L2 What was taken back is remembered for a day: an older state that is late must not bring it
 *    back.
 */

/** Null: everywhere. An environment has a tenant. */
export type EdgeScope = { tenant: string | null; environment: string | null };

export const learntSources = ["api", "traces", "labels"] as const;
export type LearntSource = (typeof learntSources)[number];

/** "service" depends on "dependency". */
export type LearntEdge = EdgeScope & {
  source: LearntSource;
  service: string;
  dependency: string;
  /** When it was stated or last seen, ms. */
  atMs: number;
  /** Taken back at that time. */
  removed: boolean;
  /** Who stated it; "" where nobody did. */
  by: string;
};

export type Merged = "came" | "went" | "kept" | "refused";

/** Edges of one source in a partition, taken back ones included. */
export const learntMax = 100_000;
const removedKeptMs = 24 * 3_600_000;
/** So many that were taken back find a place beside those of a scope, or as many as these. */
const removedMin = 1_000;

type Held = { edges: Map<string, LearntEdge>; living: number };

export class LearntEdges {
  readonly #scopes = new Map<string, Held>();
  /** All that are held, those taken back included. */
  size = 0;
  /** New edges that found no place since the start of this memory. */
  refused = 0;

  /** @param livingMax of one tenant, or one of its environments, or of all tenants together. */
  merge(edge: LearntEdge, livingMax: number): Merged {
    const scope = scopeKey(edge);
    const key = edgeKey(edge);
    const held = this.#scopes.get(scope);
    const known = held?.edges.get(key);
    if (known !== undefined && !isNewer(edge, known)) return "kept";
    const was = known !== undefined && !known.removed;
    const is = !edge.removed;
    const isFull = is && !was && (held?.living ?? 0) >= livingMax;
    // Whoever states others again and again must not fill what is everybody's with the former.
    const heldMax = livingMax + Math.max(livingMax, removedMin);
    const isCrowded = (held?.edges.size ?? 0) >= heldMax || this.size >= learntMax;
    if (isFull || (known === undefined && isCrowded)) {
      this.refused += 1;
      return "refused";
    }
    this.#put(scope, key, edge, Number(is) - Number(was));
    if (is === was) return "kept";
    return is ? "came" : "went";
  }

  /** Removes what was last seen before, and what was taken back long ago. @returns the former. */
  forget(seenSinceMs: number, nowMs: number): LearntEdge[] {
    const gone: LearntEdge[] = [];
    for (const [scope, held] of this.#scopes) {
      for (const [key, edge] of held.edges) {
        const untilMs = edge.removed ? nowMs - removedKeptMs : seenSinceMs;
        if (edge.atMs >= untilMs) continue;
        held.edges.delete(key);
        this.size -= 1;
        if (edge.removed) continue;
        held.living -= 1;
        gone.push(edge);
      }
      if (held.edges.size === 0) this.#scopes.delete(scope);
    }
    return gone;
  }

  *all(): Iterable<LearntEdge> {
    for (const { edges } of this.#scopes.values()) yield* edges.values();
  }

  #put(scope: string, key: string, edge: LearntEdge, more: number): void {
    let held = this.#scopes.get(scope);
    if (held === undefined) this.#scopes.set(scope, (held = { edges: new Map(), living: 0 }));
    if (!held.edges.has(key)) this.size += 1;
    held.edges.set(key, edge);
    held.living += more;
  }
}

/** Names have no control characters (`readServiceNames`), so parts cannot run together. */
export function scopeKey({ tenant, environment }: EdgeScope): string {
  return environment === null ? (tenant ?? "") : `${tenant ?? ""}\u0000${environment}`;
}

export function edgeKey(edge: { service: string; dependency: string }): string {
  return `${edge.service}\u0000${edge.dependency}`;
}

/** L1 */
function isNewer(edge: LearntEdge, known: LearntEdge): boolean {
  if (edge.atMs !== known.atMs) return edge.atMs > known.atMs;
  return textOf(edge) > textOf(known);
}

const textOf = ({ removed, by }: LearntEdge): string => `${Number(removed)}${by}`;
