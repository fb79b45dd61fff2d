/** The query string of GET /v1/topology. */
import { type EdgeFilter, edgeSources } from "../runtime/service-graph-view.ts";
import { type Fault, shown } from "./incident-refusals.ts";
import { readLimit, refuseUnknown } from "./query-parameters.ts";

export type GraphQuery = { filter: EdgeFilter; limit: number; after: string };

const limits = { default: 1_000, max: 5_000 };
const depthMax = 16;
const servicesMax = 50;
const valueCharsMax = 200;
const cursorCharsMax = 8_192;
const lists = ["service", "source"];
const singles = ["depth", "direction", "tenant", "environment", "limit", "cursor"];
const directions = ["upstream", "downstream", "both"] as const;

/** @returns the query, meaningful only when `faults` is empty. */
export function readGraphQuery(params: URLSearchParams): { query: GraphQuery; faults: Fault[] } {
  const faults: Fault[] = [];
  refuseUnknown(params, { lists, singles }, faults);
  const services = params.getAll("service");
  if (services.length > servicesMax || services.some((name) => !isValue(name))) {
    const expected = `at most ${servicesMax} names of 1 to ${valueCharsMax} characters`;
    faults.push({ name: "service", value: shown(services), expected });
  }
  const sources = params
    .getAll("source")
    .flatMap((value) => value.split(","))
    .map((value) => chosen("source", value, edgeSources, faults));
  const filter: EdgeFilter = {
    ...{ services, sources, depth: readDepth(params, faults) },
    direction: chosen("direction", params.get("direction") ?? "both", directions, faults),
  };
  for (const name of ["tenant", "environment"] as const) {
    const value = params.get(name);
    if (value === null) continue;
    filter[name] = value;
    if (isValue(value)) continue;
    const expected = `1 to ${valueCharsMax} characters`;
    faults.push({ name, value: shown(value), expected });
  }
  const limit = readLimit(params, limits, faults);
  return { query: { filter, limit, after: readCursor(params, faults) }, faults };
}

/** Continues behind the edge of this key. */
export const cursorOf = (key: string): string => Buffer.from(key).toString("base64url");

function readCursor(params: URLSearchParams, faults: Fault[]): string {
  const text = params.get("cursor") ?? "";
  if (text.length <= cursorCharsMax && /^[\w-]*$/.test(text)) {
    return Buffer.from(text, "base64url").toString();
  }
  faults.push({ name: "cursor", value: shown(text), expected: "next_cursor of the page before" });
  return "";
}

function readDepth(params: URLSearchParams, faults: Fault[]): number {
  const text = params.get("depth");
  if (text === null) return depthMax;
  const depth = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (depth >= 1 && depth <= depthMax) return depth;
  faults.push({ name: "depth", value: shown(text), expected: `a number from 1 to ${depthMax}` });
  return depthMax;
}

function chosen<T extends string>(
  name: string,
  value: string,
  choices: readonly [T, ...T[]],
  faults: Fault[],
): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  faults.push({ name, value: shown(value), expected: `one of ${choices.join(", ")}` });
  return choices[0];
}

const isValue = (text: string): boolean => text !== "" && text.length <= valueCharsMax;
