/**
 * From a scanned row to what an alert's record needs: identity, content hash and times, with
 * Alertmanager's rules for absent times. Repeated alerts stay bytes throughout.
 */
import type { Labels } from "../actors/alert/events.ts";
import { contentFreshMs, frameFlags } from "../runtime/frame.ts";
import { type Fault, fault, faultReasons, findFault, withoutEmpty } from "./alert-check.ts";
import { alertBytesMax } from "./alert-limits.ts";
import type { Confirmations } from "./confirmations.ts";
import { entriesMaxDefault, FingerprintCache, foreseenMax } from "./fingerprint-cache.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import type { AlertHead } from "./frame-writer.ts";
import { type AlertScanner, columns, rowWidth } from "./json-scan.ts";
import { fingerprintOfBytes } from "./label-bytes.ts";

const noBytes = new Uint8Array(0);
/** Go's zero time, 0001-01-01T00:00:00Z, which senders write for "no time". */
export const zeroTimeMs = -62_135_596_800_000;

export class AlertReader {
  /** The last alert that `read` accepted. */
  readonly head: AlertHead = {
    flags: 0,
    high: 0,
    low: 0,
    contentHash: 0,
    startsAtMs: 0,
    endsAtMs: 0,
  };

  private readonly cache = new FingerprintCache(entriesMaxDefault);
  private readonly resolveTimeoutMs: number;
  private bytes: Uint8Array = noBytes;
  /** Whether the alert last read has a dedup key. */
  private hasKey = false;

  constructor(resolveTimeoutMs: number) {
    this.resolveTimeoutMs = resolveTimeoutMs;
  }

  /** The body that the next rows belong to. */
  begin(body: Uint8Array): void {
    this.bytes = body;
  }

  /** Lets go of the body, which would otherwise live until the next one comes. */
  done(): void {
    this.bytes = noBytes;
  }

  /**
   * Marks the alert last read as a repeat whose content the log has, if so: then its record
   * needs no payload. An alert with a dedup key always has one: under the same key, other labels
   * may have become its content since. @param clockMs a clock of ours that never steps back.
   */
  refer(clockMs: number): boolean {
    const { head } = this;
    if (this.hasKey) return false;
    const sinceTick = ticks(Math.max(0, clockMs - contentFreshMs));
    if (!this.cache.holds(head.contentHash, sinceTick)) return false;
    head.flags |= frameFlags.contentKnown;
    return true;
  }

  /** The frame with these confirmations carries the content of the alert last read. */
  noteSent(frame: Confirmations, clockMs: number): void {
    this.cache.noteSent(frame, this.head.contentHash, ticks(clockMs));
  }

  /** Looks up rows [from, from + count) of the body, which `read` is to be called for next. */
  private foresee(scanner: AlertScanner, from: number): void {
    const { rows } = scanner;
    const count = Math.min(foreseenMax, scanner.count - from);
    for (let nth = 0; nth < count; nth += 1) {
      this.cache.foresee(nth, rows[(from + nth) * rowWidth + columns.keyHash] as number);
    }
    this.cache.bringIn(count);
  }

  /**
   * Reads row `index` into `head`; after `begin` the indexes go up by one from 0.
   * @returns why the alert is refused, or null.
   */
  read(scanner: AlertScanner, index: number, receivedAtMs: number): Fault | null {
    const { rows } = scanner;
    const row = index * rowWidth;
    if (index % foreseenMax === 0) this.foresee(scanner, index);
    const start = rows[row + columns.start] as number;
    const end = rows[row + columns.end] as number;
    if (rows[row + columns.suspect] === 1) {
      const { bytes } = this;
      if (rows[row + columns.broken] === 1) {
        return fault(faultReasons.notJson, "", textOf(bytes, start, Math.min(end, start + 400)));
      }
      if (end - start > alertBytesMax) {
        return fault(faultReasons.tooLarge, "", `${end - start} bytes`);
      }
      const found = findFault(JSON.parse(textOf(bytes, start, end)));
      if (found !== null) return found;
    }
    this.head.flags = 0;
    this.head.contentHash = (rows[row + columns.contentHash] as number) >>> 0;
    return this.readIdentity(rows, row) ?? this.readTimes(scanner, index, receivedAtMs);
  }

