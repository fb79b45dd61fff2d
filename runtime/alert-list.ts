/**
 * Pages of a partition's firing alerts, in the order of their fingerprints. There is no index in
 * that order: fingerprints are spread evenly, so a page is found by looking at all rows for those
 * in a narrow range, which costs some nanoseconds a row, and sorting these.
 *
 * Q1 A page is bounded in work and size: at most `examinedMax` alerts are read, and none once
 *    there are `pageBytesMax`. It may be short, or empty where filters let few through; `upTo`
 *    says how far it reaches.
 * Q2 Before an alert is read, its packed content tells whether it can fit (packer, `finder`).
 */
import type { AlertBody } from "../actors/alert/events.ts";
import type { FiringAlert } from "../actors/alert/alert.ts";
import { alertBody } from "./alert-payload.ts";
import { blankState } from "./alert-rows.ts";
import type { AlertTable } from "./alert-table.ts";
import { fingerprintText } from "./fingerprint-text.ts";
import { type LabelFilter, holds, neededTexts } from "./label-filter.ts";

export type AlertQuery = {
  /** All must hold. */
  filters: LabelFilter[];
  limit: number;
  /** Only fingerprints behind this one; "": all. */
  after: string;
};

export type ListedAlert = AlertBody & {
  fingerprint: string;
  domain: string;
  startsAtMs: number;
  /** When it ends unless it is sent again. */
  endsAtMs: number;
  updatedAtMs: number;
  /** Alerts received in this occurrence. */
  received: number;
};

/** `upTo`: no alert up to this fingerprint is missing; null: none at all is. */
export type AlertPage = { items: ListedAlert[]; upTo: string | null };

const examinedMax = 500;
/** Alerts as they were sent; the last one may go beyond. NATS takes an answer of 1 MB. */
const pageBytesMax = 512 * 1024;
const halfRange = 2 ** 32;
/** More than a page's share of the range, so that one look mostly suffices. */
const rangeMargin = 1.3;

export function listAlerts(table: AlertTable, query: AlertQuery): AlertPage {
  const { filters, limit, after } = query;
  const mayFit = preselection(table, filters);
  const page: AlertPage = { items: [], upTo: after };
  const state = blankState();
  let [examined, bytes] = [0, 0];
  let from = after === "" ? 0 : Number.parseInt(after.slice(0, 8), 16);
  let range = Math.ceil((halfRange * rangeMargin * (limit + 1)) / Math.max(1, table.size));
  for (; from < halfRange; range *= 2) {
    const to = Math.min(halfRange, from + range);
    for (const row of rowsBetween(table, from, to, mayFit)) {
      const fingerprint = textOf(table, row);
      if (fingerprint <= after) continue;
      const isFull = page.items.length === limit || bytes >= pageBytesMax;
      if (isFull || examined === examinedMax) return page;
      examined += 1;
      const payload = table.payloads.read(table.rows.payload(row));
      const body = alertBody(payload);
      if (filters.every((filter) => holds(filter, body.labels))) {
        page.items.push(listed(table, row, state, body));
        bytes += payload.length;
      }
      page.upTo = fingerprint;
    }
    from = to;
  }
  return { items: page.items, upTo: null };
}

/** In the order of their fingerprints. @param from bounds of the upper half, unsigned. */
function rowsBetween(
  table: AlertTable,
  from: number,
  to: number,
  mayFit: (row: number) => boolean,
): number[] {
  const { rows } = table;
  const found: number[] = [];
  for (let row = 0; row < rows.end; row += 1) {
    if (!rows.isUsed(row)) continue;
    const high = rows.high(row) >>> 0;
    if (high >= from && high < to && mayFit(row)) found.push(row);
  }
  return found.sort((a, b) => {
    const difference = (rows.high(a) >>> 0) - (rows.high(b) >>> 0);
    return difference === 0 ? (rows.low(a) >>> 0) - (rows.low(b) >>> 0) : difference;
  });
}

function preselection(table: AlertTable, filters: LabelFilter[]): (row: number) => boolean {
  const { rows, payloads } = table;
  const finders = filters.flatMap((filter) => {
    const texts = neededTexts(filter);
    return texts === null ? [] : [payloads.finder(texts)];
  });
  return (row) => finders.every((mayContain) => mayContain(rows.payload(row)));
}

function textOf({ rows }: AlertTable, row: number): string {
  return fingerprintText(rows.high(row), rows.low(row));
}

function listed(
  table: AlertTable,
  row: number,
  state: FiringAlert,
  body: AlertBody,
): ListedAlert {
  table.rows.load(row, state);
  return {
    ...body,
    fingerprint: textOf(table, row),
    domain: table.rows.domain(row),
    startsAtMs: state.startsAtMs,
    endsAtMs: state.endsAtMs,
    updatedAtMs: state.updatedAtMs,
    received: state.total,
  };
}
