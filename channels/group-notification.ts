/** Reads a GroupNotification back from the outbox, refusing what others may have put there. */
import type { GroupNotification } from "../actors/dispatch/types.ts";

/** @throws Error naming the first field that is wrong, and what it holds. */
export function decodeGroupNotification(value: unknown): GroupNotification {
  const item = record(value, "group notification");
  if (item["kind"] !== "group") throw wrong("kind", item["kind"], '"group"');
  for (const field of ["id", "receiver", "groupKey", "reason"]) text(item[field], field);
  const integration = record(item["integration"], "integration");
  text(integration["kind"], "integration.kind");
  if (!Number.isSafeInteger(integration["index"]) || (integration["index"] as number) < 0) {
    throw wrong("integration.index", integration["index"], "a position from 0");
  }
  labels(item["groupLabels"], "groupLabels");
  status(item["status"], "status");
  time(item["atMs"], "atMs");
  const { alerts } = item;
  if (!Array.isArray(alerts)) throw wrong("alerts", alerts, "a list");
  if (alerts.length === 0) throw wrong("alerts", alerts, "at least one alert");
  alerts.forEach((alert: unknown, i) => checkAlert(alert, `alerts[${i}]`));
  const { truncatedAlerts: truncated = 0 } = item;
  if (!Number.isSafeInteger(truncated) || (truncated as number) < 0) {
    throw wrong("truncatedAlerts", truncated, "a number from 0");
  }
  return value as GroupNotification;
}

function checkAlert(value: unknown, name: string): void {
  const alert = record(value, name);
  const { fingerprint } = alert;
  if (typeof fingerprint !== "string" || !/^[0-9a-f]{16}$/.test(fingerprint)) {
    throw wrong(`${name}.fingerprint`, fingerprint, "16 hexadecimal digits");
  }
  status(alert["status"], `${name}.status`);
  labels(alert["labels"], `${name}.labels`);
  labels(alert["annotations"], `${name}.annotations`);
  time(alert["startsAtMs"], `${name}.startsAtMs`);
  if (alert["endsAtMs"] !== null) time(alert["endsAtMs"], `${name}.endsAtMs`);
  text(alert["generatorURL"], `${name}.generatorURL`);
  const { isNew } = alert;
  if (typeof isNew !== "boolean") throw wrong(`${name}.isNew`, isNew, "true or false");
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrong(name, value, "an object");
}

function labels(value: unknown, name: string): void {
  for (const [key, entry] of Object.entries(record(value, name))) text(entry, `${name}.${key}`);
}

function text(value: unknown, name: string): void {
  if (typeof value !== "string") throw wrong(name, value, "a text");
}

function status(value: unknown, name: string): void {
  if (value !== "firing" && value !== "resolved") throw wrong(name, value, "firing or resolved");
}

/** What a Date can hold. */
const timeMsMax = 8_640_000_000_000_000;

function time(value: unknown, name: string): void {
  if (typeof value === "number" && Math.abs(value) <= timeMsMax) return;
  throw wrong(name, value, "a time in ms");
}

const shownCharsMax = 60;

function wrong(name: string, value: unknown, expected: string): Error {
  const shown = JSON.stringify(value) ?? String(value);
  return new Error(`${name}: got ${shown.slice(0, shownCharsMax)}, expected ${expected}`);
}
