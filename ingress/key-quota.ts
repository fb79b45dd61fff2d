/**
 * What a key may send: limits of its own and of its tenant, in alerts and in requests, over
 * buckets that all threads share; and how often each limit refused something.
 */
import type { ApiKey } from "../runtime/api-keys.ts";
import {
  type LimitName,
  type RateLimits,
  type RateTable,
  bucketTag,
} from "../runtime/rate-limits.ts";

type Bucket = { limit: LimitName; tag: bigint; perSecond: number };

/** A limit that is used up, and whole seconds until it is worth trying again. */
export type UsedUp = { limit: LimitName; retryAfterSeconds: number };

export type QuotaOptions = {
  table: RateTable;
  limits: RateLimits;
  refusals: RateRefusals;
  /** A clock that never steps back and is the same in all threads, ms. */
  clockMs(): number;
};

export class KeyQuota {
  private readonly options: QuotaOptions;
  private readonly keyId: string;
  private readonly requests: Bucket[];
  private readonly alerts: Bucket[];

  constructor(key: ApiKey, options: QuotaOptions) {
    this.options = options;
    this.keyId = key.id;
    const bucket = (limit: LimitName, of: string | null, perSecond: number | null): Bucket[] =>
      of === null || perSecond === null
        ? []
        : [{ limit, tag: bucketTag(`${limit} ${of}`), perSecond }];
    const { limits } = options;
    this.requests = [
      ...bucket("key_requests", key.id, limits.key_requests),
      ...bucket("tenant_requests", key.tenant, limits.tenant_requests),
    ];
    this.alerts = [
      ...bucket("key_alerts", key.id, key.alertsPerSecond ?? limits.key_alerts),
      ...bucket("tenant_alerts", key.tenant, limits.tenant_alerts),
    ];
  }

  /** Counts a request. @param bringsAlerts refuse it also when no alert could be taken. */
  takeRequest(bringsAlerts: boolean): UsedUp | null {
    return (bringsAlerts ? this.lacking(this.alerts) : null) ?? this.take(this.requests, 1);
  }

  takeAlerts(count: number): UsedUp | null {
    return this.take(this.alerts, count);
  }

  private take(buckets: Bucket[], units: number): UsedUp | null {
    if (buckets.length === 0) return null;
    const lacking = this.lacking(buckets);
    if (lacking !== null) return lacking;
    const clockMs = this.options.clockMs();
    for (const { tag, perSecond } of buckets) {
      this.options.table.take(tag, units, perSecond, clockMs);
    }
    return null;
  }

  private lacking(buckets: Bucket[]): UsedUp | null {
    const { table, limits, refusals, clockMs } = this.options;
    for (const { limit, tag } of buckets) {
      const waitMs = table.waitMs(tag, limits.burstMs, clockMs());
      if (waitMs === 0) continue;
      refusals.count(this.keyId, limit);
      return { limit, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
    }
    return null;
  }
}

export type RateRefusal = { keyId: string; limit: LimitName; count: number };

/** Keys that metrics tell apart; those beyond are counted as one. */
const keysCountedMax = 100;

/** Requests refused, by key and limit. */
export class RateRefusals {
  private readonly byKey = new Map<string, Map<LimitName, number>>();

  count(keyId: string, limit: LimitName, by = 1): void {
    const known = this.byKey.has(keyId) || this.byKey.size < keysCountedMax;
    const id = known ? keyId : "other";
    const limits = this.byKey.get(id) ?? new Map<LimitName, number>();
    limits.set(limit, (limits.get(limit) ?? 0) + by);
    this.byKey.set(id, limits);
  }

  list(): RateRefusal[] {
    return [...this.byKey].flatMap(([keyId, limits]) =>
      [...limits].map(([limit, count]) => ({ keyId, limit, count })),
    );
  }
}
