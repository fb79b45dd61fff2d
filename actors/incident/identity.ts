/**
 * What an alert's labels and annotations say about the incident it belongs to: whose it is,
 * what it is called, and by which key it is grouped. Several senders use several names for the
 * same thing; the first one present counts, and an empty value is an absent one.
 */
import type { AlertBody, Labels } from "../alert/events.ts";
import { clipped } from "./duration.ts";

const tenantLabels = ["tenant_id", "tenant"];
const environmentLabels = ["environment", "env"];
const serviceLabels = ["service", "service_name", "app", "job"];

/** Titles are for lists and subject lines; longer ones are cut. */
export const titleCharsMax = 300;
const descriptionCharsMax = 4_000;

/** The service of alerts that name none. */
export const unknownService = "unknown";

export type Identity = { tenant: string; environment: string; service: string };

export function identityOf(labels: Labels): Identity {
  return {
    tenant: firstPresent(labels, tenantLabels) || "default",
    environment: firstPresent(labels, environmentLabels) || "default",
    service: firstPresent(labels, serviceLabels) || unknownService,
  };
}

export function titleOf(body: AlertBody, service: string): string {
  const written = firstPresent(body.annotations, ["summary", "title"]);
  const title = written || `${labelOf(body.labels, "alertname") || "alert"} on ${service}`;
  return clipped(title, titleCharsMax);
}

export function descriptionOf(body: AlertBody): string {
  return clipped(firstPresent(body.annotations, ["description", "message"]), descriptionCharsMax);
}

/**
 * "dedup:<key>" or "alertname=HighLatency,service=checkout". Commas and backslashes in values
 * are escaped, so that no value can imitate another label.
 */
export function groupKeyOf(labels: Labels, dedupKey: string | null, groupBy: string[]): string {
  if (dedupKey !== null) return `dedup:${dedupKey}`;
  let key = "";
  for (const label of groupBy) {
    const value = labelOf(labels, label);
    const escaped = /[\\,]/.test(value) ? value.replace(/[\\,]/g, "\\$&") : value;
    key += `${key === "" ? "" : ","}${label}=${escaped}`;
  }
  return key;
}

/** Absent reads as ""; names like "constructor" find labels only, never what objects inherit. */
export function labelOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}

/** A copy with the keys in order: views show labels sorted, and sorting once is enough. */
export function sortedLabels(labels: Labels): Labels {
  const sorted: Labels = {};
  for (const name of Object.keys(labels).sort()) sorted[name] = labels[name] ?? "";
  return sorted;
}

function firstPresent(labels: Labels, names: string[]): string {
  for (const name of names) {
    const value = labelOf(labels, name);
    if (value !== "") return value;
  }
  return "";
}
