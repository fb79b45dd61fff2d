/** What the process tells a shard thread, and what the thread tells it back. */
import type { MessagePort } from "node:worker_threads";
import type { ProcessorLimits } from "./processor-options.ts";
import type { AlertCounters, StageName } from "./step.ts";

export type Assignment = {
  stage: StageName;
  partition: number;
  /** The partition's slot in the shared suspects memory. */
  slot: number;
};

export type ShardTask = {
  shard: string;
  /** Unique per incarnation of the thread: the owner name in the step log. */
  owner: string;
  natsUrl: string;
  assignments: Assignment[];
  partitions: { dedup: number; incident: number; lanes: number };
  suspects: SharedArrayBuffer;
  /** What the thread before this one died of; "" for the first. */
  causeOfDeath: string;
  limits: ProcessorLimits;
  logLevel: string;
  port: MessagePort;
};

export type ShardCommand = { kind: "stop" };

export type PartitionLag = {
  /** How long a record stored now would wait until it is applied; 0 while not ready. */
  lagMs: number;
  /** What waits of its input was stored after this sequence of the log. */
  positionSeq: number;
  /** What each record that waits will take, ms (lag-meter.ts); 0: not known. */
  recordMs: number;
};

export type PartitionStats = PartitionLag & {
  stage: StageName;
  partition: number;
  ready: boolean;
  /** Set when the partition stopped for good and needs a person; the sentence says why. */
  stopped: string | null;
  inputSeq: number;
  relayBacklog: number;
  /** The newest step that the last snapshot covers; -1: none. */
  snapshotStepSeq: number;
  /** Alerts or incidents in memory. */
  actors: number;
  counters: AlertCounters | null;
};

export type ShardReport = { kind: "stats"; shard: string; partitions: PartitionStats[] };
