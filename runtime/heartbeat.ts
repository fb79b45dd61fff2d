/**
 * Heartbeats: somebody promises to call at least every so often, and silence is an alert. Pure;
 * who keeps time and tells of it is the ingress (senders/heartbeat-keeper.ts).
 *
 *   waiting   new, or enabled again: nothing is expected before its first ping
 *   beating   pinged less than an interval ago
 *   missed    no ping for longer; its alert fires until the next ping
 */
export const heartbeatUnits = { minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;
export type HeartbeatUnit = keyof typeof heartbeatUnits;

export type Heartbeat = {
  /** Whose it is; null: of keys without a tenant. A name is unique in its tenant. */
  tenant: string | null;
  name: string;
  description: string;
  interval: number;
  intervalUnit: HeartbeatUnit;
  enabled: boolean;
  ownerTeam: string;
  /** "": one of our own. */
  alertMessage: string;
  alertTags: string[];
  /** "P1" to "P5". */
  alertPriority: string;
  /** Since it was made or enabled; null: none yet. */
  lastPingAtMs: number | null;
  /** When the alert that is known to be durable began; null: it is not missed. */
  missedAtMs: number | null;
};

/** The largest interval, in days. */
export const heartbeatDaysMax = 366;

/**
 * When the heartbeat counts as missed unless there is a ping; null: nothing is expected, or that
 * was told already. @param notBeforeMs nobody could ping before that.
 */
export function missedAtMs(heartbeat: Heartbeat, notBeforeMs: number): number | null {
  const { enabled, lastPingAtMs, missedAtMs: told } = heartbeat;
  if (!enabled || lastPingAtMs === null || told !== null) return null;
  return Math.max(lastPingAtMs + intervalMs(heartbeat), notBeforeMs);
}

export function intervalMs({ interval, intervalUnit }: Heartbeat): number {
  return interval * heartbeatUnits[intervalUnit];
}

/** Names a heartbeat among those of all tenants. */
export function heartbeatKey({ tenant, name }: Pick<Heartbeat, "tenant" | "name">): string {
  return JSON.stringify([tenant, name]);
}
