/**
 * What becomes of edges that people or programs state, replace or take back: the states that all
 * partitions are to have. Pure. An edge that nothing is to be changed about is said again as it is:
 * a partition that missed it has it then.
 */
import { edgeKey, type LearntEdge } from "../actors/correlation/learnt-edges.ts";

export type EdgeWish = { tenant: string | null; service: string; dependency: string };
export type EdgeChanges = { edges: LearntEdge[]; added: number; removed: number };

/** @param known all that was ever stated, taken back ones included. */
export function statedEdges(
  known: readonly LearntEdge[],
  wishes: readonly EdgeWish[],
  by: string,
  nowMs: number,
): EdgeChanges {
  const before = new Map(known.map((edge) => [keyOf(edge), edge]));
  const edges = new Map<string, LearntEdge>();
  let added = 0;
  for (const wish of wishes) {
    const key = keyOf(wish);
    const was = before.get(key);
    if (edges.has(key)) continue;
    if (was?.removed === false) {
      edges.set(key, was);
      continue;
    }
    added += 1;
    const state = { removed: false, by, atMs: after(was, nowMs) };
    edges.set(key, { source: "api", environment: null, ...wish, ...state });
  }
  return { edges: [...edges.values()], added, removed: 0 };
}

/** The tenant has these edges then, and no others. */
export function replacedEdges(
  known: readonly LearntEdge[],
  tenant: string | null,
  wishes: readonly EdgeWish[],
  by: string,
  nowMs: number,
): EdgeChanges {
  const wanted = new Set(wishes.map(keyOf));
  const gone = known.filter((edge) => edge.tenant === tenant && !wanted.has(keyOf(edge)));
  const back = takenBackEdges(gone, by, nowMs);
  const stated = statedEdges(known, wishes, by, nowMs);
  // Places become free before they are needed.
  return { ...stated, edges: [...back.edges, ...stated.edges], removed: back.removed };
}

/** @param edges of those that were stated. */
export function takenBackEdges(
  edges: readonly LearntEdge[],
  by: string,
  nowMs: number,
): EdgeChanges {
  const removed = edges.filter((edge) => !edge.removed).length;
  const states = edges.map((edge) =>
    edge.removed ? edge : { ...edge, removed: true, by, atMs: after(edge, nowMs) },
  );
  return { edges: states, added: 0, removed };
}

/** The newer state wins, so a change is newer whatever the clock says. */
function after(known: LearntEdge | undefined, nowMs: number): number {
  return Math.max(nowMs, (known?.atMs ?? 0) + 1);
}

function keyOf(edge: EdgeWish): string {
  return `${edge.tenant ?? ""}\u0000${edgeKey(edge)}`;
}
