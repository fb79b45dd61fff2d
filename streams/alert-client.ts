/**
 * Lists of firing alerts over all dedup partitions, in the order of their fingerprints. Every
 * partition answers for itself, with a little more than its share of a page; what all of them have
 * told completely is the page.
 */
import type { NatsConnection } from "@nats-io/nats-core";
import type { AlertPage, AlertQuery } from "../runtime/alert-list.ts";
import type { LabelFilter } from "../runtime/label-filter.ts";
import type { AlertLists, ListedAlerts } from "../runtime/services.ts";
import { answerOwned, askOwner } from "./owner-request.ts";
import { alertQuerySubject } from "./subjects.ts";

/** Times that all partitions are asked for one page; the page is short after that. */
const roundsMax = 3;
const shareMargin = 1.25;
const shareExtra = 4;

/** @param list null while the partition recovers. */
export function answerAlertQueries(
  connection: NatsConnection,
  partition: number,
  lists: () => { list(query: AlertQuery): AlertPage } | null,
): void {
  answerOwned(connection, alertQuerySubject(partition), lists, (stage, query: AlertQuery) =>
    stage.list(query),
  );
}

export class AlertClient implements AlertLists {
  private readonly connection: NatsConnection;
  private readonly partitions: number;

  constructor(connection: NatsConnection, partitions: number) {
    this.connection = connection;
    this.partitions = partitions;
  }

  async list(filters: LabelFilter[], limit: number, after: string): Promise<ListedAlerts> {
    const found: ListedAlerts = { items: [], cursor: after };
    for (let round = 0; round < roundsMax && found.cursor !== null; round += 1) {
      const missing = limit - found.items.length;
      if (missing === 0) break;
      const share = Math.ceil((missing * shareMargin) / this.partitions) + shareExtra;
      const query = { filters, limit: Math.min(missing, share), after: found.cursor };
      const { items, cursor } = joined(await this.askAll(query), missing);
      found.items.push(...items);
      found.cursor = cursor;
      // Filters let little through: another round would take as long and find as little.
      if (items.length < missing / 4) break;
    }
    return found;
  }

  private askAll(query: AlertQuery): Promise<AlertPage[]> {
    return Promise.all(
      Array.from({ length: this.partitions }, (_, partition) =>
        askOwner<AlertQuery, AlertPage>(
          this.connection,
          alertQuerySubject(partition),
          `dedup partition ${partition}`,
          query,
        ),
      ),
    );
  }
}

/** What no partition can add to any more, at most `limit` of it. */
export function joined(pages: AlertPage[], limit: number): ListedAlerts {
  const ends = pages.flatMap(({ upTo }) => (upTo === null ? [] : [upTo]));
  const upTo = ends.length === 0 ? null : ends.reduce((a, b) => (a < b ? a : b));
  const items = pages
    .flatMap((page) => page.items)
    .filter(({ fingerprint }) => upTo === null || fingerprint <= upTo)
    .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  const last = items[limit - 1];
  if (last === undefined || items.length === limit) return { items, cursor: upTo };
  return { items: items.slice(0, limit), cursor: last.fingerprint };
}
