/** How far a running Tocsin is behind with what it has accepted since it started. */
import { setTimeout as pause } from "node:timers/promises";
import type { Running } from "./contenders.ts";
import { metricSum, metricValues } from "./metrics-text.ts";

export type Backlog = {
  /** Accepted, and not yet counted by the dedup stage. */
  alertsBehind: number;
  /** Steps in the log that are not rows in ClickHouse yet. */
  stepsBehind: number;
};

export type Progress = {
  accepted: number;
  /** Counted by the dedup stage. */
  processed: number;
  /** How long a record stored now would wait, in the slowest partition of either stage, s. */
  lagSeconds: number;
  /** Steps of either stage that are not published yet. */
  relayBacklog: number;
};

const pollMs = 500;
/** What a partition at work has under way when nothing is left behind. */
export const lagSecondsIdle = 0.1;

export async function backlogOf(server: Running): Promise<Backlog> {
  const { accepted, processed } = await progressOf(server);
  const status = (await (await fetch(`${baseOf(server)}/v1/status`)).json()) as {
    clickhouse: { lag: number };
  };
  return { alertsBehind: accepted - processed, stepsBehind: status.clickhouse.lag };
}

/** As the program's partitions last reported it; they do so five times a second. */
export async function progressOf(server: Running): Promise<Progress> {
  const metrics = await (await fetch(`${baseOf(server)}/metrics`)).text();
  return {
    accepted: metricSum(metrics, "tocsin_alerts_accepted_total"),
    processed: metricSum(metrics, "tocsin_alerts_processed"),
    lagSeconds: Math.max(0, ...metricValues(metrics, "tocsin_partition_lag_seconds")),
    relayBacklog: metricSum(metrics, "tocsin_relay_backlog_steps"),
  };
}

/** Until every alert is an actor, an incident and a row. */
export async function workedOff(server: Running): Promise<void> {
  for (;;) {
    // What the incident stage has not looked at yet is no step: only its lag tells of it.
    const { lagSeconds } = await progressOf(server);
    const { alertsBehind, stepsBehind } = await backlogOf(server);
    if (alertsBehind <= 0 && stepsBehind <= 0 && lagSeconds <= lagSecondsIdle) return;
    await pause(pollMs);
  }
}

function baseOf({ host, port }: Running): string {
  return `http://${host}:${port}`;
}
