/**
 * Finds the alerts in a JSON body without building an object: one strict pass over the bytes
 * (RFC 8259) that notes where each alert and its interesting members begin and end.
 *
 * N1 A body that JSON.parse refuses is refused here, with the byte offset, and vice versa;
 *    the one addition is the depth limit. UTF-8 validity is the caller's check.
 * N2 Whatever could make an alert unacceptable sets `suspect`; only alert-check.ts decides.
 *    So the scanner may suspect too much, never too little.
 * N3 Duplicate names: the last one counts, as in JSON.parse, which reads the payload later.
 *
 * One scanner is reused for every body; its rows are valid until the next scan.
 */
import { isUtf8 } from "node:buffer";
import {
  alertBytesMax,
  alertsPerRequestMax,
  annotationValueBytesMax,
  dedupKeyBytesMax,
  labelValueBytesMax,
  mapEntriesMax,
  nameBytesMax,
} from "./alert-limits.ts";
import { JsonGrammar, JsonRefusal } from "./json-grammar.ts";

/** Columns of a row: spans [start, end) of values, quotes included; -1: absent or null. */
export const columns = {
  start: 0,
  end: 1,
  suspect: 2,
  labels: 3,
  annotations: 5,
  startsAt: 7,
  endsAt: 9,
  generatorURL: 11,
  dedupKey: 13,
  /** A line of NDJSON that is no JSON document. */
  broken: 15,
} as const;
export const rowWidth = 16;

type Field = { name: string; bytes: Uint8Array; column: number };
const fields: Field[] = (
  ["labels", "annotations", "startsAt", "endsAt", "generatorURL", "dedup_key"] as const
).map((name) => ({
  name,
  bytes: Buffer.from(name),
  column: name === "dedup_key" ? columns.dedupKey : columns[name],
}));

/** No two of their names begin alike. */
const fieldByFirstByte: (Field | undefined)[] = Array.from({ length: 256 }, (_, byte) =>
  fields.find(({ bytes }) => bytes[0] === byte),
);

export type ScanError = { offset: number; message: string };

const quote = 0x22;
const noField = 0;
const tooMany = `more than ${alertsPerRequestMax} alerts in one request; split it`;

export class AlertScanner extends JsonGrammar {
  /** `count` rows of `rowWidth` numbers. */
  rows = new Int32Array(64 * rowWidth);
  count = 0;

  private suspect = false;

  /** A JSON array of alerts, or one alert. @returns null when the whole body is JSON. */
  scan(bytes: Uint8Array): ScanError | null {
    this.begin(bytes);
    try {
      let at = this.space(0);
      if (bytes[at] === 0x5b) {
        at = this.elements(at);
      } else {
        at = this.element(at, 0);
      }
      at = this.space(at);
      if (at < this.end) this.refuse(at, "text after the end of the JSON document");
      return null;
    } catch (error) {
      if (!(error instanceof JsonRefusal)) throw error;
      this.count = 0;
      return { offset: error.offset, message: error.message };
    }
  }

