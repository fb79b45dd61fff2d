/**
 * Events of PagerDuty's Events API, versions 2 and 1, and what they mean here. Pure: a body goes
 * in, an event with its alert comes out, or PagerDuty's list of what is wrong with it.
 *
 * A key of the sender's is unique per routing key, whose digest stands before it in the dedup
 * key. So an acknowledge or a resolve, which has nothing but these two, finds its alert.
 */
import { severities, type Severity } from "../../actors/incident/types.ts";
import { cutChars, detailLabels, listText } from "./alert-details.ts";
import {
  type JsonObject,
  type SenderPrincipal,
  type SentAlert,
  annotationText,
  charCount,
  dedupKeyOf,
  endedAt,
  fieldOf,
  firingFrom,
  isObject,
  keyLabels,
  labelText,
  readTime,
  secretName,
  textField,
  textMap,
} from "./sender.ts";
import { pagerDutySeverities, pagerDutyV1Severity } from "./severity-words.ts";

export const pagerDutyLimits = {
  bodyBytesMax: 512 * 1024,
  routingKeyCharsMax: 255,
  dedupKeyCharsMax: 255,
  summaryCharsMax: 1024,
} as const;

export type PagerDutyAction = "trigger" | "acknowledge" | "resolve";

export type PagerDutyEvent = {
  action: PagerDutyAction;
  /** The secret of the request; never stored and never logged. */
  routingKey: string;
  /** As the sender knows it; null: it has none and gets a new one. */
  key: string | null;
  /** What an alert of a trigger says; empty for the other actions. */
  content: {
    severity: Severity;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    startsAt: string | null;
    generatorURL: string;
  };
};

export type PagerDutyReading =
  | { kind: "event"; event: PagerDutyEvent }
  | { kind: "refused"; errors: string[] };

const actions: readonly PagerDutyAction[] = ["trigger", "acknowledge", "resolve"];

/** @param headerKey the routing key of a request whose body has none; "": none. */
export function readEventV2(body: JsonObject, headerKey: string): PagerDutyReading {
  const errors: string[] = [];
  const routingKey = textField(body, "routing_key") || headerKey;
  const action = actions.find((known) => known === fieldOf(body, "event_action"));
  checkKey("routing_key", routingKey, errors);
  if (action === undefined) {
    errors.push(`'event_action' is invalid (must be one of ${actions.join(", ")})`);
  }
  const key = readKey(body, "dedup_key", action, errors);
  if (action !== "trigger") return finish(action, routingKey, key, noContent(), errors);
  const payload = fieldOf(body, "payload");
  if (!isObject(payload)) {
    errors.push("'payload' is missing or blank");
    return { kind: "refused", errors };
  }
  return finish(action, routingKey, key, contentV2(body, payload, errors), errors);
}

export function readEventV1(body: JsonObject): PagerDutyReading {
  const errors: string[] = [];
  const serviceKey = textField(body, "service_key");
  const action = actions.find((known) => known === fieldOf(body, "event_type"));
  checkKey("service_key", serviceKey, errors);
  if (action === undefined) {
    errors.push(`'event_type' is invalid (must be one of ${actions.join(", ")})`);
  }
  const key = readKey(body, "incident_key", action, errors);
  if (action !== "trigger") return finish(action, serviceKey, key, noContent(), errors);
  const summary = requiredText(body, "description", errors);
  const details = fieldOf(body, "details");
  const annotations = textMap([
    ["summary", cutChars(summary, pagerDutyLimits.summaryCharsMax)],
    ...detailAnnotations(details),
    ...clientAnnotations(body),
    ["contexts", listText(fieldOf(body, "contexts"))],
  ]);
  const content = {
    severity: pagerDutyV1Severity,
    labels: textMap([...detailLabels(details), ["alertname", "PagerDuty event"]]),
    annotations,
    startsAt: null,
    generatorURL: textField(body, "client_url"),
  };
  return finish(action, serviceKey, key, content, errors);
}

/** The dedup key under which the sender's `key` is known here. */
export function pagerDutyDedupKey(event: PagerDutyEvent, key: string): string {
  return dedupKeyOf(`pagerduty/${secretName(event.routingKey)}`, key);
}

