/**
 * Reads of what the service graph has learnt, answered by the owner of an incident partition from
 * its memory. Answers are bounded, so that they fit into one message.
 */
import type { GraphState } from "../actors/correlation/graph-state.ts";
import {
  edgeKey,
  type LearntEdge,
  type LearntSource,
  scopeKey,
} from "../actors/correlation/learnt-edges.ts";

/** Behind the edge `after` of this source; "": from the first. */
export type GraphQuery = { kind: "edges"; source: LearntSource; after: string };

/** In the order of `placeOf`, those taken back included. */
export type GraphAnswer = {
  kind: "edges";
  edges: LearntEdge[];
  next: string | null;
  /** New edges that found no place since the partition was started. */
  refused: number;
};

export type GraphMemory = { graph: GraphState };

/** NATS takes a message of 1 MB; the last edge may go beyond this by its own size. */
const answerBytesMax = 512 * 1024;
/** What an edge takes beside its names. */
const edgeBytes = 120;

type Listing = { edges: LearntEdge[]; places: string[] };

/** Of reads that are under way: to put all in order costs more than all pages do. */
const listings = new WeakMap<GraphState, Map<LearntSource, Listing>>();

/** Pages show what there was when a read of the source began, this one's or a later one's. */
export function answerGraph({ graph }: GraphMemory, { source, after }: GraphQuery): GraphAnswer {
  const { edges, places } = listingOf(graph, source, after);
  const from = placeBehind(places, after);
  let bytes = 0;
  let end = from;
  for (; end < edges.length && bytes < answerBytesMax; end += 1) {
    bytes += bytesOf(edges[end] as LearntEdge);
  }
  const next = end < edges.length ? (places[end - 1] ?? null) : null;
  if (next === null) listings.get(graph)?.delete(source);
  const refused = graph.refused(source);
  return { kind: "edges", edges: edges.slice(from, end), next, refused };
}

function listingOf(graph: GraphState, source: LearntSource, after: string): Listing {
  let known = listings.get(graph);
  if (known === undefined) listings.set(graph, (known = new Map()));
  const begun = after === "" ? undefined : known.get(source);
  if (begun !== undefined) return begun;
  const all = [...graph.learnt(source)].map((edge) => ({ edge, place: placeOf(edge) }));
  all.sort((a, b) => (a.place < b.place ? -1 : 1));
  const listing = { edges: all.map(({ edge }) => edge), places: all.map(({ place }) => place) };
  known.set(source, listing);
  return listing;
}

/** Index of the first place after `after`. */
function placeBehind(places: readonly string[], after: string): number {
  let [from, to] = [0, places.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((places[middle] ?? "") > after) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** What an edge takes in a message, at most. */
export function bytesOf(edge: LearntEdge): number {
  return edgeBytes + Buffer.byteLength(placeOf(edge)) + Buffer.byteLength(edge.by);
}

/** A text by which edges of one source are told apart and put in order. */
export function placeOf(edge: LearntEdge): string {
  return `${scopeKey(edge)}\u0000\u0000${edgeKey(edge)}`;
}
