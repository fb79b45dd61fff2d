/**
 * From the bytes that ingress accepted to what events carry. Only a change of an alert gets here;
 * repeats are told apart by hashes and never parsed.
 *
 * JSON can escape half of a surrogate pair, which UTF-8 cannot hold: once such a text has been in
 * the log or in a snapshot it is another one. So it reads as U+FFFD from here on, as the bytes that
 * a fingerprint is taken of have it.
 */
import type { AlertBody, Labels } from "../actors/alert/events.ts";

/** The domain part of an alert that has none of the labels. */
const absentValue = "default";

/**
 * Parses an alert in the native schema. Labels with an empty value count as absent.
 * @throws Error for what ingress never accepts: no JSON object, or a label that is no string.
 */
export function alertBody(payload: Uint8Array): AlertBody {
  const alert = parseObject(payload);
  const { generatorURL, dedup_key: dedupKey } = alert;
  return {
    labels: withoutEmpty(textMap(alert.labels, "labels")),
    annotations: textMap(alert.annotations, "annotations"),
    generatorURL: textOf(generatorURL, ""),
    dedupKey: textOf(dedupKey, "") || null,
  };
}

/** Parses the payload of a rejection record. @throws Error for what ingress never writes. */
export function rejectionBody(payload: Uint8Array): { reason: string; detail: string } {
  const { reason, detail } = parseObject(payload);
  return {
    reason: textOf(reason, "unknown"),
    detail: textOf(detail, ""),
  };
}

/**
 * The correlation domain of an alert: for each entry of `domainBy` the first of its labels that the
 * alert has, joined by "/". Distinct values give distinct domains: "/" and "%" inside are escaped.
 */
export function domainOf(labels: Labels, domainBy: string[][]): string {
  let domain = "";
  for (const synonyms of domainBy) {
    const part = domainPart(labels, synonyms);
    domain = domain === "" ? part : `${domain}/${part}`;
  }
  return domain === "" ? absentValue : domain;
}

function domainPart(labels: Labels, synonyms: string[]): string {
  for (const name of synonyms) {
    const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
    if (value === undefined || value === "") continue;
    if (!value.includes("/") && !value.includes("%")) return value;
    return value.replaceAll("%", "%25").replaceAll("/", "%2F");
  }
  return absentValue;
}

function parseObject(payload: Uint8Array): Record<string, unknown> {
  const { buffer, byteOffset, byteLength } = payload;
  const parsed: unknown = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString());
  if (!isObject(parsed)) throw new Error("the payload of an alert is not a JSON object");
  return parsed;
}

function textOf(value: unknown, absent: string): string {
  return typeof value === "string" ? value.toWellFormed() : absent;
}

function textMap(value: unknown, field: string): Labels {
  if (value === undefined || value === null) return {};
  if (!isTextMap(value)) throw new Error(`${field} of an alert is not an object of strings`);
  for (const name in value) {
    if (!name.isWellFormed() || !(value[name] as string).isWellFormed()) return wellFormed(value);
  }
  return value;
}

/** From entries, which keep a label named "__proto__". */
function wellFormed(texts: Labels): Labels {
  const entries = Object.entries(texts);
  return Object.fromEntries(entries.map(([name, text]) => [name.toWellFormed(), textOf(text, "")]));
}

/** In place: a copy by assignment would lose a label named "__proto__". */
function withoutEmpty(labels: Labels): Labels {
  for (const name in labels) if (labels[name] === "") delete labels[name];
  return labels;
}

function isTextMap(value: unknown): value is Labels {
  if (!isObject(value)) return false;
  for (const name in value) if (typeof value[name] !== "string") return false;
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
