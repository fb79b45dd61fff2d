/** POST /-/reload: reads the configuration anew, as Alertmanager does. */
import type { HttpResponse, Route } from "./http.ts";
import type { MetricRegistry } from "./metric-registry.ts";

export type ReloadOutcome =
  /** `nextStart`: sections that have changed and are read at the start only. */
  | { kind: "done"; nextStart: string[] }
  /** The configuration before is still in force. */
  | { kind: "failed"; why: string };

export interface Reloads {
  reload(): Promise<ReloadOutcome>;
  /** Whether the last attempt succeeded, and when the configuration in force was read, ms. */
  readonly last: { succeeded: boolean; atMs: number };
}

export function registerReload(route: Route, reloads: Reloads): void {
  route("POST", "/-/reload", async () => answer(await reloads.reload()), "admin");
}

/** Under Alertmanager's names as well: its alerting rules go on working. */
export function addReloadMetrics(registry: MetricRegistry, reloads: Reloads): void {
  for (const prefix of ["tocsin", "alertmanager"]) {
    registry.callback(
      "gauge",
      `${prefix}_config_last_reload_successful`,
      "Whether the last attempt to read the configuration succeeded.",
      () => [{ labels: {}, value: reloads.last.succeeded ? 1 : 0 }],
    );
    registry.callback(
      "gauge",
      `${prefix}_config_last_reload_success_timestamp_seconds`,
      "When the configuration in force was read.",
      () => [{ labels: {}, value: reloads.last.atMs / 1_000 }],
    );
  }
}

function answer(outcome: ReloadOutcome): HttpResponse {
  const headers = { "content-type": "text/plain; charset=utf-8" };
  if (outcome.kind === "failed") {
    return { status: 500, headers, body: `failed to reload config: ${outcome.why}\n` };
  }
  const { nextStart } = outcome;
  const body = nextStart.length === 0 ? "" : `at the next start: ${nextStart.join(", ")}\n`;
  return { status: 200, headers, body };
}
