/** What the dedup stage keeps of one firing alert, and how others may see it. */
import type { FiringAlert } from "../actors/alert/alert.ts";

/** An alert actor and what it does not see. */
export type StoredAlert = {
  /** The fingerprint's halves as signed 32-bit integers, and as events spell it. */
  high: number;
  low: number;
  id: string;
  /** The correlation domain, fixed when the alert opened. */
  domain: string;
  /** The payload's bytes (`byteText`). */
  payload: string;
  alert: FiringAlert;
};

/** A firing alert, for those who list them. */
export type FiringView = {
  fingerprint: string;
  domain: string;
  startsAtMs: number;
  endsAtMs: number;
  updatedAtMs: number;
  /** Alerts received in this occurrence. */
  received: number;
  /** The alert's JSON as its sender wrote it; times in it are those of its last change. */
  payload: Uint8Array;
};

export function firingView({ id, domain, payload, alert }: StoredAlert): FiringView {
  return {
    fingerprint: id,
    domain,
    startsAtMs: alert.startsAtMs,
    endsAtMs: alert.endsAtMs,
    updatedAtMs: alert.updatedAtMs,
    received: alert.total,
    payload: textBytes(payload),
  };
}

/**
 * Bytes as a string of one character each. An ArrayBuffer of its own would cost more than most
 * payloads do, and a view would retain the whole frame.
 */
export function byteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The inverse of `byteText`. */
export function textBytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}
