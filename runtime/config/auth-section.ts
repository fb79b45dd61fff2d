/** The section about API keys: whether they are asked for, and how much each may send. */
import { limitNames } from "../rate-limits.ts";
import { isLoopback } from "./listen.ts";
import { parseRate } from "./rates.ts";
import type { HostPort, TocsinConfig } from "./types.ts";
import type { ConfigValue } from "./value.ts";

const second = 1_000;

export function readAuth(value: ConfigValue): TocsinConfig["auth"] {
  const section = value.section(["mode", "metrics", "limits"]);
  const limits = section("limits").section([...limitNames, "burst"]);
  const [keyAlerts, keyRequests, tenantAlerts, tenantRequests] = limitNames.map((name) =>
    readRate(limits(name)),
  ) as [number | null, number | null, number | null, number | null];
  return {
    mode: section("mode").choice(["none", "keys"], "none"),
    metrics: section("metrics").choice(["keys", "open"], "keys"),
    limits: {
      key_alerts: keyAlerts,
      key_requests: keyRequests,
      tenant_alerts: tenantAlerts,
      tenant_requests: tenantRequests,
      burstMs: limits("burst").duration({ default: 10 * second, min: second, max: 3_600 * second }),
    },
  };
}

function readRate(value: ConfigValue): number | null {
  if (!value.present || value.is("unlimited")) return null;
  const rate = parseRate(String(value.plain()));
  if (rate === null) value.expected("a rate such as 500/s or 600/m, or unlimited");
  return rate;
}

/** Why the address must not be listened on as things are; null: it may be. */
export function openListenProblem(
  { host, port }: HostPort,
  mode: TocsinConfig["auth"]["mode"],
): string | null {
  if (mode === "keys" || isLoopback(host)) return null;
  return (
    `${host} can be reached from the network, and requests need no API key: set auth.mode to ` +
    `keys (docs/api-keys.md), or listen on 127.0.0.1:${port}`
  );
}
