/**
 * Three answers to "is this the same alert", from the strictest to the widest:
 *
 *   strict       the same labels (or the sender's own key): one alert and its repeats
 *   fuzzy        the same kind of trouble in the same family of services, about as bad, at about
 *                the same time: what several rules, replicas or regions say of one thing
 *   correlation  the same place in the service graph, the same pattern of kinds and the same
 *                customers: what belongs to one outage
 *
 * The fuzzy and the correlation one are texts that people can read, not hashes. Separators inside
 * values are escaped, so that no value can imitate another set. Tenants are not part of them
 * unless they are given as customers: an index keeps its tenants apart.
 */
import type { Labels } from "../alert/events.ts";
import type { Severity } from "../incident/types.ts";
import type { MetricCategory } from "./metric-category.ts";
import { serviceFamilyOf } from "./service-family.ts";

/** The hash of identities that ingress computes when an alert comes in. */
export type IdentityHash = (
  labels: Labels,
  dedupKey: string | null,
) => { high: number; low: number };

/** 16 lower-case hexadecimal digits: the fingerprint that alert events carry. */
export function strictFingerprint(
  labels: Labels,
  dedupKey: string | null,
  hash: IdentityHash,
): string {
  const { high, low } = hash(labels, dedupKey);
  return hexOf(high) + hexOf(low);
}

export type FuzzyInput = {
  service: string;
  category: MetricCategory;
  severity: Severity;
  atMs: number;
};

/** `previous`: of the bucket before, so that a bucket's end parts nothing that belongs together. */
export type FuzzyFingerprint = { key: string; previous: string };

/**
 * "checkout|latency|urgent|123": family, category, range of severities, number of the time bucket.
 * Two alerts are alike if the key of one is the key or the previous key of the other.
 * @param bucketMs above 0
 */
export function fuzzyFingerprint(input: FuzzyInput, bucketMs: number): FuzzyFingerprint {
  const { service, category, severity, atMs } = input;
  const kind = joined([serviceFamilyOf(service), category, severityRangeOf(severity)]);
  const bucket = Math.floor(atMs / bucketMs);
  return { key: `${kind}|${bucket}`, previous: `${kind}|${bucket - 1}` };
}

export type SeverityRange = "urgent" | "soon" | "note";

/** Rules for one trouble rarely agree on a severity, but mostly on the range. */
export function severityRangeOf(severity: Severity): SeverityRange {
  if (severity === "critical" || severity === "high") return "urgent";
  return severity === "medium" ? "soon" : "note";
}

export type CorrelationInput = {
  /** Services from the root to where it is seen; the root alone if the way is not known. */
  path: readonly string[];
  /** Kinds of the alerts, in any order, with repeats. */
  categories: readonly MetricCategory[];
  /** Affected tenants or customers; in any order, with repeats. */
  customers: readonly string[];
};

/** Customers that a fingerprint names; of more, it says how many. */
export const customersNamedMax = 8;
/** Services of a path, from its root. */
export const pathServicesMax = 8;

/** "postgres>checkout|errors+latency|acme,globex", each list in order and without repeats. */
export function correlationFingerprint(input: CorrelationInput): string {
  const path = input.path.slice(0, pathServicesMax).map(serviceFamilyOf);
  const customers = inOrder(input.customers);
  const named = customers.length <= customersNamedMax;
  return [
    path.map(escaped).join(">"),
    inOrder(input.categories).join("+"),
    named ? customers.map(escaped).join(",") : `${customers.length} customers`,
  ].join("|");
}

function inOrder(values: readonly string[]): string[] {
  return [...new Set(values)].filter((value) => value !== "").sort();
}

function joined(parts: string[]): string {
  return parts.map(escaped).join("|");
}

function escaped(value: string): string {
  return /[\\|>,]/.test(value) ? value.replace(/[\\|>,]/g, "\\$&") : value;
}

function hexOf(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}
