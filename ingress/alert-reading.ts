/**
 * From a scanned row to what an alert's record needs: identity, content hash and times, with
 * Alertmanager's rules for absent times. Repeated alerts stay bytes throughout.
 */
import type { Labels } from "../actors/alert/events.ts";
import { contentFreshMs, frameFlags } from "../runtime/frame.ts";
import { type Fault, fault, faultReasons, findFault, withoutEmpty } from "./alert-check.ts";
import { alertBytesMax } from "./alert-limits.ts";
import type { Confirmations } from "./confirmations.ts";
import { type CacheKey, FingerprintCache } from "./fingerprint-cache.ts";
import { entriesMaxDefault, foreseenMax } from "./fingerprint-cache.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";
import type { AlertHead } from "./frame-writer.ts";
import { type AlertScanner, columns, rowWidth } from "./json-scan.ts";
import { fingerprintOfBytes } from "./label-bytes.ts";
import { parseRfc3339Ms, zeroTimeMs } from "./rfc3339.ts";
import { xxhash32 } from "./xxhash32.ts";

const noBytes = new Uint8Array(0);
const noView = new DataView(noBytes.buffer);

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

  private readonly cache: FingerprintCache;
  private readonly resolveTimeoutMs: number;
  private bytes: Uint8Array = noBytes;
  private readonly key: CacheKey = {
    view: noView,
    start1: 0,
    end1: 0,
    start2: 0,
    end2: 0,
  };

  /** @param cacheSeed see FingerprintCache. */
  constructor(resolveTimeoutMs: number, cacheSeed: number) {
    this.resolveTimeoutMs = resolveTimeoutMs;
    this.cache = new FingerprintCache(entriesMaxDefault, cacheSeed);
  }

  /** The body that the next rows belong to, as bytes and as the scanner's view of them. */
  begin(body: Uint8Array, view: DataView): void {
    this.bytes = body;
    this.key.view = view;
  }

  /** Lets go of the body, which would otherwise live until the next one comes. */
  done(): void {
    this.bytes = noBytes;
    this.key.view = noView;
  }

  /**
   * Marks the alert last read as a repeat whose content the log has, if so: then its record
   * needs no payload. An alert with a dedup key always has one: under the same key, other labels
   * may have become its content since. @param clockMs a clock of ours that never steps back.
   */
  refer(clockMs: number): boolean {
    const { head, key } = this;
    if (key.end2 > 0) return false;
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
    const count = Math.min(foreseenMax, scanner.count - from);
    for (let nth = 0; nth < count; nth += 1) {
      this.pointAt(scanner.rows, (from + nth) * rowWidth);
      this.cache.foresee(nth, this.key);
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
    const nth = index % foreseenMax;
    if (nth === 0) this.foresee(scanner, index);
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
    const found = this.readIdentity(rows, row, nth) ?? this.readTimes(rows, row, receivedAtMs);
    if (found === null) this.readHash(rows, row);
    return found;
  }

  private readIdentity(rows: Int32Array, row: number, nth: number): Fault | null {
    const { key, head, bytes } = this;
    this.pointAt(rows, row);
    if (this.cache.find(nth, key)) {
      head.high = this.cache.high;
      head.low = this.cache.low;
      return null;
    }
    // A suspect may be acceptable since a name stands twice: what is no string then stands first.
    const isPlain = key.end2 === 0 && rows[row + columns.suspect] === 0;
    const plain = isPlain ? fingerprintOfBytes(bytes, key.start1, key.end1) : null;
    const fingerprint = plain ?? this.parseIdentity();
    if (fingerprint === null) {
      const sent: unknown = JSON.parse(textOf(bytes, key.start1, key.end1));
      return fault(faultReasons.noLabels, "labels", sent);
    }
    head.high = fingerprint.high;
    head.low = fingerprint.low;
    this.cache.add(key, head.high, head.low);
    return null;
  }

  /** Sets the key to the row's labels and dedup key; empty where a broken row has none. */
  private pointAt(rows: Int32Array, row: number): void {
    const { key } = this;
    key.start1 = rows[row + columns.labels] as number;
    key.end1 = rows[row + columns.labels + 1] as number;
    key.start2 = rows[row + columns.dedupKey] as number;
    key.end2 = rows[row + columns.dedupKey + 1] as number;
    // "dedup_key":"" reads as absent: two quotes are no key.
    if (key.end2 - key.start2 <= 2) key.start2 = key.end2 = 0;
  }

  /** Null: no label has a value (N2 of json-scan.ts: the scanner does not look for those). */
  private parseIdentity(): Fingerprint | null {
    const { bytes } = this;
    const { start1, end1, start2, end2 } = this.key;
    const labels = JSON.parse(textOf(bytes, start1, end1)) as Labels;
    if (Object.keys(withoutEmpty(labels)).length === 0) return null;
    const dedupKey = end2 === 0 ? null : (JSON.parse(textOf(bytes, start2, end2)) as string);
    return fingerprintOf(labels, dedupKey);
  }

  /** Absent start: now, or the end if given. Absent end: now + resolve timeout, and a flag. */
  private readTimes(rows: Int32Array, row: number, receivedAtMs: number): Fault | null {
    const { head } = this;
    const startsAtMs = this.timeIn(rows, row + columns.startsAt);
    if (Number.isNaN(startsAtMs)) return this.timeFault(rows, row + columns.startsAt, "startsAt");
    const endsAtMs = this.timeIn(rows, row + columns.endsAt);
    if (Number.isNaN(endsAtMs)) return this.timeFault(rows, row + columns.endsAt, "endsAt");
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

  /**
   * u32 over what may change while the identity stays. The generatorURL is left out: two replicas
   * of one Prometheus differ in nothing else, and each repeat would look like a change.
   */
  private readHash(rows: Int32Array, row: number): void {
    const { key, head } = this;
    let hash = this.hashOf(rows, row + columns.annotations, 0);
    if (key.end2 > 0) hash = xxhash32(key.view, key.start1, key.end1, hash);
    head.contentHash = hash >>> 0;
  }

  private hashOf(rows: Int32Array, cell: number, seed: number): number {
    const start = rows[cell] as number;
    if (start === -1) return seed;
    return xxhash32(this.key.view, start, rows[cell + 1] as number, seed);
  }

  private timeIn(rows: Int32Array, cell: number): number {
    const { bytes } = this;
    const start = rows[cell] as number;
    if (start === -1) return zeroTimeMs;
    const end = rows[cell + 1] as number;
    if (end - start === 2) return zeroTimeMs;
    const timeMs = parseRfc3339Ms(bytes, start + 1, end - 1);
    if (!Number.isNaN(timeMs)) return timeMs;
    // Escapes are legal in a JSON time, if strange.
    const unescaped = Buffer.from(JSON.parse(textOf(bytes, start, end)) as string);
    return parseRfc3339Ms(unescaped, 0, unescaped.length);
  }

  private timeFault(rows: Int32Array, cell: number, field: string): Fault {
    const text = textOf(this.bytes, rows[cell] as number, rows[cell + 1] as number);
    return fault(faultReasons.notTime, field, JSON.parse(text));
  }
}

/** The cache's unit of time, tenths of a second from 1: enough for 13 years in 32 bits. */
function ticks(clockMs: number): number {
  return Math.floor(clockMs / 100) + 1;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}
