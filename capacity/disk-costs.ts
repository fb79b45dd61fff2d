/** Bytes per alert, from readings of the disk around a run of repeats and a run of new alerts. */
import type { Calibration, StoredBytes } from "./calibration.ts";
import type { DiskReading, StreamReading } from "./program-readings.ts";

export type Around = { before: DiskReading; after: DiskReading; alerts: number };

/** Fewer say little about one of them. */
const rollupsMin = 100;
const places = ["work", "steps", "incidents", "clickhouse"] as const;

export function diskCosts(
  repeated: Around,
  fresh: Around,
  end: { disk: DiskReading; fingerprints: number },
): Calibration["disk"] {
  const rowBytes = bytesPerRow(end.disk);
  const written = ({ before, after }: Around): StoredBytes => ({
    work: streamBytes(before.work, after.work),
    steps: Math.max(0, after.steps.bytes - before.steps.bytes),
    incidents: Math.max(0, after.incidents.bytes - before.incidents.bytes),
    clickhouse: after.tables.reduce((bytes, { table, rows }) => {
      const earlier = before.tables.find((each) => each.table === table)?.rows ?? 0;
      // Rows that are merged away may make it fewer.
      return bytes + Math.max(0, rows - earlier) * (rowBytes.get(table) ?? 0);
    }, 0),
  });
  const rollups = ({ before, after }: Around): number => after.rollups - before.rollups;
  const perRollup =
    rollups(repeated) < rollupsMin ? null : scaled(written(repeated), 1 / rollups(repeated));
  const freshBytes = written(fresh);
  if (perRollup !== null) {
    // Roll-ups of the alerts from before came in the meantime.
    const theirs = scaled(perRollup, rollups(fresh));
    for (const place of places) {
      freshBytes[place] = Math.max(0, freshBytes[place] - theirs[place]);
    }
  }
  const input = ({ before, after, alerts }: Around): number =>
    streamBytes(before.input, after.input) / Math.max(1, alerts);
  return {
    inputBytes: { repeated: input(repeated), fresh: input(fresh) },
    perFresh: scaled(freshBytes, 1 / Math.max(1, fresh.alerts)),
    perRollup,
    bucketBytesPerFingerprint: end.disk.bucketBytes / Math.max(1, end.fingerprints),
  };
}

/** Also when a snapshot has made the stream shorter meanwhile: by messages and their size. */
function streamBytes(before: StreamReading, after: StreamReading): number {
  const size = after.bytesPerMessage > 0 ? after.bytesPerMessage : before.bytesPerMessage;
  return Math.max(0, after.messages - before.messages) * size;
}

function bytesPerRow({ tables }: DiskReading): Map<string, number> {
  return new Map(tables.map(({ table, rows, bytes }) => [table, rows > 0 ? bytes / rows : 0]));
}

function scaled(bytes: StoredBytes, factor: number): StoredBytes {
  const result = { ...bytes };
  for (const place of places) result[place] *= factor;
  return result;
}
