/**
 * Webhooks of Alertmanager (payload version 4) and of Grafana, which sends the same and more.
 * Their labels are the identity, so an alert that also comes from Prometheus directly is one
 * alert. A firing one has no end in them; it fires until they say that it is resolved. Pure.
 */
import type { RejectedAlert } from "../../runtime/services.ts";
import { fault } from "../alert-check.ts";
import {
  type Decoded,
  type JsonObject,
  type SenderPrincipal,
  type SentAlert,
  annotationText,
  decodeEach,
  endedAt,
  fieldOf,
  firingFrom,
  isObject,
  ownedLabels,
  readTime,
  textField,
  textMap,
} from "./sender.ts";

export type WebhookFlavour = "alertmanager" | "grafana";

export const webhookFaults = {
  notAlerts: "a webhook needs alerts, an array",
  notStatus: "status must be firing or resolved",
  otherTenant: "the key belongs to another tenant",
} as const;

/** Grafana's links and values of an alert, as annotations. */
const grafanaAnnotations: readonly (readonly [string, string])[] = [
  ["dashboardURL", "dashboard_url"],
  ["panelURL", "panel_url"],
  ["silenceURL", "silence_url"],
  ["imageURL", "image_url"],
];

/** @returns a sentence when the body is no such webhook at all. */
export function decodeWebhook(
  body: JsonObject,
  flavour: WebhookFlavour,
  principal: SenderPrincipal,
  nowMs: number,
): Decoded | string {
  const alerts = fieldOf(body, "alerts");
  if (!Array.isArray(alerts)) return webhookFaults.notAlerts;
  return decodeEach(alerts, (alert) => {
    const found = decodeAlert(alert, body, flavour, principal, nowMs);
    return "reason" in found ? found : [found];
  });
}

function decodeAlert(
  alert: unknown,
  body: JsonObject,
  flavour: WebhookFlavour,
  principal: SenderPrincipal,
  nowMs: number,
): SentAlert | Omit<RejectedAlert, "index"> {
  if (!isObject(alert)) return fault("an alert must be a JSON object", "", alert);
  const labels = textsOf(fieldOf(alert, "labels"));
  if (labels === null) {
    return fault("labels must be an object of strings", "labels", fieldOf(alert, "labels"));
  }
  const annotations = textsOf(fieldOf(alert, "annotations") ?? {});
  if (annotations === null) {
    const given = fieldOf(alert, "annotations");
    return fault("annotations must be an object of strings", "annotations", given);
  }
  const owned = ownedLabels(labels, principal);
  if (owned === null) return fault(webhookFaults.otherTenant, "labels.tenant_id", labels);
  const status = fieldOf(alert, "status") ?? fieldOf(body, "status");
  if (status !== "firing" && status !== "resolved") {
    return fault(webhookFaults.notStatus, "status", status);
  }
  const sent: SentAlert = {
    labels: owned,
    annotations: flavour === "grafana" ? withGrafana(annotations, alert) : annotations,
    ...times(alert, status, nowMs),
  };
  const generator = textField(alert, "generatorURL");
  if (generator !== "") sent.generatorURL = generator;
  return sent;
}

/**
 * A firing alert keeps its start and fires on. A resolved one ends when it says, but never later
 * than now, and then its start says nothing any more.
 */
function times(alert: JsonObject, status: string, nowMs: number): Partial<SentAlert> {
  if (status === "firing") {
    const startsAt = realTime(fieldOf(alert, "startsAt"));
    return { ...firingFrom(nowMs), ...(startsAt === null ? {} : { startsAt }) };
  }
  const end = realTime(fieldOf(alert, "endsAt"));
  const latest = endedAt(nowMs);
  return { endsAt: end === null || end > latest ? latest : end };
}

/** Go's zero time, 0001-01-01, means that there is none. */
function realTime(value: unknown): string | null {
  const time = readTime(value);
  return time === null || Date.parse(time) <= 0 ? null : time;
}

function withGrafana(
  annotations: Record<string, string>,
  alert: JsonObject,
): Record<string, string> {
  const more: [string, string][] = grafanaAnnotations.map(([field, name]) => [
    name,
    textField(alert, field),
  ]);
  const values = fieldOf(alert, "values");
  const shown = isObject(values) ? JSON.stringify(values) : textField(alert, "valueString");
  more.push(["values", annotationText(shown)]);
  // Grafana's own annotations, such as __value_string__, are for Grafana.
  const own = Object.entries(annotations).filter(([name]) => !name.startsWith("__"));
  return textMap([...more, ...own]);
}

/** @returns null unless it is an object of strings. */
function textsOf(value: unknown): Record<string, string> | null {
  if (!isObject(value)) return null;
  const entries = Object.entries(value);
  if (entries.some(([, text]) => typeof text !== "string")) return null;
  return textMap(entries as [string, string][]);
}
