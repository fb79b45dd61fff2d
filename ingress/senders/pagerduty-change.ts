/**
 * Change events (deploys, flags, configuration) of PagerDuty's API. They page nobody: a change is
 * a note on the incidents of its service that are open, where people look for the cause. Pure.
 */
import {
  type JsonObject,
  cutText,
  fieldOf,
  isObject,
  readTime,
  textField,
} from "./sender.ts";

export type ChangeReading =
  | { kind: "change"; routingKey: string; service: string | null; note: string }
  | { kind: "refused"; errors: string[] };

/** What a note of an incident keeps. */
const noteBytesMax = 4_000;
const linksMax = 10;

export function readChange(body: JsonObject, headerKey: string): ChangeReading {
  const errors: string[] = [];
  const routingKey = textField(body, "routing_key") || headerKey;
  if (routingKey === "") errors.push("'routing_key' is missing or blank");
  const payload = fieldOf(body, "payload");
  if (!isObject(payload)) {
    errors.push("'payload' is missing or blank");
    return { kind: "refused", errors };
  }
  const summary = textField(payload, "summary");
  if (summary.trim() === "") errors.push("'payload.summary' is missing or blank");
  const given = fieldOf(payload, "timestamp");
  const time = given === undefined || given === null ? "" : readTime(given);
  if (time === null) errors.push("'payload.timestamp' is invalid (must be an ISO 8601 time)");
  if (errors.length > 0) return { kind: "refused", errors };
  const details = fieldOf(payload, "custom_details");
  const service = isObject(details) ? textField(details, "service") : "";
  return {
    kind: "change",
    routingKey,
    service: service === "" ? null : service,
    note: noteOf(summary, time ?? "", textField(payload, "source"), fieldOf(body, "links")),
  };
}

function noteOf(summary: string, time: string, source: string, links: unknown): string {
  const facts = [source === "" ? "" : `from ${source}`, time === "" ? "" : `at ${time}`];
  const known = facts.filter((fact) => fact !== "").join(" ");
  const hrefs = Array.isArray(links)
    ? links.filter(isObject).map((link) => textField(link, "href"))
    : [];
  const shown = hrefs.filter((href) => href !== "").slice(0, linksMax);
  const lines = [`Change: ${summary}${known === "" ? "" : ` (${known})`}`, ...shown];
  return cutText(lines.join("\n"), noteBytesMax);
}
