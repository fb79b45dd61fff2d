/** Doors that ask for API keys, with the ring of keys and the clocks in the test's hand. */
import { Admission } from "../ingress/admission.ts";
import { register as registerAlertmanager } from "../ingress/alertmanager.ts";
import { register as registerEvents } from "../ingress/cloudevents.ts";
import { register as registerHealth } from "../ingress/health.ts";
import type { Access } from "../ingress/http.ts";
import { MetricRegistry } from "../ingress/metric-registry.ts";
import { addIngressMetrics, register as registerMetrics } from "../ingress/metrics.ts";
import { register as registerNative } from "../ingress/native.ts";
import { readingsOf } from "../ingress/readings.ts";
import {
  type ApiKey,
  type Scope,
  adminWish,
  createKey,
  keyText,
  secretHash,
} from "../runtime/api-keys.ts";
import { KeyRing } from "../runtime/key-ring.ts";
import type { Logger } from "../runtime/ports.ts";
import { type RateLimits, rateMemory } from "../runtime/rate-limits.ts";
import { type Door, openDoor } from "./ingress-door.ts";

/** Of every key that a world makes. */
export const secret = "5ecre75ecre75ecre75ecre75ecre7";

const unlimited: RateLimits = {
  ...{ key_alerts: null, key_requests: null, tenant_alerts: null, tenant_requests: null },
  burstMs: 1_000,
};

export function bearer(id: string, of = secret): Record<string, string> {
  return { authorization: `Bearer ${keyText(id, of)}` };
}

export class KeyedWorld {
  nowMs = Date.parse("2026-06-01T12:00:00Z");
  clockMs = 1_000_000;
  ring = new KeyRing();
  /** Whatever the doors logged, errors with their stacks. */
  logged: string[] = [];
  #revision = 0;
  #doors: Door[] = [];

  keep(key: ApiKey): ApiKey {
    this.#revision += 1;
    this.ring.put(key, this.#revision);
    return key;
  }

  key(id: string, scopes: Scope[], rest: Partial<ApiKey> = {}): ApiKey {
    const key = createKey(id, secretHash(secret), adminWish(id, scopes), this.nowMs);
    return this.keep({ ...key, ...rest });
  }

  /** With routes of each kind: /v1/things to read and to change, and one that says no scope. */
  async open(
    limits: Partial<RateLimits> = {},
    metrics: Access = "read",
    rates: SharedArrayBuffer = rateMemory(),
  ): Promise<Door> {
    const admission = new Admission({
      ...{ ring: this.ring, limits: { ...unlimited, ...limits }, rates },
      nowMs: () => this.nowMs,
      clockMs: () => this.clockMs,
    });
    const door = await openDoor({ admission, log: this.#log() }, () => this.nowMs);
    this.#doors.push(door);
    const { route } = door.server;
    registerAlertmanager(route, door);
    registerNative(route, door);
    registerEvents(route, door);
    registerHealth(route, { ready: () => ({ ready: true, reasons: [] }) });
    const registry = new MetricRegistry();
    addIngressMetrics(registry, () => readingsOf({ ...door, admission }));
    registerMetrics(route, { registry, access: metrics });
    route("GET", "/v1/things", () => ({ status: 200 }));
    route("PATCH", "/v1/things/:id", () => ({ status: 200 }), "respond");
    route("POST", "/v1/undeclared", () => ({ status: 200 }));
    return door;
  }

  async close(): Promise<void> {
    await Promise.all(this.#doors.map((door) => door.close()));
  }

  #log(): Logger {
    const line = (fields: object, message: string): void => {
      const shown = (_: string, value: unknown): unknown =>
        value instanceof Error ? value.stack : value;
      this.logged.push(`${message} ${JSON.stringify(fields, shown)}`);
    };
    return { debug: line, info: line, warn: line, error: line };
  }
}

/** @param alerts a body as it is, or what becomes one. */
export function postAlerts(
  door: Door,
  headers: Record<string, string>,
  alerts: unknown = [{ labels: { alertname: "a", service: "s" } }],
  path = "/v1/alerts",
): Promise<Response> {
  const body = typeof alerts === "string" ? alerts : JSON.stringify(alerts);
  const type = { "content-type": "application/json" };
  return door.request(path, { method: "POST", headers: { ...type, ...headers }, body });
}
