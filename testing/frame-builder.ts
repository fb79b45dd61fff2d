/** Builds alert frames (runtime/frame.ts) from plain objects, as ingress would write them. */
import {
  frameFlags,
  frameHeadBytes,
  frameMagic,
  frameVersion,
  recordHeadBytes,
} from "../runtime/frame.ts";

export type AlertRecord = {
  /** 16 hexadecimal digits. */
  fingerprint: string;
  contentHash: number;
  startsAtMs: number;
  endsAtMs: number;
  endsByTimeout: boolean;
  /** Sent as JSON; bytes are sent as they are. */
  payload: object | Uint8Array;
  isReference?: boolean;
};

export type RejectionRecord = { rejected: { reason: string; detail: string }; count: number };

export function buildFrame(
  receivedAtMs: number,
  records: (AlertRecord | RejectionRecord)[],
): Uint8Array {
  const payloads = records.map((record) =>
    "rejected" in record ? jsonBytes(record.rejected) : jsonBytes(record.payload),
  );
  const payloadBytes = payloads.reduce((sum, payload) => sum + payload.length, 0);
  const frame = new Uint8Array(frameHeadBytes + records.length * recordHeadBytes + payloadBytes);
  const view = new DataView(frame.buffer);
  view.setUint8(0, frameMagic);
  view.setUint8(1, frameVersion);
  view.setUint32(4, records.length, true);
  view.setFloat64(8, receivedAtMs, true);
  let at = frameHeadBytes;
  records.forEach((record, index) => {
    const payload = payloads[index] ?? new Uint8Array(0);
    view.setUint32(at, payload.length, true);
    if ("rejected" in record) {
      view.setUint32(at + 4, frameFlags.rejection, true);
      view.setUint32(at + 20, record.count, true);
    } else {
      writeAlertHead(view, at, record);
    }
    frame.set(payload, at + recordHeadBytes);
    at += recordHeadBytes + payload.length;
  });
  return frame;
}

/** An alert record with stand-in hashes (FNV-1a) where the test does not care. */
export function alertRecord(
  alert: {
    labels: Record<string, string>;
    annotations?: Record<string, string>;
    generatorURL?: string;
    dedup_key?: string;
  },
  times: { startsAtMs: number; endsAtMs: number; endsByTimeout?: boolean },
): AlertRecord {
  const identity = alert.dedup_key ?? JSON.stringify(Object.entries(alert.labels).sort());
  const content = JSON.stringify([alert.annotations ?? {}, alert.generatorURL ?? ""]);
  return {
    fingerprint: hash(identity, 1).padStart(8, "0") + hash(identity, 2).padStart(8, "0"),
    contentHash: Number.parseInt(hash(content, 3), 16),
    startsAtMs: times.startsAtMs,
    endsAtMs: times.endsAtMs,
    endsByTimeout: times.endsByTimeout ?? true,
    payload: alert,
  };
}

function writeAlertHead(view: DataView, at: number, record: AlertRecord): void {
  const byTimeout = record.endsByTimeout ? frameFlags.endsByTimeout : 0;
  const reference = record.isReference === true ? frameFlags.contentKnown : 0;
  view.setUint32(at + 4, byTimeout | reference, true);
  view.setUint32(at + 8, Number.parseInt(record.fingerprint.slice(0, 8), 16), true);
  view.setUint32(at + 12, Number.parseInt(record.fingerprint.slice(8), 16), true);
  view.setUint32(at + 16, record.contentHash, true);
  view.setUint32(at + 20, 1, true);
  view.setFloat64(at + 24, record.startsAtMs, true);
  view.setFloat64(at + 32, record.endsAtMs, true);
}

function jsonBytes(payload: object | Uint8Array): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  return new TextEncoder().encode(JSON.stringify(payload));
}

function hash(text: string, seed: number): string {
  let value = (0x811c9dc5 ^ seed) >>> 0;
  for (const byte of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  }
  return value.toString(16);
}

/** The same alert as a repeat that refers to its content instead of having it. */
export function referenceTo(record: AlertRecord): AlertRecord {
  return { ...record, payload: new Uint8Array(0), isReference: true };
}
