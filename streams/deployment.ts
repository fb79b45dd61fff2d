/**
 * What a deployment fixes at its creation, kept in the meta bucket: the partition counts. With
 * other counts, fingerprints and domains would move to partitions that do not know them.
 */
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { TerminalError } from "../runtime/errors.ts";
import { bucketNames } from "./subjects.ts";

export type PartitionCounts = { dedup: number; incident: number };

const key = "partitions";

/** @throws TerminalError when the log was created with other counts. */
export async function fixPartitions(
  connection: NatsConnection,
  wanted: PartitionCounts,
): Promise<void> {
  const kv = await new Kvm(connection).open(bucketNames.meta);
  const entry = await kv.get(key);
  if (entry === null || entry.operation !== "PUT") {
    await kv.create(key, JSON.stringify(wanted));
    return;
  }
  const stored = entry.json<PartitionCounts>();
  if (stored.dedup === wanted.dedup && stored.incident === wanted.incident) return;
  throw new TerminalError(
    `partitions: got dedup ${wanted.dedup} and incident ${wanted.incident}, but this log was ` +
      `created with dedup ${stored.dedup} and incident ${stored.incident}; set these, or begin ` +
      "with an empty data directory",
  );
}
