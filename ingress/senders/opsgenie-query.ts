/**
 * The part of Opsgenie's search that is understood: terms `field: value` joined by AND, of the
 * fields below. Whatever else is asked for is refused, since a list that ignores half of a query
 * is not the list that was asked for. Pure.
 */
import type { ListedAlert } from "../../runtime/alert-list.ts";
import type { LabelFilter } from "../../runtime/label-filter.ts";
import { alertAlias, alertMessage, alertPriority, alertTags } from "./opsgenie-alert.ts";

export type OpsgenieQuery = {
  /** What the list can select by itself. */
  filters: LabelFilter[];
  matches(alert: ListedAlert): boolean;
};

type Test = (alert: ListedAlert, value: string) => boolean;

const same = (a: string | undefined, b: string): boolean =>
  (a ?? "").toLowerCase() === b.toLowerCase();

const fields: Record<string, Test> = {
  status: () => true,
  alias: (alert, value) => alertAlias(alert) === value,
  tag: (alert, value) => alertTags(alert).some((tag) => same(tag, value)),
  priority: (alert, value) => same(alertPriority(alert), value),
  message: (alert, value) =>
    alertMessage(alert).toLowerCase().includes(value.toLowerCase().replace(/\*$/, "")),
  entity: ({ labels }, value) => labels["entity"] === value,
  source: ({ labels }, value) => labels["source"] === value,
};
const fieldNames: Record<string, string> = { tags: "tag", ...keysOf(fields) };
const queryMax = 1_000;
const term = /\s*(?:(and)\s+)?([A-Za-z]+)\s*[:=]\s*(?:"([^"]*)"|([^\s"()]+))\s*/iy;

/** @returns a sentence for a query that is not understood. */
export function parseOpsgenieQuery(text: string): OpsgenieQuery | string {
  if (text.length > queryMax) return `query may have at most ${queryMax} characters`;
  const tests: { field: string; value: string }[] = [];
  term.lastIndex = 0;
  for (let at = 0; at < text.trimEnd().length; at = term.lastIndex) {
    term.lastIndex = at;
    const found = term.exec(text);
    if (found === null || (tests.length > 0) !== (found[1] !== undefined)) {
      return `query is not understood at "${text.slice(at, at + 40)}"; ${help}`;
    }
    const name = (found[2] ?? "").toLowerCase();
    const field = Object.hasOwn(fieldNames, name) ? fieldNames[name] : undefined;
    const value = found[3] ?? found[4] ?? "";
    if (field === undefined) return `query by "${name}" is not supported; ${help}`;
    if (field === "status" && value !== "open") {
      return `query by status "${value}" is not supported; alerts that are over are not kept in ` +
        "this list, see GET /v1/incidents";
    }
    tests.push({ field, value });
  }
  return {
    filters: tests.flatMap(({ field, value }) =>
      field === "entity" || field === "source" ? [equals(field, value)] : [],
    ),
    matches: (alert) => tests.every(({ field, value }) => fields[field]?.(alert, value)),
  };
}

const help =
  'understood are terms "field: value" joined by AND, with ' + Object.keys(fields).join(", ");

function equals(label: string, text: string): LabelFilter {
  return { label, negated: false, alternatives: [{ text, before: null, after: null }] };
}

function keysOf(map: object): Record<string, string> {
  return Object.fromEntries(Object.keys(map).map((key) => [key, key]));
}
