/**
 * Which incident an alert belongs to. An alert that was accepted a moment ago may not have reached
 * its incident yet: for those, and only for those, the finder looks again until it has.
 */
import { isOpen } from "../../actors/incident/lifecycle.ts";
import type { IncidentView } from "../../actors/incident/types.ts";
import type { Clock } from "../../runtime/ports.ts";
import { fingerprintText } from "../../runtime/fingerprint-text.ts";
import type { IncidentFilter, IncidentService } from "../../runtime/services.ts";
import { fingerprintOf } from "../fingerprint.ts";
import type { SentAlert } from "./sender.ts";

/** An alert that is not at its incident after this time is as good as lost to the caller. */
const waitMsMax = 5_000;
const pauseMsMin = 10;
const pauseMsMax = 320;
/** How long an alert counts as new, and how many of them are remembered. */
const newMs = 30_000;
const newMax = 10_000;

export class IncidentFinder {
  private readonly incidents: IncidentService;
  private readonly clock: Clock;
  /** When each fingerprint was last sent, oldest first. */
  private readonly sent = new Map<string, number>();

  constructor(incidents: IncidentService, clock: Clock) {
    this.incidents = incidents;
    this.clock = clock;
  }

  /** The alert was accepted just now. */
  noteSent(fingerprint: string): void {
    this.sent.delete(fingerprint);
    this.sent.set(fingerprint, this.clock.nowMs());
    if (this.sent.size <= newMax) return;
    const [oldest] = this.sent.keys();
    if (oldest !== undefined) this.sent.delete(oldest);
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
    const untilMs = this.clock.nowMs() + waitMsMax;
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
      const found = await this.lookUp(fingerprint);
      const isEnough = found !== null && wanted(found);
      if (isEnough || !this.isNew(fingerprint) || this.clock.nowMs() >= untilMs) return found;
      await this.clock.sleep(pauseMs);
    }
  }

  private async lookUp(fingerprint: string): Promise<IncidentView | null> {
    const { items } = await this.incidents.list({ ...anyIncident, fingerprint }, 1, null);
    return items[0] ?? null;
  }

  private isNew(fingerprint: string): boolean {
    const sentMs = this.sent.get(fingerprint);
    return sentMs !== undefined && this.clock.nowMs() - sentMs < newMs;
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

/** The fingerprint that the intake gives an alert with a dedup key. */
export function fingerprintOfAlert({ labels, dedup_key }: SentAlert): string {
  const { high, low } = fingerprintOf(labels, dedup_key ?? null);
  return fingerprintText(high | 0, low | 0);
}
