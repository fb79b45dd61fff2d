/** How far a running Tocsin is behind with what it has accepted since it started. */
import type { Running } from "./contenders.ts";

export type Backlog = {
  /** Accepted, and not yet counted by the dedup stage. */
  alertsBehind: number;
  /** Steps in the log that are not rows in ClickHouse yet. */
  stepsBehind: number;
};

export async function backlogOf({ host, port }: Running): Promise<Backlog> {
  const base = `http://${host}:${port}`;
  const metrics = await (await fetch(`${base}/metrics`)).text();
  const status = (await (await fetch(`${base}/v1/status`)).json()) as {
    clickhouse: { lag: number };
  };
  const accepted = sum(metrics, "tocsin_alerts_accepted_total");
  const processed = sum(metrics, "tocsin_alerts_processed");
  return { alertsBehind: accepted - processed, stepsBehind: status.clickhouse.lag };
}

function sum(metrics: string, name: string): number {
  let total = 0;
  for (const line of metrics.split("\n")) {
    if (line.startsWith(name)) total += Number(line.slice(line.lastIndexOf(" ")));
  }
  return total;
}
