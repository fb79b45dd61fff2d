/**
 * GET /v1/alerts: the alerts that fire now, page by page, in the order of their fingerprints. As
 * with incidents, whatever is not understood is refused rather than ignored.
 */
import { parseMatcher } from "../runtime/config/matcher-text.ts";
import type { ListedAlert } from "../runtime/alert-list.ts";
import { type LabelFilter, labelFilter } from "../runtime/label-filter.ts";
import type { AlertLists } from "../runtime/services.ts";
import { type HttpRequest, type HttpResponse, type Route, json } from "./http.ts";
import { type Fault, answering, refuse, shown } from "./incident-refusals.ts";
import { readLimit, refuseUnknown } from "./query-parameters.ts";

const limits = { default: 100, max: 1_000 };
const filtersMax = 20;
const parameters = { lists: ["filter"], singles: ["limit", "cursor"] };
const cursorPattern = /^[0-9a-f]{16}$/;

export function registerAlertLists(route: Route, deps: { alerts: AlertLists }): void {
  route("GET", "/v1/alerts", (request) => answering(() => listed(request, deps.alerts)));
}

async function listed({ query }: HttpRequest, alerts: AlertLists): Promise<HttpResponse> {
  const faults: Fault[] = [];
  refuseUnknown(query, parameters, faults);
  const filters = readFilters(query.getAll("filter"), faults);
  const limit = readLimit(query, limits, faults);
  const cursor = query.get("cursor") ?? "";
  if (cursor !== "" && !cursorPattern.test(cursor)) {
    const expected = "the next_cursor of a page before";
    faults.push({ name: "cursor", value: shown(cursor), expected });
  }
  if (faults.length > 0) return refuse("parameter", faults);
  const page = await alerts.list(filters, limit, cursor);
  return json(200, { items: page.items.map(viewOf), next_cursor: page.cursor });
}

function readFilters(texts: string[], faults: Fault[]): LabelFilter[] {
  if (texts.length > filtersMax) {
    const expected = `at most ${filtersMax} filters`;
    faults.push({ name: "filter", value: `${texts.length} filters`, expected });
    return [];
  }
  return texts.flatMap((text) => {
    const matcher = parseMatcher(text);
    const filter = "problem" in matcher ? matcher : labelFilter(matcher);
    if (!("problem" in filter)) return [filter];
    const expected = filter.problem.replace(/^.*expected /, "");
    faults.push({ name: "filter", value: shown(text), expected });
    return [];
  });
}

/** Alertmanager's names where it has them. */
function viewOf(alert: ListedAlert): object {
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    fingerprint: alert.fingerprint,
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: time(alert.startsAtMs),
    endsAt: time(alert.endsAtMs),
    updatedAt: time(alert.updatedAtMs),
    generatorURL: alert.generatorURL,
    ...(alert.dedupKey === null ? {} : { dedup_key: alert.dedupKey }),
    domain: alert.domain,
    received: alert.received,
  };
}
