/** Reads a Notification back from the outbox, refusing what other programs may have put there. */
import type { Notification } from "../actors/incident/types.ts";

/** @throws Error naming the first field that is wrong. */
export function decodeNotification(value: unknown): Notification {
  const item = record(value, "notification");
  const incident = record(item["incident"], "incident");
  for (const field of ["id", "receiver", "reason"]) text(item[field], field);
  for (const field of ["id", "status", "severity", "title"]) {
    text(incident[field], `incident.${field}`);
  }
  for (const field of ["level", "atMs"]) {
    if (typeof item[field] !== "number") throw new Error(`${field}: expected a number`);
  }
  return value as Notification;
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new Error(`${name}: expected an object`);
}

function text(value: unknown, name: string): void {
  if (typeof value !== "string") throw new Error(`${name}: expected a text`);
}
