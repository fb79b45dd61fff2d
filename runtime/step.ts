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

export type StepRecord<Output> = StepHead &
  (
    | {
        kind: "step";
        outputs: Output[];
        /**
         * Set on all but the last message of a step too big for one: these outputs belong to
         * input after `inputSeq`, and the message without it moves the position.
         */
        partial?: true;
      }
    /** A new owner begins; every later append of the old one is refused. */
    | { kind: "claim" }
    /** The snapshot named in the head is complete: input up to its position may go. */
    | { kind: "snapshot" }
    /** The input record `deadSeq` killed its shard repeatedly and is skipped from now on. */
    | { kind: "dead"; deadSeq: number; error: string }
  );

export type StepHead = {
  /** The process and thread that wrote it; with `n` it tells our append from another's. */
  owner: string;
  /** Counts the owner's appends since its start; its claim is 1. */
  n: number;
  /** Input position of the newest step, this one included; 0: there is none yet. */
  inputSeq: number;
  /** Time of the record at inputSeq, ms. */
  timeMs: number;
  relayed: RelayPosition;
  /** Name of the newest snapshot in force; "": there is none yet. */
  snapshot: string;
};

/** How far a partition's relay has got: its start after a crash. */
export type RelayPosition = {
  /** Every output of the steps up to this step-log sequence has been published. */
  stepSeq: number;
  /** Sequences of the public streams at that moment: later messages must be looked at. */
  incidentsSeq: number;
  outboxSeq: number;
};

export const relayStart: RelayPosition = { stepSeq: 0, incidentsSeq: 0, outboxSeq: 0 };

/** What a dedup partition puts out: an event and the correlation domain that it belongs to. */
export type DedupOutput = {
  domain: string;
  event: AlertEvent;
  /** The event as text, from when it is written for the first time (event-text.ts). */
  json?: string;
};

export type DedupStep = StepRecord<DedupOutput>;
export type IncidentStep = StepRecord<IncidentOutput>;

/** Where a relayed item came from; consumers drop what they have already seen of a source. */
export type Origin = {
  partition: number;
  stepSeq: number;
  index: number;
};
