/**
 * The service graph over NATS: reads are requests to the owners of incident partitions; what is
 * stated or seen is a record in the input of each of them.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import type { LearntEdge, LearntSource } from "../actors/correlation/learnt-edges.ts";
import type { ServiceGraphs } from "../runtime/services.ts";
import {
  answerGraph,
  bytesOf,
  type GraphAnswer,
  type GraphMemory,
  type GraphQuery,
} from "../runtime/service-graph-reads.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { askAll, type Broadcast, tellAll } from "./broadcast.ts";
import { answerOwned, askOwner } from "./owner-request.ts";
import { graphQuerySubject } from "./subjects.ts";

/** A record has to fit into a message of 1 MB; the last edge may go beyond by its own size. */
const recordBytesMax = 256 * 1024;

/** @param memory null while the partition recovers. */
export function answerGraphQueries(
  connection: NatsConnection,
  partition: number,
  memory: () => GraphMemory | null,
): void {
  answerOwned(connection, graphQuerySubject(partition), memory, answerGraph);
}

export class ServiceGraphClient implements ServiceGraphs {
  readonly #broadcast: Broadcast;

  constructor(broadcast: Broadcast) {
    this.#broadcast = broadcast;
  }

  /** All partitions have what was stated and seen; labels are known where their alerts are. */
  async learnt(): Promise<{ edges: LearntEdge[]; refused: number }> {
    const all = Array.from({ length: this.#broadcast.partitions }, (_, partition) => partition);
    const found = await Promise.all([
      this.#read(0, "api"),
      this.#read(0, "traces"),
      ...all.map((partition) => this.#read(partition, "labels")),
    ]);
    const refused = found.reduce((sum, one) => sum + one.refused, 0);
    const edges = found.flatMap((one) => one.edges).filter(({ removed }) => !removed);
    return { edges, refused };
  }

  async stated(): Promise<LearntEdge[]> {
    return (await this.#read(0, "api")).edges;
  }

  /** A second try costs nothing, as the same state twice is one. */
  async state(edges: LearntEdge[]): Promise<number> {
    let refused = 0;
    for (const some of chunksOf(edges)) {
      const record = (replyTo: string): WorkRecord => ({ kind: "edges", edges: some, replyTo });
      const unknown = "whether the edges are in force is unknown";
      const ask = () => askAll<{ refused: number }>(this.#broadcast, record, unknown);
      refused += (await ask().catch(ask)).refused;
    }
    return refused;
  }

  async see(edges: LearntEdge[]): Promise<void> {
    for (const some of chunksOf(edges)) {
      await tellAll(this.#broadcast, { kind: "edges", edges: some, replyTo: "" });
    }
  }

  async #read(
    partition: number,
    source: LearntSource,
  ): Promise<{ edges: LearntEdge[]; refused: number }> {
    const { connection } = this.#broadcast;
    const owner = `incident partition ${partition}`;
    const edges: LearntEdge[] = [];
    let refused = 0;
    for (let after: string | null = ""; after !== null; ) {
      const query: GraphQuery = { kind: "edges", source, after };
      const subject = graphQuerySubject(partition);
      const answer: GraphAnswer = await askOwner(connection, subject, owner, query);
      edges.push(...answer.edges);
      refused = answer.refused;
      after = answer.next;
    }
    return { edges, refused };
  }
}

function chunksOf(edges: LearntEdge[]): LearntEdge[][] {
  const chunks: LearntEdge[][] = [];
  let bytes = recordBytesMax;
  for (const edge of edges) {
    if (bytes >= recordBytesMax) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(edge);
    bytes += bytesOf(edge);
  }
  return chunks;
}
