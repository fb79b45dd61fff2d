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

export function answerGraph({ graph }: GraphMemory, { source, after }: GraphQuery): GraphAnswer {
  const rest = [...graph.learnt(source)]
    .map((edge) => ({ edge, place: placeOf(edge) }))
    .filter(({ place }) => place > after)
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  let bytes = 0;
  const end = rest.findIndex(({ edge }) => (bytes += bytesOf(edge)) >= answerBytesMax);
  const page = end === -1 ? rest : rest.slice(0, end + 1);
  const next = page.length < rest.length ? (page.at(-1)?.place ?? null) : null;
  const refused = graph.refused(source);
  return { kind: "edges", edges: page.map(({ edge }) => edge), next, refused };
}

/** What an edge takes in a message, at most. */
export function bytesOf(edge: LearntEdge): number {
  return edgeBytes + Buffer.byteLength(placeOf(edge)) + Buffer.byteLength(edge.by);
}

/** A text by which edges of one source are told apart and put in order. */
export function placeOf(edge: LearntEdge): string {
  return `${scopeKey(edge)}\u0000\u0000${edgeKey(edge)}`;
}
