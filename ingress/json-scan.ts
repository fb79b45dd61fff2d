/**
 * Finds the alerts in a JSON body without building an object: one strict pass over the bytes
 * (RFC 8259) that notes where each alert and its interesting members begin and end, what their
 * bytes hash to and which moments their times are.
 *
 * N1 A body that JSON.parse refuses is refused here, with the byte offset, and vice versa;
 *    the one addition is the depth limit. UTF-8 validity is the caller's check.
 * N2 Whatever could make an alert unacceptable sets `suspect`; only alert-check.ts decides.
 *    So the scanner may suspect too much, never too little.
 * N3 Duplicate names: the last one counts, as in JSON.parse, which reads the payload later.
 *
 * The pass itself is WebAssembly (scan/), over a copy of the body.
 * One scanner is reused for every body; its rows are valid until the next scan.
 */
import { isUtf8 } from "node:buffer";
import * as layout from "./scan/row-layout.ts";
import { type ScanError, ScanModule } from "./scan/scan-module.ts";

/** Columns of a row. */
export const columns = {
  start: layout.startColumn,
  end: layout.endColumn,
  suspect: layout.suspectColumn,
  labels: layout.labelsColumn,
  annotations: layout.annotationsColumn,
  startsAt: layout.startsAtColumn,
  endsAt: layout.endsAtColumn,
  generatorURL: layout.generatorURLColumn,
  dedupKey: layout.dedupKeyColumn,
  broken: layout.brokenColumn,
  keyHash: layout.keyHashColumn,
  contentHash: layout.contentHashColumn,
} as const;
export const { rowWidth } = layout;

export class AlertScanner {
  count = 0;
  /** Of the last `scan`: that the body is nothing but ASCII is known, and so that it is UTF-8. */
  isAscii = false;
  private readonly module = new ScanModule();

  /** @param seed of the key hashes: up to 48 bits that senders cannot know. */
  constructor(seed: number) {
    this.module.calls.seed(seed | 0, Math.floor(seed / 2 ** 16) | 0);
  }

  /** `count` rows of `rowWidth` numbers. */
  get rows(): Int32Array {
    return this.module.rows;
  }

  /** A JSON array of alerts, or one alert. @returns null when the whole body is JSON. */
  scan(bytes: Uint8Array): ScanError | null {
    const { module } = this;
    module.put(bytes);
    const reason = module.calls.scan(bytes.length);
    this.isAscii = module.calls.isAscii() === 1;
    return this.ended(reason);
  }

  /**
   * NDJSON: one alert a line; a broken line becomes a row of its own.
   * @param wholeIsUtf8 whether the whole body is known to be valid UTF-8.
   */
  scanLines(bytes: Uint8Array, wholeIsUtf8: boolean): ScanError | null {
    const { calls } = this.module;
    this.module.put(bytes);
    calls.begin();
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(0x0a, start);
      const end = newline === -1 ? bytes.length : newline;
      const rows = calls.rowCount();
      const isText = wholeIsUtf8 || isUtf8(bytes.subarray(start, end));
      const reason = calls.scanLine(start, end);
      if (reason === layout.tooManyAlerts) return this.ended(reason);
      if (reason !== 0 || !isText) calls.breakLine(rows, start, end);
      start = end + 1;
    }
    return this.ended(0);
  }

  /** ms since the epoch; Go's zero time if absent or empty, NaN for what is no RFC 3339 time. */
  startsAtMs(index: number): number {
    return this.module.times[(index * rowWidth + layout.startsAtMsColumn) / 2] as number;
  }

  endsAtMs(index: number): number {
    return this.module.times[(index * rowWidth + layout.endsAtMsColumn) / 2] as number;
  }

  /**
   * The same for the text of a time that the body has with escapes. It takes the place of the
   * body's copy, which no row needs any more; it is shorter, so that the rows stay where they are.
   */
  timeMs(text: Uint8Array): number {
    this.module.put(text);
    return this.module.calls.time(text.length);
  }

  private ended(reason: number): ScanError | null {
    this.count = reason === 0 ? this.module.calls.rowCount() : 0;
    return this.module.refusal(reason);
  }
}
