/** Finds alerts for Opsgenie's routes: one by any of its identifiers, or those of a query. */
import type { IncidentView } from "../../actors/incident/types.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import type { IncidentFinder } from "./incident-finder.ts";
import { opsgenieDedupKey } from "./opsgenie-alert.ts";
import type { OpsgenieQuery } from "./opsgenie-query.ts";
import { type RecentAlerts, contentOf, fingerprintOfAlert, waitFor } from "./recent-alerts.ts";
import { type SenderPrincipal, keyLabels } from "./sender.ts";
import type { SenderDeps } from "./sender-deps.ts";

export const identifierTypes = ["id", "alias", "tiny"] as const;
export type IdentifierType = (typeof identifierTypes)[number];

/** Alerts that one query looks at; a query over more has to be narrowed. */
const examinedMax = 20_000;
const pageMax = 1_000;
const incidentsAtOnceMax = 20;

export class OpsgenieDesk {
  private readonly deps: SenderDeps;
  private readonly finder: IncidentFinder;
  private readonly recent: RecentAlerts;

  constructor(deps: SenderDeps, finder: IncidentFinder, recent: RecentAlerts) {
    this.deps = deps;
    this.finder = finder;
    this.recent = recent;
  }

  /** The fingerprint behind an identifier; null: nothing can have this one. */
  fingerprint(
    identifier: string,
    type: IdentifierType,
    principal: SenderPrincipal,
  ): string | null {
    switch (type) {
      case "id":
        return /^[0-9a-f]{16}$/.test(identifier) ? identifier : null;
      case "tiny":
        return /^\d{1,20}$/.test(identifier) && BigInt(identifier) < 2n ** 64n
          ? BigInt(identifier).toString(16).padStart(16, "0")
          : null;
      case "alias":
        return fingerprintOfAlert({
          labels: keyLabels(principal),
          dedup_key: opsgenieDedupKey(identifier),
        });
    }
  }

  /** The alert if it fires and is the principal's; one sent a moment ago is waited for. */
  async find(fingerprint: string, principal: SenderPrincipal): Promise<ListedAlert | null> {
    const found = await waitFor(
      this.deps.clock,
      () => this.lookUp(fingerprint),
      (alert) => this.isCurrent(fingerprint, alert),
    );
    return found !== null && isOwn(found, principal) ? found : null;
  }

  /** Newest first. Null: it would have to look at more than `examinedMax` alerts. */
  async select(query: OpsgenieQuery, principal: SenderPrincipal): Promise<ListedAlert[] | null> {
    const found: ListedAlert[] = [];
    let examined = 0;
    for (let after: string | null = ""; after !== null; ) {
      if (examined >= examinedMax) return null;
      const page = await this.deps.alerts.list(query.filters, pageMax, after);
      examined += Math.max(page.items.length, 1);
      found.push(...page.items.filter((alert) => isOwn(alert, principal) && query.matches(alert)));
      after = page.cursor;
    }
    return found;
  }

  /** @param wanted see IncidentFinder. */
  incident(
    fingerprint: string,
    wanted?: (incident: IncidentView) => boolean,
  ): Promise<IncidentView | null> {
    return this.finder.find(fingerprint, wanted);
  }

  /** Of each of them, in their order. */
  async incidents(alerts: ListedAlert[]): Promise<(IncidentView | null)[]> {
    const found: (IncidentView | null)[] = [];
    for (let from = 0; from < alerts.length; from += incidentsAtOnceMax) {
      const some = alerts.slice(from, from + incidentsAtOnceMax);
      found.push(
        ...(await Promise.all(some.map(({ fingerprint }) => this.incident(fingerprint)))),
      );
    }
    return found;
  }

  private async lookUp(fingerprint: string): Promise<ListedAlert | null> {
    const before = BigInt(`0x${fingerprint}`) - 1n;
    const after = before < 0n ? "" : before.toString(16).padStart(16, "0");
    const { items } = await this.deps.alerts.list([], 1, after);
    return items[0]?.fingerprint === fingerprint ? items[0] : null;
  }

  /** Whether the list shows what was sent last. */
  private isCurrent(fingerprint: string, alert: ListedAlert | null): boolean {
    const sent = this.recent.find(fingerprint);
    return sent === null || (alert !== null && contentOf(alert) === sent);
  }
}

function isOwn({ labels }: ListedAlert, { tenant }: SenderPrincipal): boolean {
  return tenant === null || labels["tenant_id"] === tenant;
}
