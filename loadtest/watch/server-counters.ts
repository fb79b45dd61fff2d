/** What the server's metrics and status say. Pure: k6's scripts use it as well. */
import { metricSum } from "../../bench/metrics-text.ts";

export type ServerCounters = {
  /** Alerts that it made durable and said so, since it started. */
  accepted: number;
  /** Alerts that the dedup stage has counted, since the log began. */
  processed: number;
  /** Steps not yet published by the relays of all partitions. */
  relayBacklog: number;
  /** Steps that are not yet rows in ClickHouse. */
  stepsBehind: number;
  /** Of the program itself; its children are found from it. */
  pid: number;
  version: string;
  clickhouseReady: boolean;
};

type Status = {
  pid?: number;
  version?: string;
  clickhouse?: { lag?: number; state?: string };
};

const isAccepted = (labels: string): boolean => !labels.includes('outcome="rejected"');

/** @param status the answer of /v1/status. */
export function serverCounters(metrics: string, status: unknown): ServerCounters {
  const { pid = -1, version = "?", clickhouse } = status as Status;
  return {
    accepted: metricSum(metrics, "tocsin_alerts_accepted_total"),
    // Refused alerts are recorded as well, but were never accepted.
    processed: metricSum(metrics, "tocsin_alerts_processed", isAccepted),
    relayBacklog: metricSum(metrics, "tocsin_relay_backlog_steps"),
    stepsBehind: clickhouse?.lag ?? 0,
    pid,
    version,
    clickhouseReady: clickhouse?.state === "ready",
  };
}
