/** Query parameters of Alertmanager's API v2, read as its own server reads them. */
import { parseMatchers } from "../../runtime/config/alertmanager/matcher-list.ts";
import type { Labels } from "../../actors/alert/events.ts";
import { lookupOf } from "../../actors/dispatch/routes.ts";
import { type CompiledMatcher, compileMatchers } from "../../actors/incident/matchers.ts";
import type { Matcher } from "../../actors/incident/types.ts";
import { type LabelFilter, labelFilter } from "../../runtime/label-filter.ts";
import { refusedExpression } from "../../runtime/linear-regexps.ts";
import { type HttpResponse, json } from "../http.ts";

/** What makes the request impossible; it becomes a 400 whose body is a JSON string. */
export class BadQuery extends Error {}

const matchersMax = 100;
const truths = new Set([
  ...["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"],
]);

/** Alertmanager's idea of a truth value: what is none of its words for true is false. */
export function readFlag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text === null || truths.has(text.toLowerCase());
}

/** @throws BadQuery that names the filter and what is wrong with it. */
export function readMatchers(query: URLSearchParams, name: string): Matcher[] {
  const matchers = query.getAll(name).flatMap((text) => {
    const parsed = parseMatchers(text);
    const bad = (why: string): BadQuery => new BadQuery(`bad matcher format: ${text}: ${why}`);
    if (parsed.kind === "error") throw bad(parsed.message);
    for (const matcher of parsed.matchers) {
      const refusal = refusedExpression(matcher);
      if (refusal !== null) throw bad(refusal);
    }
    return parsed.matchers;
  });
  if (matchers.length > matchersMax) {
    throw new BadQuery(`${name}: ${matchers.length} matchers, expected at most ${matchersMax}`);
  }
  return matchers;
}

/**
 * Whether any of the receivers is asked for: by the expression `receiver`, which its name must fit
 * as a whole, and by `receiver_matchers`, which its labels must fit; null: all are.
 */
export function readReceiver(
  query: URLSearchParams,
  labelsOf: (receiver: string) => Labels,
): ((names: readonly string[]) => boolean) | null {
  const byLabels = readMatchers(query, "receiver_matchers");
  const value = query.get("receiver") ?? "";
  if (value === "" && byLabels.length === 0) return null;
  const byName: Matcher = { label: "receiver", op: "=~", value };
  const refusal = refusedExpression(byName);
  if (refusal !== null) throw new BadQuery(`failed to parse receiver param: ${value}: ${refusal}`);
  const isNamed = compileMatchers(value === "" ? [] : [byName], "bounded");
  const holds = compileMatchers(byLabels, "bounded");
  return (names) =>
    names.some((name) => isNamed(() => name) && holds(lookupOf(labelsOf(name))));
}

/** The part of the matchers that the owners of alerts can filter by, and the rest. */
export function splitMatchers(matchers: Matcher[]): {
  filters: LabelFilter[];
  holds: CompiledMatcher;
} {
  const filters: LabelFilter[] = [];
  const rest: Matcher[] = [];
  for (const matcher of matchers) {
    const filter = labelFilter(matcher);
    if ("problem" in filter) rest.push(matcher);
    else filters.push(filter);
  }
  return { filters, holds: compileMatchers(rest, "bounded") };
}

/** Answers are not to be kept by anyone on the way. */
export function answer(status: number, value: unknown): HttpResponse {
  const response = json(status, value);
  return { ...response, headers: { ...response.headers, "cache-control": "no-store" } };
}
