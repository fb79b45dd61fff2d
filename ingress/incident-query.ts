/** The query string of GET /v1/incidents. */
import { incidentStatuses, severities } from "../actors/incident/types.ts";
import type { IncidentFilter } from "../runtime/services.ts";
import { shown } from "./incident-refusals.ts";
import type { Fault } from "./incident-refusals.ts";
import { readLimit, refuseUnknown } from "./query-parameters.ts";

export type IncidentQuery = { filter: IncidentFilter; limit: number; cursor: string | null };

const limits = { default: 50, max: 500 };
const listValuesMax = 50;
const valueMax = 200;
const cursorMax = 1_024;

const lists = ["status", "severity", "service", "tenant"];
const singles = ["q", "created_after", "created_before", "limit", "cursor"];

/** @returns the query, meaningful only when `faults` is empty. */
export function readIncidentQuery(params: URLSearchParams): {
  query: IncidentQuery;
  faults: Fault[];
} {
  const faults: Fault[] = [];
  refuseUnknown(params, { lists, singles }, faults);
  const statuses = choices(params, "status", ["open", "all", ...incidentStatuses], faults);
  const query: IncidentQuery = {
    filter: {
      statuses: statuses.includes("all") ? [] : statuses.filter((status) => status !== "all"),
      severities: choices(params, "severity", severities, faults),
      services: list(params, "service", faults),
      tenants: list(params, "tenant", faults),
      text: single(params, "q", valueMax, faults) ?? "",
      createdFromMs: time(params, "created_after", faults),
      createdBeforeMs: time(params, "created_before", faults),
    },
    limit: readLimit(params, limits, faults),
    cursor: single(params, "cursor", cursorMax, faults),
  };
  return { query, faults };
}

/** The query string of GET /v1/incidents/{id}/members. */
export function readMembersQuery(params: URLSearchParams): {
  from: number;
  limit: number;
  faults: Fault[];
} {
  const faults: Fault[] = [];
  refuseUnknown(params, { lists: [], singles: ["limit", "cursor"] }, faults);
  const cursor = single(params, "cursor", cursorMax, faults) ?? "0";
  if (!/^\d{1,9}$/.test(cursor)) {
    faults.push({ name: "cursor", value: shown(cursor), expected: "next_cursor of a page before" });
  }
  return { from: Number(cursor), limit: readLimit(params, limits, faults), faults };
}

/** Values of a parameter that may be repeated and may hold several, separated by commas. */
function list(params: URLSearchParams, name: string, faults: Fault[]): string[] {
  const values = params.getAll(name).flatMap((value) => value.split(","));
  if (values.length > listValuesMax) {
    const value = `${values.length} values`;
    faults.push({ name, value, expected: `at most ${listValuesMax} values` });
    return [];
  }
  for (const value of values) {
    if (value !== "" && value.length <= valueMax) continue;
    faults.push({ name, value: shown(value), expected: `a value of 1 to ${valueMax} characters` });
  }
  return values;
}

function choices<T extends string>(
  params: URLSearchParams,
  name: string,
  allowed: readonly T[],
  faults: Fault[],
): T[] {
  const found: T[] = [];
  for (const value of list(params, name, faults)) {
    const choice = allowed.find((candidate) => candidate === value);
    if (choice !== undefined) found.push(choice);
    else faults.push({ name, value: shown(value), expected: `one of ${allowed.join(", ")}` });
  }
  return found;
}

function single(
  params: URLSearchParams,
  name: string,
  max: number,
  faults: Fault[],
): string | null {
  const value = params.get(name);
  if (value === null) return null;
  if (value !== "" && value.length <= max) return value;
  faults.push({ name, value: shown(value), expected: `1 to ${max} characters` });
  return null;
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

function time(params: URLSearchParams, name: string, faults: Fault[]): number | null {
  const text = params.get(name);
  if (text === null) return null;
  // A "+" that was not percent-encoded arrives as a blank; only an offset can have one.
  const candidate = text.replace(" ", "+");
  const ms = rfc3339.test(candidate) ? Date.parse(candidate.toUpperCase()) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  const expected = "a time in RFC 3339, such as 2026-01-31T08:00:00Z";
  faults.push({ name, value: shown(text), expected });
  return null;
}
