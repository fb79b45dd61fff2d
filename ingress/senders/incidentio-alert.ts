/**
 * Alert events as incident.io's HTTP alert sources take them. Pure. An alert is known by its
 * source (the last part of the path) and its deduplication key.
 */
import { severityOf } from "../../actors/incident/severity.ts";
import { cutChars, detailLabels } from "./alert-details.ts";
import {
  type JsonObject,
  type SenderPrincipal,
  type SentAlert,
  annotationText,
  dedupKeyOf,
  endedAt,
  fieldOf,
  firingFrom,
  isObject,
  keyLabels,
  labelText,
  textField,
  textMap,
} from "./sender.ts";

export type IncidentIoFault = { field: string; code: string; message: string };
export type IncidentIoReading =
  | { kind: "event"; key: string; alert: SentAlert }
  | { kind: "refused"; faults: IncidentIoFault[] };

const limits = { titleMax: 1_024, keyMax: 1_024 };
const statuses = ["firing", "resolved"];

/** @param newKey for an event that fires without a key. */
export function readIncidentIo(
  body: JsonObject,
  source: string,
  principal: SenderPrincipal,
  newKey: string,
  nowMs: number,
): IncidentIoReading {
  const faults: IncidentIoFault[] = [];
  const title = textField(body, "title");
  const status = fieldOf(body, "status");
  const own = textField(body, "deduplication_key");
  const metadata = fieldOf(body, "metadata") ?? {};
  const miss = (field: string): void => {
    faults.push({ field, code: "is_required", message: `${field} is required` });
  };
  const reject = (field: string, expected: string): void => {
    faults.push({ field, code: "invalid_value", message: `${field} must be ${expected}` });
  };
  if (title.trim() === "") miss("title");
  if (status === undefined) miss("status");
  else if (!statuses.some((known) => known === status)) reject("status", statuses.join(" or "));
  if (own.length > limits.keyMax) {
    reject("deduplication_key", `at most ${limits.keyMax} characters`);
  } else if (own === "" && status === "resolved") miss("deduplication_key");
  if (!isObject(metadata)) reject("metadata", "an object");
  if (faults.length > 0 || !isObject(metadata)) return { kind: "refused", faults };
  const key = own || newKey;
  const dedup_key = dedupKeyOf(`incidentio/${source}`, key);
  const labels = labelsOf(metadata, source, principal);
  if (status === "resolved") {
    return { kind: "event", key, alert: { labels, endsAt: endedAt(nowMs), dedup_key } };
  }
  const alert: SentAlert = {
    labels,
    annotations: textMap([
      ["summary", cutChars(title, limits.titleMax)],
      ["description", annotationText(textField(body, "description"))],
      ["runbook_url", annotationText(textField(metadata, "runbook_url"))],
      ["metadata", Object.keys(metadata).length === 0 ? "" : shown(metadata)],
    ]),
    ...firingFrom(nowMs),
    dedup_key,
  };
  const url = textField(body, "source_url");
  if (url !== "") alert.generatorURL = url;
  return { kind: "event", key, alert };
}

function labelsOf(
  metadata: JsonObject,
  source: string,
  principal: SenderPrincipal,
): Record<string, string> {
  const own = new Map(detailLabels(metadata));
  const word = textField(metadata, "severity") || textField(metadata, "priority");
  return textMap([
    ["alertname", labelText(textField(metadata, "alertname") || "incident.io alert")],
    ...own,
    ["alert_source", labelText(source)],
    ["service", principal.service ?? own.get("service") ?? ""],
    ...Object.entries(keyLabels(principal)),
    ["severity", word === "" ? "" : severityOf(word)],
  ]);
}

const shown = (metadata: JsonObject): string => annotationText(JSON.stringify(metadata));