  /**
   * NDJSON: one alert a line; a broken line becomes a row of its own.
   * @param wholeIsUtf8 whether the whole body is known to be valid UTF-8.
   */
  scanLines(bytes: Uint8Array, wholeIsUtf8: boolean): ScanError | null {
    this.begin(bytes);
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(0x0a, start);
      this.end = newline === -1 ? bytes.length : newline;
      const row = this.count * rowWidth;
      try {
        const at = this.space(start);
        if (at < this.end) {
          if (!wholeIsUtf8 && !isUtf8(bytes.subarray(start, this.end))) {
            this.refuse(at, "invalid UTF-8");
          }
          const rest = this.space(this.element(at, 0));
          if (rest < this.end) this.refuse(rest, "text after the end of the JSON document");
        }
      } catch (error) {
        if (!(error instanceof JsonRefusal)) throw error;
        if (error.message === tooMany) {
          this.count = 0;
          return { offset: error.offset, message: error.message };
        }
        this.count = row / rowWidth;
        this.newRow(start);
        this.rows[row + columns.end] = this.end;
        this.rows[row + columns.suspect] = 1;
        this.rows[row + columns.broken] = 1;
      }
      start = this.end + 1;
    }
    return null;
  }

  private begin(bytes: Uint8Array): void {
    this.open(bytes);
    this.count = 0;
  }

  private newRow(at: number): number {
    if (this.count === alertsPerRequestMax) throw new JsonRefusal(tooMany, at);
    const row = this.count * rowWidth;
    if (row + rowWidth > this.rows.length) {
      const larger = new Int32Array(this.rows.length * 2);
      larger.set(this.rows);
      this.rows = larger;
    }
    this.count += 1;
    // Stored one by one: for so few numbers a call of fill() costs more than they do.
    const { rows } = this;
    rows[row] = at;
    rows[row + columns.end] = at;
    rows[row + columns.suspect] = 0;
    for (let column: number = columns.labels; column < columns.broken; column += 1) {
      rows[row + column] = -1;
    }
    rows[row + columns.broken] = 0;
    return row;
  }

  private elements(open: number): number {
    let at = this.space(open + 1);
    if (this.bytes[at] === 0x5d && at < this.end) return at + 1;
    for (;;) {
      at = this.space(this.element(at, 1));
      const byte = at < this.end ? this.bytes[at] : 0;
      if (byte === 0x5d) return at + 1;
      if (byte !== 0x2c) this.refuse(at, "expected ',' or ']'");
      at = this.space(at + 1);
    }
  }

  private element(at: number, depth: number): number {
    const row = this.newRow(at);
    this.suspect = false;
    let end: number;
    if (at < this.end && this.bytes[at] === 0x7b) {
      end = this.alert(at, row, depth + 1);
      if (this.rows[row + columns.labels] === -1) this.suspect = true;
    } else {
      this.suspect = true;
      end = this.value(at, depth);
    }
    if (end - at > alertBytesMax) this.suspect = true;
    this.rows[row + columns.end] = end;
    if (this.suspect) this.rows[row + columns.suspect] = 1;
    return end;
  }

  private alert(open: number, row: number, depth: number): number {
    let at = this.space(open + 1);
    if (at < this.end && this.bytes[at] === 0x7d) return at + 1;
    for (;;) {
      this.escaped = false;
      const nameEnd = this.name(at);
      const field = this.fieldOf(at, nameEnd);
      at = this.colon(nameEnd);
      const end = this.member(at, field, depth);
      if (field !== noField) {
        const absent = this.bytes[at] === 0x6e;
        this.rows[row + field] = absent ? -1 : at;
        this.rows[row + field + 1] = absent ? -1 : end;
      }
      at = this.space(end);
      const byte = at < this.end ? this.bytes[at] : 0;
      if (byte === 0x7d) return at + 1;
      if (byte !== 0x2c) this.refuse(at, "expected ',' or '}'");
      at = this.space(at + 1);
    }
  }

  /** Passes over the value of an alert's member; suspects a wrong type. */
  private member(at: number, field: number, depth: number): number {
    const first = this.bytes[at];
    if (field === columns.labels || field === columns.annotations) {
      if (first === 0x7b) {
        const valueMax =
          field === columns.labels ? labelValueBytesMax : annotationValueBytesMax;
        return this.stringMap(at, valueMax, depth + 1);
      }
      if (first !== 0x6e) this.suspect = true;
      return this.value(at, depth);
    }
    const end = this.value(at, depth);
    if (field !== noField && first !== 0x6e) {
      if (first !== quote) this.suspect = true;
      if (field === columns.dedupKey && end - at > dedupKeyBytesMax) this.suspect = true;
    }
    return end;
  }

  private stringMap(open: number, valueBytesMax: number, depth: number): number {
    this.nest(open, depth);
    let at = this.space(open + 1);
    if (at < this.end && this.bytes[at] === 0x7d) return at + 1;
    for (let entries = 1; ; entries += 1) {
      const nameEnd = this.name(at);
      if (nameEnd - at === 2 || nameEnd - at - 2 > nameBytesMax) this.suspect = true;
      at = this.colon(nameEnd);
      let end: number;
      if (this.bytes[at] === quote) {
        end = this.string(at);
        if (end - at - 2 > valueBytesMax) this.suspect = true;
      } else {
        this.suspect = true;
        end = this.value(at, depth);
      }
      at = this.space(end);
      const byte = at < this.end ? this.bytes[at] : 0;
      if (byte === 0x7d) {
        if (entries > mapEntriesMax) this.suspect = true;
        return at + 1;
      }
      if (byte !== 0x2c) this.refuse(at, "expected ',' or '}'");
      at = this.space(at + 1);
    }
  }

  /** The column of the member whose name spans [open, nameEnd), quotes included. */
  private fieldOf(open: number, nameEnd: number): number {
    if (this.escaped) {
      const name: unknown = JSON.parse(Buffer.from(this.bytes.subarray(open, nameEnd)).toString());
      return fields.find((field) => field.name === name)?.column ?? noField;
    }
    const field = fieldByFirstByte[this.bytes[open + 1] as number];
    if (field === undefined || field.bytes.length !== nameEnd - open - 2) return noField;
    return this.same(open + 1, field.bytes) ? field.column : noField;
  }

  private same(start: number, word: Uint8Array): boolean {
    for (let index = 0; index < word.length; index += 1) {
      if (this.bytes[start + index] !== word[index]) return false;
    }
    return true;
  }
}
