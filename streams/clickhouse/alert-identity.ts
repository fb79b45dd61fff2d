/**
 * Who an alert is, for the events that carry only its fingerprint. Opened and changed events
 * bring labels; roll-ups and resolves follow later, perhaps after a restart. A bounded memory
 * answers for recent alerts, the table `alerts` for the rest, so every row of alert_events can be
 * summed by service without a join.
 */
import type { Labels } from "../../actors/alert/events.ts";
import { identityOf, labelOf, type Identity } from "../../actors/incident/identity.ts";
import type { Engine } from "./engine.ts";

export type AlertIdentity = Identity & { alertname: string; severity: string };

/** About 300 bytes each. */
const identitiesMax = 50_000;

/** Fingerprints of one look-up; ClickHouse reads statements of up to 256 KiB. */
const lookUpMax = 10_000;

export const unknownAlert: AlertIdentity = {
  tenant: "default",
  environment: "default",
  service: "unknown",
  alertname: "",
  severity: "",
};

/** Reads the same labels as incidents do, so that rows of both meet under one name. */
export function identify(labels: Labels): AlertIdentity {
  return {
    ...identityOf(labels),
    alertname: labelOf(labels, "alertname"),
    severity: labelOf(labels, "severity"),
  };
}

/** A Map keeps the order of insertion: the first key is the one unused for longest. */
export class AlertIdentities {
  #known = new Map<string, AlertIdentity>();
  #max: number;

  constructor(max: number = identitiesMax) {
    this.#max = max;
  }

  learn(fingerprint: string, identity: AlertIdentity): void {
    this.#known.delete(fingerprint);
    this.#known.set(fingerprint, identity);
    if (this.#known.size > this.#max) {
      const oldest = this.#known.keys().next();
      if (!oldest.done) this.#known.delete(oldest.value);
    }
  }

  get(fingerprint: string): AlertIdentity | undefined {
    const identity = this.#known.get(fingerprint);
    if (identity !== undefined) this.learn(fingerprint, identity);
    return identity;
  }

  has(fingerprint: string): boolean {
    return this.#known.has(fingerprint);
  }
}

/** The identities of stored alerts; a fingerprint that is not stored is absent. */
export async function lookUp(
  engine: Engine,
  fingerprints: string[],
): Promise<Map<string, AlertIdentity>> {
  const found = new Map<string, AlertIdentity>();
  const valid = fingerprints.filter((fingerprint) => /^[0-9a-f]{16}$/.test(fingerprint));
  for (let from = 0; from < valid.length; from += lookUpMax) {
    const list = valid.slice(from, from + lookUpMax).map((fingerprint) => `'${fingerprint}'`);
    const rows = await engine.rows(
      `select fingerprint, tenant, environment, service, alertname, severity
       from tocsin.alerts final where fingerprint in (${list.join(",")})`,
    );
    for (const row of rows) {
      found.set(String(row["fingerprint"]), {
        tenant: String(row["tenant"]),
        environment: String(row["environment"]),
        service: String(row["service"]),
        alertname: String(row["alertname"]),
        severity: String(row["severity"]),
      });
    }
  }
  return found;
}
