/** What the dedup stage keeps of one firing alert, and how others may see it. */
import type { FiringAlert } from "../actors/alert/alert.ts";
import { fingerprintText } from "./fingerprint-map.ts";
import { notQueued } from "./wake-queue.ts";

/** An alert actor and what it does not see. There may be hundreds of thousands of them. */
export type StoredAlert = {
  /** The fingerprint's halves as signed 32-bit integers. */
  high: number;
  low: number;
  /** The correlation domain, fixed when the alert opened. */
  domain: string;
  /** The block of the partition's arena (payload-arena.ts) with the payload's bytes. */
  payload: number;
  alert: FiringAlert;
  /** Its place in the wake queue. */
  queueIndex: number;
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

/** An alert in no queue yet. */
export function storedAlert(
  fingerprint: { high: number; low: number },
  domain: string,
  payload: number,
  alert: FiringAlert,
): StoredAlert {
  const { high, low } = fingerprint;
  return { high, low, domain, payload, alert, queueIndex: notQueued };
}

/** @param payload its bytes; the view keeps them as they are. */
export function firingView(stored: StoredAlert, payload: Uint8Array): FiringView {
  const { high, low, domain, alert } = stored;
  return {
    fingerprint: fingerprintText(high, low),
    domain,
    startsAtMs: alert.startsAtMs,
    endsAtMs: alert.endsAtMs,
    updatedAtMs: alert.updatedAtMs,
    received: alert.total,
    payload,
  };
}