/** @param key the event's own, or the new one that it got. */
export function pagerDutyAlert(
  event: PagerDutyEvent,
  key: string,
  principal: SenderPrincipal,
  nowMs: number,
): SentAlert {
  const dedup_key = pagerDutyDedupKey(event, key);
  const owner = keyLabels(principal);
  const { severity, labels, annotations, startsAt, generatorURL } = event.content;
  if (event.action !== "trigger") {
    const labelled = textMap([...Object.entries(owner), ["alertname", "PagerDuty event"]]);
    return { labels: labelled, endsAt: endedAt(nowMs), dedup_key };
  }
  const service = principal.service ?? labels["service"] ?? "";
  const alert: SentAlert = {
    labels: textMap([
      ...Object.entries(labels),
      ...Object.entries(owner),
      ["service", service],
      ["severity", severity],
    ]),
    annotations,
    ...firingFrom(nowMs),
    dedup_key,
  };
  if (startsAt !== null) alert.startsAt = startsAt;
  if (generatorURL !== "") alert.generatorURL = generatorURL;
  return alert;
}

type Content = PagerDutyEvent["content"];

function contentV2(body: JsonObject, payload: JsonObject, errors: string[]): Content {
  const summary = requiredText(payload, "summary", errors, "payload.");
  const source = requiredText(payload, "source", errors, "payload.");
  const word = textField(payload, "severity").toLowerCase();
  const severity = Object.hasOwn(pagerDutySeverities, word) ? pagerDutySeverities[word] : undefined;
  if (severity === undefined) {
    const known = Object.keys(pagerDutySeverities).join(", ");
    errors.push(`'payload.severity' is invalid (must be one of ${known})`);
  }
  const details = fieldOf(payload, "custom_details");
  const component = textField(payload, "component");
  const labels: [string, string][] = [
    ["service", component],
    ...detailLabels(details),
    ["alertname", textField(payload, "class") || "PagerDuty event"],
    ["source", source],
    ["component", component],
    ["group", textField(payload, "group")],
    ["class", textField(payload, "class")],
  ];
  return {
    severity: severity ?? severities[0],
    labels: textMap(labels.map(([name, text]) => [name, labelText(text)])),
    annotations: textMap([
      ["summary", cutChars(summary, pagerDutyLimits.summaryCharsMax)],
      ...detailAnnotations(details),
      ...clientAnnotations(body),
      ["links", listText(fieldOf(body, "links"))],
      ["images", listText(fieldOf(body, "images"))],
    ]),
    startsAt: readStart(payload, errors),
    generatorURL: textField(body, "client_url"),
  };
}

function readStart(payload: JsonObject, errors: string[]): string | null {
  const given = fieldOf(payload, "timestamp");
  if (given === undefined || given === null || given === "") return null;
  const time = readTime(given);
  if (time === null) errors.push("'payload.timestamp' is invalid (must be an ISO 8601 time)");
  return time;
}

function detailAnnotations(details: unknown): [string, string][] {
  if (typeof details === "string") return [["description", annotationText(details)]];
  if (!isObject(details)) return [];
  const description = textField(details, "description") || textField(details, "message");
  return [
    ["description", annotationText(description)],
    ["runbook_url", annotationText(textField(details, "runbook_url"))],
    ["custom_details", annotationText(JSON.stringify(details))],
  ];
}

function clientAnnotations(body: JsonObject): [string, string][] {
  return ["client", "client_url"].map((name) => [name, annotationText(textField(body, name))]);
}

function requiredText(
  object: JsonObject,
  name: string,
  errors: string[],
  place = "",
): string {
  const text = textField(object, name);
  if (text.trim() === "") errors.push(`'${place}${name}' is missing or blank`);
  return text;
}

function checkKey(name: string, key: string, errors: string[]): void {
  const max = pagerDutyLimits.routingKeyCharsMax;
  if (key === "") errors.push(`'${name}' is missing or blank`);
  else if (key.length > max) errors.push(`Length of '${name}' is incorrect (at most ${max})`);
}

/** Null where a trigger has none: it gets a new one. */
function readKey(
  body: JsonObject,
  name: string,
  action: PagerDutyAction | undefined,
  errors: string[],
): string | null {
  const key = textField(body, name);
  const max = pagerDutyLimits.dedupKeyCharsMax;
  if (charCount(key) > max) errors.push(`'${name}' is too long (at most ${max} characters)`);
  if (key !== "") return key;
  const given = fieldOf(body, name);
  if (given !== undefined && given !== null && given !== "") {
    errors.push(`'${name}' must be a string`);
  } else if (action !== undefined && action !== "trigger") {
    errors.push(`'${name}' is missing or blank (${action} needs it)`);
  }
  return null;
}

function finish(
  action: PagerDutyAction | undefined,
  routingKey: string,
  key: string | null,
  content: Content,
  errors: string[],
): PagerDutyReading {
  if (errors.length > 0 || action === undefined) return { kind: "refused", errors };
  return { kind: "event", event: { action, routingKey, key, content } };
}

function noContent(): Content {
  return { severity: "info", labels: {}, annotations: {}, startsAt: null, generatorURL: "" };
}
