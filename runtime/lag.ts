/**
 * How late an alert accepted now will be processed.
 *
 * Partitions say five times a second what waits for them, as far as they know: of a flood that is
 * seconds old before they know, and a door takes hundreds of thousands of alerts in a second. But
 * the process knows the newest sequence that the log gave to a message, and partitions say how far
 * they are and what a message takes them.
 *
 * A1 A lane's messages hold alerts of most of its partitions, and lanes get about as many of them.
 * A2 An alert waits in a dedup partition, then its work in an incident partition: the longest waits
 *    of both stages count, one after the other.
 */
import { laneOf } from "./placement.ts";
import type { PartitionStats } from "./shard-task.ts";

/**
 * The newest sequence of each lane's messages, of those that this process stored. Door threads note
 * into the same memory; where two do so at once, one message may stay unnoticed until the next.
 */
export class NewestStored {
  readonly memory: SharedArrayBuffer;
  readonly #seqs: Float64Array;

  /** @param memory another one's; default: new. */
  constructor(
    lanes: number,
    memory = new SharedArrayBuffer(lanes * Float64Array.BYTES_PER_ELEMENT),
  ) {
    this.memory = memory;
    this.#seqs = new Float64Array(memory);
  }

  get lanes(): number {
    return this.#seqs.length;
  }

  note(lane: number, seq: number): void {
    if (seq > this.of(lane)) this.#seqs[lane] = seq;
  }

  /** 0: nothing was stored since the start. */
  of(lane: number): number {
    return this.#seqs[lane] ?? 0;
  }
}

/** Silence that is no sign of anything: a report is due five times a second. */
const quietMs = 1_000;

/** What a shard thread said, and when; its silence since counts as lag. */
export type ShardReading = { heardAtMs: number; stats: readonly PartitionStats[] };

/** Asked for each request. */
export function lagMsOf(
  shards: readonly ShardReading[],
  newest: NewestStored,
  nowMs: number,
): number {
  const { lanes } = newest;
  let dedupMs = 0;
  let incidentMs = 0;
  let silentMs = 0;
  for (const { heardAtMs, stats } of shards) {
    if (stats.length > 0) silentMs = Math.max(silentMs, nowMs - heardAtMs - quietMs);
    for (const { stage, partition, lagMs, positionSeq, recordMs } of stats) {
      if (stage === "incident") {
        incidentMs = Math.max(incidentMs, lagMs);
        continue;
      }
      const waiting = (newest.of(laneOf(partition, lanes)) - positionSeq) / lanes;
      dedupMs = Math.max(dedupMs, lagMs, waiting * recordMs);
    }
  }
  return dedupMs + incidentMs + silentMs;
}
