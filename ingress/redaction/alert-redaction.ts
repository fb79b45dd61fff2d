/**
 * Redacts the alerts of a scanned body. An alert that cannot hold anything stays the bytes it is;
 * of any other the maps of texts are parsed, redacted and written anew.
 *
 * P1 What is written anew has the members that Tocsin reads, each once. Others, and earlier ones
 *    of the same name, would be stored with the alert without ever being looked at.
 * P2 The labels that name the tenant are never touched: whose an alert is does not depend on how
 *    its tenant is called.
 * P3 An alert that is refused anyway (alert-check.ts) is passed on as it is.
 */
import type { RedactionConfig } from "../../runtime/config/redaction-section.ts";
import { annotationValueBytesMax, labelValueBytesMax } from "../alert-limits.ts";
import { tenantLabels } from "../fingerprint.ts";
import { type AlertScanner, columns, rowWidth } from "../json-scan.ts";
import { type Counting, Redactor } from "./redactor.ts";
import { Suspicion } from "./suspicion.ts";

const members = [
  { name: "labels", column: columns.labels },
  { name: "annotations", column: columns.annotations },
  { name: "startsAt", column: columns.startsAt },
  { name: "endsAt", column: columns.endsAt },
  { name: "generatorURL", column: columns.generatorURL },
  { name: "dedup_key", column: columns.dedupKey },
] as const;
/** Those that may hold something. */
const redactable = ["labels", "annotations", "generatorURL"] as const;
type MemberName = (typeof redactable)[number];

/** Of an alert, what may hold something. */
export type AlertTexts = {
  labels: Record<string, string>;
  annotations?: Record<string, string>;
};

type Field = { kept: Set<string>; valueBytesMax: number };

const lineFeed = Buffer.from("\n");
const comma = Buffer.from(",");

export class AlertRedaction {
  /** Replacements since the start, by kind or pattern. */
  readonly counts = new Map<string, number>();

  readonly #redactor: Redactor;
  readonly #suspicion: Suspicion;
  readonly #labels: Field | null;
  readonly #annotations: Field | null;

  constructor(config: RedactionConfig) {
    this.#redactor = new Redactor(config);
    this.#suspicion = new Suspicion(config);
    const { fields, except } = config;
    const labelsKept = new Set([...except.labels, ...tenantLabels]);
    const annotationsKept = new Set(except.annotations);
    this.#labels =
      fields === "annotations"
        ? null
        : { kept: labelsKept, valueBytesMax: labelValueBytesMax };
    this.#annotations =
      fields === "labels"
        ? null
        : { kept: annotationsKept, valueBytesMax: annotationValueBytesMax };
  }

  /**
   * @param scanner has just scanned the body, as lines or as one JSON document.
   * @returns a body of the same form with as many alerts; null when it may stay as it is.
   */
  redacted(body: Uint8Array, scanner: AlertScanner, areLines: boolean): Uint8Array | null {
    const parts: Uint8Array[] = [];
    let isSame = true;
    for (let index = 0; index < scanner.count; index += 1) {
      const row = scanner.rows.subarray(index * rowWidth, (index + 1) * rowWidth);
      const written = this.#alert(body, row);
      if (written !== null) isSame = false;
      if (index > 0) parts.push(areLines ? lineFeed : comma);
      parts.push(written ?? body.subarray(row[columns.start], row[columns.end]));
    }
    if (isSame) return null;
    if (areLines) return Buffer.concat(parts);
    return Buffer.concat([Buffer.from("["), ...parts, Buffer.from("]")]);
  }

