/** A firing alert, for those who list them. */
import type { FiringAlert } from "../actors/alert/alert.ts";
import type { AlertTable } from "./alert-table.ts";
import { fingerprintText } from "./fingerprint-text.ts";

export type FiringView = {
  fingerprint: string;
  domain: string;
  startsAtMs: number;
  endsAtMs: number;
  updatedAtMs: number;
  /** Alerts received in this occurrence. */
  received: number;
  /** The alert's JSON as its sender last wrote it when it changed, without its times. */
  payload: Uint8Array;
};

/** @param state to be overwritten. */
export function firingView(table: AlertTable, row: number, state: FiringAlert): FiringView {
  const { rows, payloads } = table;
  rows.load(row, state);
  return {
    fingerprint: fingerprintText(rows.high(row), rows.low(row)),
    domain: rows.domain(row),
    startsAtMs: state.startsAtMs,
    endsAtMs: state.endsAtMs,
    updatedAtMs: state.updatedAtMs,
    received: state.total,
    payload: payloads.read(rows.payload(row)),
  };
}
