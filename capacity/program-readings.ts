/** What the measured program says about itself: counters, logs on disk, rows. Loopback only. */
import { metricSum } from "../bench/metrics-text.ts";
import { bucketNames, streamNames } from "../streams/subjects.ts";
import type { Pids } from "./process-readings.ts";

export type Counts = {
  accepted: number;
  /** Counted by the dedup stage; the shards report it five times a second. */
  processed: number;
  fingerprints: number;
  /** Steps that are not published, or not rows, yet. */
  stepsBehind: number;
  /** Grows whenever a partition reads a record or a step is written. */
  progress: number;
  pids: Pids;
  monitorUrl: string;
};

type Status = {
  pid: number;
  nats: { pid: number; monitorUrl: string };
  clickhouse: { pid?: number; lag: number; sink?: { logSeq: number } };
  shards: { partitions: { inputSeq: number; relayBacklog: number }[] }[];
};

const isDedup = (labels: string): boolean => labels.includes('stage="dedup"');

export async function readCounts(base: string): Promise<Counts> {
  const [metrics, status] = await Promise.all([text(`${base}/metrics`), json(`${base}/v1/status`)]);
  const { nats, clickhouse, pid, shards } = status as Status;
  const partitions = shards.flatMap((shard) => shard.partitions);
  return {
    accepted: metricSum(metrics, "tocsin_alerts_accepted_total"),
    processed: metricSum(metrics, "tocsin_alerts_processed"),
    fingerprints: metricSum(metrics, "tocsin_partition_actors", isDedup),
    stepsBehind: partitions.reduce((sum, each) => sum + each.relayBacklog, clickhouse.lag),
    progress: partitions.reduce((sum, each) => sum + each.inputSeq, clickhouse.sink?.logSeq ?? 0),
    pids: { main: pid, nats: nats.pid, analytics: clickhouse.pid ?? -1 },
    monitorUrl: nats.monitorUrl,
  };
}

export type StreamReading = {
  bytes: number;
  /** Of a message that is there now; 0 when none is. */
  bytesPerMessage: number;
  /** Messages since it was made. */
  messages: number;
  bytesMax: number;
  keptMs: number;
};

export type DiskReading = {
  input: StreamReading;
  work: StreamReading;
  steps: StreamReading;
  incidents: StreamReading;
  /** Snapshots and incident states. */
  bucketBytes: number;
  /** Rows and bytes of each table. */
  tables: { table: string; rows: number; bytes: number }[];
  /** Rows that stand for a number of repeats. */
  rollups: number;
};

type Jsz = {
  account_details?: {
    stream_detail?: {
      name: string;
      config?: { max_bytes?: number; max_age?: number };
      state: { messages: number; bytes: number; last_seq: number };
    }[];
  }[];
};

const nanosPerMs = 1e6;

export async function readDisk(base: string, monitorUrl: string): Promise<DiskReading> {
  const jsz = (await json(`${monitorUrl}/jsz?streams=true&config=true`)) as Jsz;
  const all = (jsz.account_details ?? []).flatMap((each) => each.stream_detail ?? []);
  const stream = (name: string): StreamReading => {
    const found = all.find((each) => each.name === name);
    const { messages = 0, bytes = 0, last_seq: last = 0 } = found?.state ?? {};
    return {
      bytes,
      bytesPerMessage: messages > 0 ? bytes / messages : 0,
      messages: last,
      bytesMax: Math.max(0, found?.config?.max_bytes ?? 0),
      keptMs: (found?.config?.max_age ?? 0) / nanosPerMs,
    };
  };
  const buckets = new Set([
    `OBJ_${bucketNames.snapshots}`,
    ...[bucketNames.incidents, bucketNames.timers].map((name) => `KV_${name}`),
  ]);
  return {
    input: stream(streamNames.input),
    work: stream(streamNames.work),
    steps: stream(streamNames.steps),
    incidents: stream(streamNames.incidents),
    bucketBytes: all.reduce((b, { name, state }) => b + (buckets.has(name) ? state.bytes : 0), 0),
    tables: await rows(
      base,
      "select table, toFloat64(sum(rows)) as rows, toFloat64(sum(bytes_on_disk)) as bytes" +
        " from system.parts where active and database = 'tocsin' group by table",
    ),
    rollups: (
      await rows<{ n: number }>(
        base,
        "select toFloat64(count()) as n from tocsin.alert_events where kind = 'refreshed'",
      )
    ).reduce((n, row) => n + row.n, 0),
  };
}

async function rows<T>(base: string, query: string): Promise<T[]> {
  const body = JSON.stringify({ query, format: "JSONEachRow" });
  const response = await fetch(`${base}/v1/sql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`SQL is not answered: ${answer}`);
  const lines = answer.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as T);
}

async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

async function json(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}
