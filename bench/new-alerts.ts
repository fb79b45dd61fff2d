/**
 * The new alerts of a run and the events that told of them: which belongs to which, and how much
 * time lay between. Matched after the run, so that it costs nothing while the clock runs.
 */
import { fingerprintOf } from "../ingress/fingerprint.ts";
import { fingerprintText } from "../runtime/fingerprint-text.ts";
import { AlertRequest } from "./alert-bytes.ts";
import { percentile } from "./bench.ts";

/** Times in ms since the epoch. */
export type Sent = { alert: number; dueMs: number; acceptedMs: number };

export type Delays = {
  /** Ascending, ms. */
  fromAcceptance: Float64Array;
  fromDue: Float64Array;
  /** Alerts that were accepted and of which no event told. */
  unmatched: number;
};

/** @param heardAtMs the first event's time by fingerprint. */
export function delaysOf(sent: Sent[], heardAtMs: Map<string, number>): Delays {
  const [fromAcceptance, fromDue]: [number[], number[]] = [[], []];
  const fingerprints = new AlertFingerprints();
  let unmatched = 0;
  for (const { alert, dueMs, acceptedMs } of sent) {
    const atMs = heardAtMs.get(fingerprints.of(alert));
    if (atMs === undefined) {
      unmatched += 1;
      continue;
    }
    fromAcceptance.push(atMs - acceptedMs);
    fromDue.push(atMs - dueMs);
  }
  return {
    fromAcceptance: Float64Array.from(fromAcceptance).sort(),
    fromDue: Float64Array.from(fromDue).sort(),
    unmatched,
  };
}

export function spread(sorted: Float64Array): { p50: number; p99: number; max: number } {
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: sorted.at(-1) ?? 0 };
}

/** The fingerprints that the program gives to the load generator's alerts. */
export class AlertFingerprints {
  readonly #request = new AlertRequest("/", "bench", 1, 0);

  of(alert: number): string {
    this.#request.fill(0, alert, 0);
    const text = Buffer.from(this.#request.firstAlert()).toString("utf8");
    const { labels } = JSON.parse(text) as { labels: Record<string, string> };
    const { high, low } = fingerprintOf(labels, null);
    return fingerprintText(high | 0, low | 0);
  }
}
