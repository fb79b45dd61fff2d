/**
 * What the dedup stage tells the rest of the system about alerts.
 *
 * Every accepted alert is counted in exactly one event's `received` (invariant I6):
 * received = opened + changed + refreshed + resolved + rejected. An event that no alert caused
 * (an alert whose end time passed) carries `received: 0`.
 */

export type Labels = Record<string, string>;

/** The parts of an alert that do not change while it is merely repeated. */
export type AlertBody = {
  labels: Labels;
  annotations: Labels;
  generatorURL: string;
  /** The sender's own identity for the alert; null when its labels are its identity. */
  dedupKey: string | null;
};

export type AlertEvent =
  | {
      kind: "opened" | "changed";
      /** 16 lower-case hexadecimal digits: xxhash64 of the identity. */
      fingerprint: string;
      atMs: number;
      received: 1;
      startsAtMs: number;
      endsAtMs: number;
      body: AlertBody;
    }
  | {
      /** A roll-up: `received` unchanged repeats seen in [fromMs, atMs]. */
      kind: "refreshed";
      fingerprint: string;
      atMs: number;
      received: number;
      fromMs: number;
      endsAtMs: number;
    }
  | {
      /** "unmatched": a resolve for an alert that was not firing; it has no further effect. */
      kind: "resolved";
      fingerprint: string;
      atMs: number;
      received: 0 | 1;
      endedAtMs: number;
      by: "sender" | "end time" | "unmatched";
      /** Alerts received during this occurrence, from open to resolve. */
      total: number;
    }
  | { kind: "rejected"; atMs: number; received: number; reason: string; detail: string };
