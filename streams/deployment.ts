/**
 * What a deployment fixes at its creation, kept in the meta bucket: the partition counts. With
 * other counts, fingerprints and domains would move to partitions that do not know them, and with
 * another number of lanes a partition would look for its input where it is not.
 */
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { TerminalError } from "../runtime/errors.ts";
import { bucketNames } from "./subjects.ts";

export type PartitionCounts = { dedup: number; incident: number; lanes: number };
export type PartitionWish = Omit<PartitionCounts, "lanes"> & {
  /** "auto": as the log has it, and a new one `lanesAuto`. */
  lanes: number | "auto";
};

const key = "partitions";

/** @returns what is in force. @throws TerminalError when the log was created with other counts. */
export async function fixPartitions(
  connection: NatsConnection,
  wanted: PartitionWish,
  lanesAuto: number,
): Promise<PartitionCounts> {
  const kv = await new Kvm(connection).open(bucketNames.meta);
  const entry = await kv.get(key);
  if (entry === null || entry.operation !== "PUT") {
    const lanes = wanted.lanes === "auto" ? lanesAuto : wanted.lanes;
    const counts = { dedup: wanted.dedup, incident: wanted.incident, lanes };
    await kv.create(key, JSON.stringify(counts));
    return counts;
  }
  const { dedup, incident, lanes } = entry.json<Partial<PartitionCounts>>();
  // Before there were lanes, each partition had a subject of its own: a lane of one partition.
  const stored = { dedup: dedup ?? 0, incident: incident ?? 0, lanes: lanes ?? dedup ?? 0 };
  const isAsWanted =
    stored.dedup === wanted.dedup &&
    stored.incident === wanted.incident &&
    (wanted.lanes === "auto" || wanted.lanes === stored.lanes);
  if (isAsWanted) return stored;
  throw new TerminalError(
    `partitions: got ${textOf(wanted)}, but this log was created with ${textOf(stored)}; ` +
      "set these, or begin with an empty data directory",
  );
}

function textOf({ dedup, incident, lanes }: PartitionWish): string {
  return `dedup ${dedup}, incident ${incident} and lanes ${lanes}`;
}
