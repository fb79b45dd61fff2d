/**
 * From CloudEvents to alerts of the native schema. Data that has "labels", or is an array, is
 * taken as native alerts. Any other object (or no data) becomes one alert:
 *
 *   labels       alertname = type, ce_source = source, ce_subject = subject, and those of
 *                `labelFields` that are strings in the data
 *   annotations  those of `annotationFields` that are strings in the data
 *   startsAt     the data's startsAt, else the event's time
 *   endsAt       the data's endsAt; the start, when the data's status is "resolved"
 *   dedup_key, generatorURL   the data's
 */
import { type Fault, fault, faultReasons } from "./alert-check.ts";
import { type Decoded, decodeEach } from "./senders/sender.ts";

export const labelFields = [
  "service",
  "severity",
  "environment",
  "tenant_id",
  "tenant",
  "model",
  "region",
  "cluster",
  "namespace",
  "instance",
];
export const annotationFields = ["summary", "description", "message", "runbook_url"];

type Fields = Record<string, unknown>;

/** @param events as parsed JSON, in the form of the structured mode. */
export function alertsOfEvents(events: unknown[]): Decoded<unknown> {
  return decodeEach(events, alertsOfEvent);
}

function alertsOfEvent(event: unknown): unknown[] | Fault {
  if (!isFields(event)) return fault(faultReasons.notEvent, "", event);
  if (event["specversion"] !== "1.0") {
    return fault(faultReasons.notEvent, "specversion", event["specversion"]);
  }
  for (const name of ["id", "source", "type"]) {
    const value = event[name];
    if (typeof value !== "string" || value === "") return fault(faultReasons.notEvent, name, value);
  }
  const contentType = event["datacontenttype"];
  if (contentType !== undefined && contentType !== null && !isJsonType(contentType)) {
    return fault(faultReasons.notEventData, "datacontenttype", contentType);
  }
  const data = dataOf(event);
  if (data === undefined || data === null) return [alertOf(event, {})];
  if (Array.isArray(data)) return data;
  if (!isFields(data)) return fault(faultReasons.notEventData, "data", data);
  return [Object.hasOwn(data, "labels") ? data : alertOf(event, data)];
}

/** data_base64 is read as JSON text; what is not becomes a string, which is no alert. */
function dataOf(event: Fields): unknown {
  const encoded = event["data_base64"];
  if (typeof encoded !== "string") return event["data"];
  const text = Buffer.from(encoded, "base64").toString();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function alertOf(event: Fields, data: Fields): Fields {
  const labels: Fields = { alertname: event["type"], ce_source: event["source"] };
  if (typeof event["subject"] === "string") labels["ce_subject"] = event["subject"];
  const annotations: Fields = {};
  copyTexts(labelFields, data, labels);
  copyTexts(annotationFields, data, annotations);
  const startsAt = data["startsAt"] ?? event["time"];
  const ended = data["status"] === "resolved" ? (event["time"] ?? startsAt) : undefined;
  return {
    labels,
    annotations,
    startsAt,
    endsAt: data["endsAt"] ?? ended,
    generatorURL: data["generatorURL"],
    dedup_key: data["dedup_key"],
  };
}

function copyTexts(names: string[], from: Fields, to: Fields): void {
  for (const name of names) {
    if (typeof from[name] === "string") to[name] = from[name];
  }
}

export function isJsonType(contentType: unknown): boolean {
  if (typeof contentType !== "string") return false;
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  return type === "application/json" || type === "text/json" || type.endsWith("+json");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
