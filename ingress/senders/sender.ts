/**
 * What the doors of other senders have in common: whose alert it is, how it looks in the native
 * schema, and how long it fires. Pure.
 *
 * S1 Whose an alert is comes from the key alone, never from the body: a resolve, which carries
 *    little more than a key, must meet the alert that it ends.
 * S2 Keys of different senders never meet: each has a prefix of its own in the dedup key.
 */
import { createHash } from "node:crypto";
import type { AlertOwner, RejectedAlert } from "../../runtime/services.ts";
import { annotationValueBytesMax, labelValueBytesMax } from "../alert-limits.ts";
import { tenantLabels } from "../fingerprint.ts";

/** Whom a key stands for; null: the key does not say. */
export type SenderPrincipal = Pick<AlertOwner, "tenant" | "service">;

/** An alert as the intake takes it; absent fields are left out of its JSON. */
export type SentAlert = {
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  startsAt?: string;
  endsAt?: string;
  generatorURL?: string;
  dedup_key?: string;
};

/** Alerts of one request, and those that a decoder refused, by their place in the request. */
export type Decoded<Alert = SentAlert> = {
  alerts: Alert[];
  /** Of each alert: which of the request's items it comes from. */
  places: number[];
  refused: RejectedAlert[];
};

export type JsonObject = Record<string, unknown>;

/**
 * How long an alert fires that its sender ends by a message of its own, ms. It bounds what senders
 * that never resolve can leave behind; every repeat begins it anew.
 */
export const heldMs = 30 * 24 * 3_600_000;

/** Room for a prefix beside it in a dedup key of at most 512 bytes. */
const ownKeyBytesMax = 400;
const serviceLabels = ["service", "service_name", "app", "job"];
const cutMark = "…";

/**
 * The log's clock decides whether an end has been reached, and it may be behind ours a little: an
 * end in its future would be taken for a repeat of the alert.
 */
const clockSkewMs = 1_000;

/** Each item by itself. @param read the item's alerts, or why it is refused. */
export function decodeEach<Alert>(
  items: readonly unknown[],
  read: (item: unknown) => readonly Alert[] | Omit<RejectedAlert, "index">,
): Decoded<Alert> {
  const decoded: Decoded<Alert> = { alerts: [], places: [], refused: [] };
  items.forEach((item, index) => {
    const found = read(item);
    if ("reason" in found) {
      decoded.refused.push({ index, ...found });
      return;
    }
    for (const alert of found) {
      decoded.alerts.push(alert);
      decoded.places.push(index);
    }
  });
  return decoded;
}

/** The end time of an alert that is over now. */
export function endedAt(nowMs: number): string {
  return timeText(nowMs - clockSkewMs);
}

/** The end time of an alert that fires until its sender says otherwise. */
export function heldUntil(nowMs: number): string {
  return timeText(nowMs + heldMs);
}

/** Times of an alert that fires from now on. An absent start would be taken from the end. */
export function firingFrom(nowMs: number): { startsAt: string; endsAt: string } {
  return { startsAt: timeText(nowMs), endsAt: heldUntil(nowMs) };
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * The labels with the key's tenant and, where they name none, the key's service.
 * @returns null when they name another tenant than the key's.
 */
export function ownedLabels(
  labels: Record<string, string>,
  principal: SenderPrincipal,
): Record<string, string> | null {
  const { tenant, service } = principal;
  const owned = textMap(Object.entries(labels));
  if (tenant !== null) {
    const named = tenantLabels.map((name) => owned[name] ?? "").filter((value) => value !== "");
    if (named.some((value) => value !== tenant)) return null;
    owned["tenant_id"] = tenant;
  }
  const namesService = serviceLabels.some((name) => (owned[name] ?? "") !== "");
  if (service !== null && !namesService) owned["service"] = service;
  return owned;
}

/** Labels of an alert whose tenant only the key can say. */
export function keyLabels({ tenant }: SenderPrincipal): Record<string, string> {
  return textMap(tenant === null ? [] : [["tenant_id", tenant]]);
}

/** A sender's own key for an alert, as a dedup key: "pagerduty/1f…/host-1". */
export function dedupKeyOf(prefix: string, own: string): string {
  const isShort = Buffer.byteLength(own) <= ownKeyBytesMax;
  return `${prefix}/${isShort ? own : `sha256:${digest(own)}`}`;
}

/** Names a secret without telling it. */
export function secretName(secret: string): string {
  return digest(secret).slice(0, 16);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A map without anything that objects inherit: "__proto__" is a name like any other. */
export function textMap(entries: Iterable<[string, string]>): Record<string, string> {
  const map = Object.create(null) as Record<string, string>;
  for (const [name, value] of entries) if (value !== "") map[name] = value;
  return map;
}

export const labelText = (text: string): string => cutText(text, labelValueBytesMax);
export const annotationText = (text: string): string => cutText(text, annotationValueBytesMax);

/** At most `bytesMax` bytes of UTF-8, a longer text cut between characters and marked. */
export function cutText(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  const room = bytesMax - Buffer.byteLength(cutMark);
  return `${Buffer.from(text).subarray(0, room).toString().replace(/\uFFFD$/, "")}${cutMark}`;
}

/** Characters as senders count them: an emoji is one. */
export function charCount(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field that an object has itself; what it inherits is no field. */
export function fieldOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A text field; "" for anything else. */
export function textField(object: JsonObject, name: string): string {
  const value = fieldOf(object, name);
  return typeof value === "string" ? value : "";
}

/**
 * A time as senders write it: RFC 3339, with or without the colon of its offset, or seconds or
 * milliseconds since 1970. @returns RFC 3339 UTC; null when it is none.
 */
export function readTime(value: unknown): string | null {
  const ms = typeof value === "string" ? textTimeMs(value) : numberTimeMs(value);
  // Four digits of the year: what lies beyond has another form in RFC 3339.
  return ms >= -62_135_596_800_000 && ms < 253_402_300_800_000 ? timeText(ms) : null;
}

const timePattern =
  /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s?([Zz]|[+-]\d\d(?::?\d\d)?)?$/;

/** A time without an offset is UTC. */
function textTimeMs(text: string): number {
  if (/^\d{9,13}(\.\d{1,9})?$/.test(text)) return numberTimeMs(Number(text));
  const parts = timePattern.exec(text);
  if (parts === null) return Number.NaN;
  const [, date, clock, offset = "Z"] = parts;
  const digits = offset.replace(":", "");
  const zone = /^[Zz]$/.test(offset)
    ? "Z"
    : `${digits.slice(0, 3)}:${digits.length > 3 ? digits.slice(3) : "00"}`;
  return Date.parse(`${date}T${clock}${zone}`);
}

function numberTimeMs(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) return Number.NaN;
  // 10^11 s would be the year 5138; 10^11 ms is 1973.
  return Math.round(Math.abs(value) < 1e11 ? value * 1000 : value);
}