  /** The texts as they are stored, without being counted. */
  redactedTexts<Texts extends AlertTexts>(texts: Texts): Texts {
    const { labels, annotations } = texts;
    const uncounted = (): void => undefined;
    return {
      ...texts,
      labels: this.#redactedMap(labels, this.#labels, uncounted),
      ...(annotations === undefined
        ? {}
        : { annotations: this.#redactedMap(annotations, this.#annotations, uncounted) }),
    };
  }

  /** Null: the alert may stay as it is. */
  #alert(body: Uint8Array, row: Int32Array): Uint8Array | null {
    if (row[columns.broken] === 1 || row[columns.labels] === -1) return null;
    const suspects = (name: MemberName): boolean => this.#isSuspected(body, row, name);
    const suspected = redactable.filter(suspects);
    if (suspected.length === 0 && hasOnlyMembers(body, row)) return null;
    const written: string[] = [];
    for (const { name, column } of members) {
      const start = row[column] as number;
      if (start === -1) continue;
      const sent = textOf(body, start, row[column + 1] as number);
      const isClear = !suspected.some((one) => one === name);
      written.push(`"${name}":${isClear ? sent : this.#member(name, sent)}`);
    }
    return Buffer.from(`{${written.join(",")}}`);
  }

  #isSuspected(body: Uint8Array, row: Int32Array, name: MemberName): boolean {
    const field = name === "labels" ? this.#labels : this.#annotations;
    const column = columns[name];
    const start = row[column] as number;
    if (field === null || start === -1) return false;
    return this.#suspicion.suspects(body, start, row[column + 1] as number);
  }

  #member(name: (typeof members)[number]["name"], sent: string): string {
    switch (name) {
      case "labels":
        return this.#map(sent, this.#labels);
      case "annotations":
        return this.#map(sent, this.#annotations);
      case "generatorURL": {
        const field = this.#annotations;
        const url: unknown = JSON.parse(sent);
        if (field === null || field.kept.has(name) || typeof url !== "string") return sent;
        return JSON.stringify(this.#text(url, field, this.#count));
      }
      default:
        return sent;
    }
  }

  #map(sent: string, field: Field | null): string {
    if (field === null) return sent;
    const map: unknown = JSON.parse(sent);
    if (typeof map !== "object" || map === null || Array.isArray(map)) return sent;
    return JSON.stringify(this.#redactedMap(map as Record<string, unknown>, field, this.#count));
  }

  #redactedMap<Map extends Record<string, unknown>>(
    map: Map,
    field: Field | null,
    counting: Counting,
  ): Map {
    if (field === null) return map;
    // Without a prototype "__proto__" is a name like any other.
    const redacted = Object.create(null) as Record<string, unknown>;
    for (const [name, value] of Object.entries(map)) {
      const isKept = field.kept.has(name) || typeof value !== "string";
      redacted[name] = isKept ? value : this.#text(value, field, counting);
    }
    return redacted as Map;
  }

  /** A replacement may be longer than what it replaces; the alert is not to be refused for it. */
  #text(text: string, { valueBytesMax }: Field, counting: Counting): string {
    const redacted = this.#redactor.redact(text, counting);
    if (redacted === text || Buffer.byteLength(redacted) <= valueBytesMax) return redacted;
    if (Buffer.byteLength(text) > valueBytesMax) return text;
    const cut = Buffer.from(redacted).subarray(0, valueBytesMax - 4).toString();
    return `${cut.replace(/\uFFFD$/, "")}…`;
  }

  readonly #count = (kind: string): void => {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  };
}

/** Whether the alert consists of the members that the row knows, each written plainly and once. */
function hasOnlyMembers(body: Uint8Array, row: Int32Array): boolean {
  let between = (row[columns.end] as number) - (row[columns.start] as number);
  let expected = 1;
  for (const { name, column } of members) {
    if (row[column] === -1) continue;
    between -= (row[column + 1] as number) - (row[column] as number);
    // Its quotes, its colon, and what parts it from the next.
    expected += name.length + 4;
  }
  return between === expected || between - blanksBetween(body, row) === expected;
}

/** White space between the alert's members. */
function blanksBetween(body: Uint8Array, row: Int32Array): number {
  const spans = members
    .map(({ column }) => [row[column] as number, row[column + 1] as number] as const)
    .filter(([start]) => start !== -1)
    .sort((a, b) => a[0] - b[0]);
  let blanks = 0;
  let at = row[columns.start] as number;
  for (const [start, end] of [...spans, [row[columns.end] as number, 0] as const]) {
    for (; at < start; at += 1) if ((body[at] as number) <= 0x20) blanks += 1;
    at = end;
  }
  return blanks;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
}
