/**
 * Alerts that were accepted a moment ago. They are durable, and yet neither the list of firing
 * alerts nor their incident may know them already: whoever asks for one of these, and only for
 * these, looks again until it is there.
 */
import { createHash } from "node:crypto";
import { fingerprintText } from "../../runtime/fingerprint-text.ts";
import type { Clock } from "../../runtime/ports.ts";
import { fingerprintOf } from "../fingerprint.ts";
import type { SentAlert } from "./sender.ts";

/** What has not appeared after this time is as good as lost to the caller. */
const waitMsMax = 5_000;
const pauseMsMin = 10;
const pauseMsMax = 320;
/** How long an alert counts as new, and how many of them are remembered. */
const newMs = 30_000;
const newMax = 10_000;

export class RecentAlerts {
  private readonly clock: Clock;
  /** By fingerprint, the one sent first in front. */
  private readonly sent = new Map<string, { atMs: number; content: string }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The alert was accepted just now. */
  note(fingerprint: string, alert: SentAlert): void {
    this.sent.delete(fingerprint);
    this.sent.set(fingerprint, { atMs: this.clock.nowMs(), content: contentOf(alert) });
    if (this.sent.size <= newMax) return;
    const [oldest] = this.sent.keys();
    if (oldest !== undefined) this.sent.delete(oldest);
  }

  /** Null: it was not sent a moment ago, or it has been ended since. @returns `contentOf` it. */
  find(fingerprint: string): string | null {
    const found = this.sent.get(fingerprint);
    if (found === undefined || this.clock.nowMs() - found.atMs >= newMs) return null;
    return found.content;
  }

  forget(fingerprint: string): void {
    this.sent.delete(fingerprint);
  }
}

/** Looks until it is enough, for at most `waitMsMax`. @returns what was seen last. */
export async function waitFor<T>(
  clock: Clock,
  look: () => Promise<T>,
  isEnough: (seen: T) => boolean,
): Promise<T> {
  const untilMs = clock.nowMs() + waitMsMax;
  for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
    const seen = await look();
    if (isEnough(seen) || clock.nowMs() >= untilMs) return seen;
    await clock.sleep(pauseMs);
  }
}

/** A digest of labels and annotations, in any order of their names. */
export function contentOf({ labels, annotations = {} }: SentAlert): string {
  const pairs = [labels, annotations].map((map) =>
    Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return createHash("sha256").update(JSON.stringify(pairs)).digest("base64");
}

/** The fingerprint that the intake gives an alert. */
export function fingerprintOfAlert({ labels, dedup_key }: SentAlert): string {
  const { high, low } = fingerprintOf(labels, dedup_key ?? null);
  return fingerprintText(high | 0, low | 0);
}
