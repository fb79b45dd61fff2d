/**
 * The report on alert quality: how much noise the system took away, and how fast people were.
 * The questions are the SQL files beside this one; this file asks them and names the answers.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Null: nothing in the window to compute it from. Durations in ms, rates in [0, 1]. */
export type Quality = {
  received: number;
  rejected: number;
  occurrences: number;
  opened: number;
  dedup_rate: number | null;
  ended: number;
  noise_ratio: number | null;
  acknowledged: number;
  resolved: number;
  mtta_mean_ms: number | null;
  mtta_median_ms: number | null;
  mttr_mean_ms: number | null;
  mttr_median_ms: number | null;
};

export type SeverityLine = {
  severity: string;
  opened: number;
  still_open: number;
  acknowledged: number;
  resolved: number;
  received: number;
  mtta_median_ms: number | null;
  mttr_median_ms: number | null;
};

export type NoisyAlert = {
  alertname: string;
  service: string;
  alerts: number;
  share: number;
  occurrences: number;
  fingerprints: number;
};

export type QualityReport = {
  since: string;
  until: string;
  quality: Quality;
  severities: SeverityLine[];
  noisiest: NoisyAlert[];
};

/** Runs a statement and returns ClickHouse's JSONEachRow text. */
export type AskSql = (sql: string) => Promise<string>;

/** @param nowMs end of the window as shown; rows that arrive meanwhile are counted too. */
export async function qualityReport(
  ask: AskSql,
  sinceMs: number,
  nowMs: number,
): Promise<QualityReport> {
  const rows = async <Row>(file: string): Promise<Row[]> => {
    const text = await ask(statement(file, sinceMs));
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Row]));
  };
  const [quality] = await rows<Quality>("quality.sql");
  if (quality === undefined) throw new Error("quality.sql gave no row");
  return {
    since: new Date(sinceMs).toISOString(),
    until: new Date(nowMs).toISOString(),
    quality,
    severities: await rows<SeverityLine>("severities.sql"),
    noisiest: await rows<NoisyAlert>("noisiest-alerts.sql"),
  };
}

function statement(file: string, sinceMs: number): string {
  if (!Number.isSafeInteger(sinceMs)) throw new Error(`not a time in ms: ${sinceMs}`);
  const sql = readFileSync(join(import.meta.dirname, file), "utf8");
  return sql.replaceAll("{since_ms:Int64}", `toInt64(${sinceMs})`);
}
