/**
 * Records of the partitions' input subjects, apart from alert frames (frame.ts):
 * `in.<p>` holds frames, "wake" and "config"; `work.<q>` holds all kinds below.
 */
import type { AlertEvent } from "../actors/alert/events.ts";
import type { LearntEdge } from "../actors/correlation/learnt-edges.ts";
import type { DedupConfig } from "../actors/alert/config.ts";
import type { GroupDelivery, OverlookedAlert, Silence } from "../actors/dispatch/types.ts";
import type { Command, DeliveryReport, IncidentConfig } from "../actors/incident/types.ts";

/** An event by its origin; as text (event-text.ts), or as itself in records of older versions. */
export type AlertItem = { stepSeq: number; index: number } & (
  | { json: string }
  | { event: AlertEvent }
);

export type WorkRecord =
  | {
      /** Alert events of one dedup partition, in order. */
      kind: "alerts";
      partition: number;
      items: AlertItem[];
    }
  | { kind: "command"; command: Command }
  | { kind: "delivery"; report: DeliveryReport }
  | { kind: "groupDelivery"; report: GroupDelivery }
  /** Alerts of this partition that began to fire before there were routes. */
  | { kind: "overlooked"; alerts: OverlookedAlert[] }
  /** To every partition alike; `replyTo` is set in the record of one of them. */
  | { kind: "silence"; silence: Silence; replyTo: string }
  /** Edges of the service graph, likewise; see actors/correlation/graph-state.ts. */
  | { kind: "edges"; edges: LearntEdge[]; replyTo: string }
  | { kind: "config"; config: IncidentConfig | DedupConfig }
  /** Only moves time on; the stage fires what is due (I5). */
  | { kind: "wake" };
