/**
 * The step log's records (design: subject step.<stage>.<p>, one writer at a time).
 *
 * A step is the atom of processing: the outputs of a run of input records, and the position
 * reached, in one message (I3). `inputSeq` is always the boundary of an input record.
 */
import type { AlertEvent } from "../actors/alert/events.ts";
import type { IncidentOutput } from "../actors/incident/types.ts";

export type StageName = "dedup" | "incident";

/** Alerts counted by a dedup partition since it began; received = the sum of the others (I6). */
export type AlertCounters = {
  received: number;
  opened: number;
  changed: number;
  refreshed: number;
  resolved: number;
  rejected: number;
};

export type StepRecord<Output> =
  | {
      kind: "step";
      /** The process and thread that wrote it; with `n` it tells our append from another's. */
      owner: string;
      /** Counts the owner's appends, from 1 (its claim). */
      n: number;
      inputSeq: number;
      /** Time of the record at inputSeq, ms. */
      timeMs: number;
      outputs: Output[];
    }
  | { kind: "claim"; owner: string; n: 1; inputSeq: number; timeMs: number }
  /** The input record `inputSeq` killed its shard repeatedly and is skipped from now on. */
  | { kind: "dead"; owner: string; n: number; inputSeq: number; timeMs: number; error: string };

/** What a dedup partition puts out: an event and the correlation domain that it belongs to. */
export type DedupOutput = { domain: string; event: AlertEvent };

export type DedupStep = StepRecord<DedupOutput>;
export type IncidentStep = StepRecord<IncidentOutput>;

/** Where a relayed item came from; consumers drop what they have already seen of a source. */
export type Origin = {
  partition: number;
  stepSeq: number;
  index: number;
};
