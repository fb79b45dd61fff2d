/**
 * Reads about incidents, as requests over core NATS to the partition's owner: they see what the
 * owner's memory holds after its newest durable step.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import type { IncidentMember, IncidentView } from "../actors/incident/types.ts";
import type { IncidentFilter, IncidentPage, TimelineEntry } from "../runtime/services.ts";
import { answerOwned } from "./owner-request.ts";
import { querySubject } from "./subjects.ts";

export type IncidentQuery =
  | { kind: "list"; filter: IncidentFilter; limit: number; cursor: string | null }
  | { kind: "get"; id: string }
  | { kind: "timeline"; id: string }
  | { kind: "members"; id: string; from: number; limit: number };

export type IncidentAnswer =
  | { kind: "page"; page: IncidentPage }
  | { kind: "incident"; incident: IncidentView | null }
  | { kind: "timeline"; timeline: TimelineEntry[] | null }
  | { kind: "members"; members: IncidentMember[] | null };

/** What can be read of an incident partition. */
export type IncidentReads = {
  list(filter: IncidentFilter, limit: number, cursor: string | null): IncidentPage;
  get(id: string): IncidentView | null;
  timeline(id: string): TimelineEntry[] | null;
  members(id: string, from: number, limit: number): IncidentMember[] | null;
};

/** Serves until the connection closes. @param reads null while the partition recovers. */
export function answerQueries(
  connection: NatsConnection,
  partition: number,
  reads: () => IncidentReads | null,
): void {
  answerOwned(connection, querySubject(partition), reads, answer);
}

function answer(reads: IncidentReads, query: IncidentQuery): IncidentAnswer {
  switch (query.kind) {
    case "list":
      return { kind: "page", page: reads.list(query.filter, query.limit, query.cursor) };
    case "get":
      return { kind: "incident", incident: reads.get(query.id) };
    case "timeline":
      return { kind: "timeline", timeline: reads.timeline(query.id) };
    case "members":
      return { kind: "members", members: reads.members(query.id, query.from, query.limit) };
  }
}
