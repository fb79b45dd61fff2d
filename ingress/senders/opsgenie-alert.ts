/**
 * Alerts as Opsgenie's API takes and shows them, and as they are here. Pure.
 *
 * An alias is unique per tenant of the key; it is the dedup key. An alert without one gets an id
 * as its alias, as there. What is too long is cut, as there; an alias, which is an identity, and
 * the message are refused.
 */
import { severityOf } from "../../actors/incident/severity.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import { cutChars, detailLabels, listText } from "./alert-details.ts";
import {
  type JsonObject,
  type SenderPrincipal,
  type SentAlert,
  annotationText,
  charCount,
  dedupKeyOf,
  fieldOf,
  firingFrom,
  heldUntil,
  isObject,
  keyLabels,
  labelText,
  textField,
  textMap,
  timeText,
} from "./sender.ts";
import { opsgeniePriorities, opsgeniePriorityDefault, priorityOf } from "./severity-words.ts";

/** Characters, but for `tagsMax`. */
export const opsgenieLimits = {
  messageMax: 130,
  aliasMax: 512,
  descriptionMax: 15_000,
  tagsMax: 20,
  tagMax: 50,
  detailsMax: 8_000,
  entityMax: 512,
  sourceMax: 100,
  userMax: 100,
  noteMax: 25_000,
} as const;

const limits = opsgenieLimits;
const keyPrefix = "opsgenie";

export type OpsgenieCreate = { alias: string; alert: SentAlert };

/** @param newAlias for an alert without one. @returns what is wrong, by field, instead. */
export function readCreate(
  body: JsonObject,
  principal: SenderPrincipal,
  newAlias: string,
  nowMs: number,
): OpsgenieCreate | { errors: Record<string, string> } {
  const errors: Record<string, string> = {};
  const message = readMessage(body, errors);
  const alias = textField(body, "alias") || newAlias;
  if (charCount(alias) > limits.aliasMax) {
    errors["alias"] = `Alias may have at most ${limits.aliasMax} characters.`;
  }
  const priority = readPriority(fieldOf(body, "priority") ?? opsgeniePriorityDefault, errors);
  const tags = readTags(fieldOf(body, "tags"), errors);
  const details = fieldOf(body, "details") ?? {};
  if (!isObject(details)) errors["details"] = "Details must be an object.";
  if (Object.keys(errors).length > 0) return { errors };
  const owner = keyLabels(principal);
  const own = new Map(detailLabels(details));
  const labels = textMap([
    ...own,
    ["alertname", labelText(isObject(details) ? textField(details, "alertname") : "")],
    ["entity", cutChars(textField(body, "entity"), limits.entityMax)],
    ["source", cutChars(textField(body, "source"), limits.sourceMax)],
    ["tags", tags.join(",")],
    ["team", labelText(teamOf(fieldOf(body, "responders") ?? fieldOf(body, "teams")))],
    ["service", principal.service ?? own.get("service") ?? ""],
    ...Object.entries(owner),
    ["severity", opsgeniePriorities[priority] ?? ""],
  ]);
  labels["alertname"] ??= "Opsgenie alert";
  const annotations = textMap([
    ["summary", message],
    ["description", cutChars(textField(body, "description"), limits.descriptionMax)],
    ["runbook_url", annotationText(isObject(details) ? textField(details, "runbook_url") : "")],
    ["details", Object.keys(details).length === 0 ? "" : annotationText(JSON.stringify(details))],
    ["actions", listText(fieldOf(body, "actions"))],
    ["responders", listText(fieldOf(body, "responders") ?? fieldOf(body, "teams"))],
    ["note", cutChars(textField(body, "note"), limits.noteMax)],
    ["user", cutChars(textField(body, "user"), limits.userMax)],
  ]);
  const dedup_key = opsgenieDedupKey(alias);
  // A long one is only a digest in the dedup key.
  if (!dedup_key.endsWith(alias)) annotations["alias"] = alias;
  const alert = { labels, annotations, ...firingFrom(nowMs), dedup_key };
  return { alias, alert };
}

/** Of an alias. */
export const opsgenieDedupKey = (alias: string): string => dedupKeyOf(keyPrefix, alias);

/** The message of a create or of an update; what is wrong with it goes to `errors`. */
export function readMessage(body: JsonObject, errors: Record<string, string>): string {
  const message = textField(body, "message");
  if (message.trim() === "") errors["message"] = "Message can not be empty.";
  else if (charCount(message) > limits.messageMax) {
    errors["message"] = `Message may have at most ${limits.messageMax} characters.`;
  }
  return message;
}

/** "P1" to "P5". */
export function readPriority(given: unknown, errors: Record<string, string>): string {
  if (typeof given === "string" && Object.hasOwn(opsgeniePriorities, given)) return given;
  const known = Object.keys(opsgeniePriorities).join(", ");
  errors["priority"] = `Priority must be one of ${known}.`;
  return opsgeniePriorityDefault;
}

export const isOpsgenie = ({ dedupKey }: ListedAlert): boolean =>
  dedupKey?.startsWith(`${keyPrefix}/`) === true;

/** The alert with other texts or labels, as the intake takes it. */
export function updated(
  alert: ListedAlert,
  change: { annotations?: Record<string, string>; labels?: Record<string, string> },
  nowMs: number,
): SentAlert {
  const sent: SentAlert = {
    labels: textMap(Object.entries({ ...alert.labels, ...change.labels })),
    annotations: textMap(Object.entries({ ...alert.annotations, ...change.annotations })),
    startsAt: timeText(alert.startsAtMs),
    endsAt: isOpsgenie(alert) ? heldUntil(nowMs) : timeText(alert.endsAtMs),
  };
  if (alert.generatorURL !== "") sent.generatorURL = alert.generatorURL;
  if (alert.dedupKey !== null) sent.dedup_key = alert.dedupKey;
  return sent;
}

/** Opsgenie's priority of any alert. */
export const alertPriority = ({ labels }: ListedAlert): string =>
  priorityOf(severityOf(labels["severity"] ?? ""));

export const alertMessage = ({ labels, annotations }: ListedAlert): string =>
  annotations["summary"] ?? annotations["message"] ?? labels["alertname"] ?? "";

/** The alias of any alert: where it came by another way, its dedup key or its id. */
export function alertAlias(alert: ListedAlert): string {
  const key = alert.dedupKey ?? alert.fingerprint;
  if (!isOpsgenie(alert)) return key;
  return alert.annotations["alias"] ?? key.slice(keyPrefix.length + 1);
}

export const alertTags = ({ labels }: ListedAlert): string[] =>
  (labels["tags"] ?? "").split(",").filter((tag) => tag !== "");

function readTags(given: unknown, errors: Record<string, string>): string[] {
  if (given === undefined || given === null) return [];
  // Older clients send them as one text.
  const tags: unknown[] = typeof given === "string" ? given.split(",") : [given].flat();
  if (tags.some((tag) => typeof tag !== "string")) {
    errors["tags"] = "Tags must be a list of strings.";
    return [];
  }
  return (tags as string[])
    .map((tag) => cutChars(tag.trim().replaceAll(",", " "), limits.tagMax))
    .filter((tag) => tag !== "")
    .slice(0, limits.tagsMax);
}

/** The first team that is named. */
function teamOf(responders: unknown): string {
  if (!Array.isArray(responders)) return "";
  for (const responder of responders.filter(isObject)) {
    const type = textField(responder, "type") || "team";
    if (type === "team") return textField(responder, "name") || textField(responder, "id");
  }
  return "";
}
