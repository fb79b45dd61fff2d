/**
 * What a dedup stage holds, whatever way it came to lie in memory as it does: for comparing stages
 * whose rows and blocks have other numbers.
 */
import { blankState } from "../runtime/alert-rows.ts";
import { AlertTable } from "../runtime/alert-table.ts";
import type { DedupStage } from "../runtime/dedup-stage.ts";
import { fingerprintText } from "../runtime/fingerprint-text.ts";
import { codec } from "../streams/codec.ts";

export function dedupContents(stage: DedupStage) {
  const { table: snapshot, ...rest } = stage.snapshot();
  const table = new AlertTable();
  table.restore(codec.decode(codec.encode(snapshot)) as typeof snapshot);
  const { rows, payloads, ended } = table;
  const alerts = [...rows.used()].map((row) => {
    const state = blankState();
    rows.load(row, state);
    return {
      fingerprint: fingerprintText(rows.high(row), rows.low(row)),
      domain: rows.domain(row),
      payload: payloads.read(rows.payload(row)).toString(),
      state,
    };
  });
  return {
    ...rest,
    alerts: alerts.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    ended: Array.from(ended.values(), ({ payload, ...content }) => ({
      ...content,
      payload: payloads.read(payload).toString(),
    })),
    /** Blocks in use: as many as there are alerts and ended contents, if nothing leaks. */
    blocks: payloads.blocks,
  };
}
