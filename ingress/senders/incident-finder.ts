/**
 * Which incident an alert belongs to. An alert that was accepted a moment ago may not have reached
 * its incident yet: for those, and only for those, the finder looks again until it has.
 */
import { isOpen } from "../../actors/incident/lifecycle.ts";
import type { IncidentView } from "../../actors/incident/types.ts";
import type { Clock } from "../../runtime/ports.ts";
import type { IncidentFilter, IncidentService } from "../../runtime/services.ts";
import { type RecentAlerts, waitFor } from "./recent-alerts.ts";

export class IncidentFinder {
  private readonly incidents: IncidentService;
  private readonly clock: Clock;
  private readonly recent: RecentAlerts;

  constructor(incidents: IncidentService, clock: Clock, recent: RecentAlerts) {
    this.incidents = incidents;
    this.clock = clock;
    this.recent = recent;
  }

  /**
   * @param wanted whether the incident is as it must be; a new alert is waited for until it is.
   * @returns the incident even if it is not as wanted.
   * @throws RetryableError when an owner does not answer in time.
   */
  async find(
    fingerprint: string,
    wanted: (incident: IncidentView) => boolean = () => true,
  ): Promise<IncidentView | null> {
    return waitFor(
      this.clock,
      () => this.lookUp(fingerprint),
      (found) => (found !== null && wanted(found)) || this.recent.find(fingerprint) === null,
    );
  }

  private async lookUp(fingerprint: string): Promise<IncidentView | null> {
    const { items } = await this.incidents.list({ ...anyIncident, fingerprint }, 1, null);
    return items[0] ?? null;
  }
}

export const anyIncident: IncidentFilter = Object.freeze({
  statuses: [],
  severities: [],
  services: [],
  tenants: [],
  text: "",
  createdFromMs: null,
  createdBeforeMs: null,
});

export const isOpenIncident = ({ status }: IncidentView): boolean => isOpen(status);