  private readIdentity(rows: Int32Array, row: number): Fault | null {
    const { head, bytes, cache } = this;
    const start = rows[row + columns.labels] as number;
    const end = rows[row + columns.labels + 1] as number;
    const keyStart = rows[row + columns.dedupKey] as number;
    const keyEnd = rows[row + columns.dedupKey + 1] as number;
    // "dedup_key":"" reads as absent: two quotes are no key.
    this.hasKey = keyEnd - keyStart > 2;
    const first = rows[row + columns.keyHash] as number;
    const second = rows[row + columns.keyHash + 1] as number;
    if (cache.find(first, second, end - start)) {
      head.high = cache.high;
      head.low = cache.low;
      return null;
    }
    // A suspect may be acceptable since a name stands twice: what is no string then stands first.
    const isPlain = !this.hasKey && rows[row + columns.suspect] === 0;
    const plain = isPlain ? fingerprintOfBytes(bytes, start, end) : null;
    const labels = plain === null ? textOf(bytes, start, end) : "";
    const key = this.hasKey ? textOf(bytes, keyStart, keyEnd) : null;
    const fingerprint = plain ?? parsedIdentity(labels, key);
    if (fingerprint === null) {
      return fault(faultReasons.noLabels, "labels", JSON.parse(labels) as unknown);
    }
    head.high = fingerprint.high;
    head.low = fingerprint.low;
    cache.add(head.high, head.low);
    return null;
  }

  /** Absent start: now, or the end if given. Absent end: now + resolve timeout, and a flag. */
  private readTimes(scanner: AlertScanner, index: number, receivedAtMs: number): Fault | null {
    const { head } = this;
    const startsAtMs = this.time(scanner, index, columns.startsAt, scanner.startsAtMs(index));
    if (Number.isNaN(startsAtMs)) {
      return this.timeFault(scanner, index, columns.startsAt, "startsAt");
    }
    const endsAtMs = this.time(scanner, index, columns.endsAt, scanner.endsAtMs(index));
    if (Number.isNaN(endsAtMs)) return this.timeFault(scanner, index, columns.endsAt, "endsAt");
    head.endsAtMs = endsAtMs;
    if (endsAtMs === zeroTimeMs) {
      head.endsAtMs = receivedAtMs + this.resolveTimeoutMs;
      head.flags |= frameFlags.endsByTimeout;
    }
    head.startsAtMs = startsAtMs;
    if (startsAtMs === zeroTimeMs) {
      head.startsAtMs = endsAtMs === zeroTimeMs ? receivedAtMs : endsAtMs;
    }
    if (head.startsAtMs <= head.endsAtMs) return null;
    const startsAt = new Date(head.startsAtMs).toISOString();
    return fault(faultReasons.endsFirst, "startsAt", startsAt);
  }

  /** Escapes are legal in a JSON time, if strange. */
  private time(scanner: AlertScanner, index: number, column: number, scannedMs: number): number {
    if (!Number.isNaN(scannedMs)) return scannedMs;
    return scanner.timeMs(Buffer.from(this.timeText(scanner, index, column)));
  }

  private timeFault(scanner: AlertScanner, index: number, column: number, field: string): Fault {
    return fault(faultReasons.notTime, field, this.timeText(scanner, index, column));
  }

  private timeText({ rows }: AlertScanner, index: number, column: number): string {
    const cell = index * rowWidth + column;
    const text = textOf(this.bytes, rows[cell] as number, rows[cell + 1] as number);
    return JSON.parse(text) as string;
  }
}

/** Null: no label has a value (N2 of json-scan.ts: the scanner does not look for those). */
function parsedIdentity(labelsJson: string, keyJson: string | null): Fingerprint | null {
  const labels = JSON.parse(labelsJson) as Labels;
  if (Object.keys(withoutEmpty(labels)).length === 0) return null;
  return fingerprintOf(labels, keyJson === null ? null : (JSON.parse(keyJson) as string));
}

/** The cache's unit of time, tenths of a second from 1: enough for 13 years in 32 bits. */
function ticks(clockMs: number): number {
  return Math.floor(clockMs / 100) + 1;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}
