/** `tocsin report`: alert quality and response times, for people. */
import {
  qualityReport,
  type NoisyAlert,
  type Quality,
  type QualityReport,
  type SeverityLine,
} from "../../reports/quality-report.ts";
import { apiOf } from "../api.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../define-command.ts";
import { readDuration } from "../durations.ts";
import { plain } from "../plain-text.ts";
import { askSql } from "../sql-client.ts";
import { table } from "../table.ts";

const sinceDefault = "7d";
const sinceMaxMs = 3650 * 24 * 3_600_000;

const help = `Usage: tocsin report [--since 7d] [--json] [--url URL]

Alert quality over a window of time: how many alerts became how many incidents, how many of those
needed anybody, how fast people were, and which alerts are the noisiest.

Options:
  --since DURATION  length of the window until now, e.g. 24h, 7d, 30d (default ${sinceDefault})
  --json            the same as JSON; durations in ms, rates between 0 and 1, null: nothing to count
  --url URL         where Tocsin listens (default: TOCSIN_URL or http://127.0.0.1:9093)
  --help            this text

What the figures mean:
  dedup rate   1 - incidents that alerts opened / alerts received
  noise ratio  of the incidents that ended, the share that nobody took or resolved by hand
  MTTA         from an incident's beginning until somebody took it
  MTTR         from an incident's beginning until it was resolved

Examples:
  tocsin report
  tocsin report --since 24h --json
`;

export const command: Command = defineCommand({
  name: "report",
  summary: "Dedup rate, noise ratio, incidents by severity, MTTA and MTTR",
  help,
  options: { since: "text" },
  async run(flags, io) {
    const lengthMs = readDuration("--since", flags.text("since") ?? sinceDefault, sinceMaxMs);
    const api = apiOf(flags, io);
    const nowMs = Date.now();
    const ask = (sql: string): Promise<string> => askSql(api, sql, "JSONEachRow");
    const report = await qualityReport(ask, nowMs - lengthMs, nowMs);
    io.out(flags.has("json") ? `${JSON.stringify(report, null, 2)}\n` : renderReport(report));
    return 0;
  },
});

export function renderReport(report: QualityReport): string {
  const { quality, severities, noisiest } = report;
  const head = `Alert quality from ${minute(report.since)} to ${minute(report.until)} UTC\n\n`;
  if (quality.received === 0 && quality.rejected === 0 && quality.opened === 0) {
    return `${head}No alerts and no incidents in this time.\n`;
  }
  return [
    head + renderQuality(quality),
    `Incidents by severity\n${renderSeverities(severities)}`,
    `Noisiest alerts\n${renderNoisiest(noisiest)}`,
  ].join("\n");
}

function renderQuality(quality: Quality): string {
  const lines: [string, string, string][] = [
    ["alerts received", count(quality.received), `${count(quality.rejected)} more rejected`],
    ["incidents opened", count(quality.opened), `${count(quality.ended)} of them ended`],
    ["dedup rate", percent(quality.dedup_rate), "1 - incidents opened by alerts / alerts"],
    ["noise ratio", percent(quality.noise_ratio), "incidents that ended and needed nobody"],
    ["MTTA", times(quality.mtta_mean_ms, quality.mtta_median_ms), "mean / median until taken"],
    ["MTTR", times(quality.mttr_mean_ms, quality.mttr_median_ms), "mean / median until resolved"],
  ];
  return table(["figure", "value", "meaning"], lines);
}

function renderSeverities(lines: SeverityLine[]): string {
  if (lines.length === 0) return "none\n";
  return table(
    ["severity", "opened", "open", "taken", "resolved", "alerts", "median MTTA", "median MTTR"],
    lines.map((line) => [
      plain(line.severity),
      count(line.opened),
      count(line.still_open),
      count(line.acknowledged),
      count(line.resolved),
      count(line.received),
      duration(line.mtta_median_ms),
      duration(line.mttr_median_ms),
    ]),
  );
}

function renderNoisiest(alerts: NoisyAlert[]): string {
  if (alerts.length === 0) return "none\n";
  return table(
    ["alerts", "share", "occurrences", "label sets", "service", "alert"],
    alerts.map((alert) => [
      count(alert.alerts),
      percent(alert.share),
      count(alert.occurrences),
      count(alert.fingerprints),
      plain(alert.service),
      plain(alert.alertname === "" ? "(no name)" : alert.alertname),
    ]),
  );
}

const minute = (time: string): string => time.slice(0, 16).replace("T", " ");

const count = (value: number): string => value.toLocaleString("en-US");

/** Two decimals above 99 %, where dedup rates live and where they differ. */
function percent(rate: number | null): string {
  if (rate === null) return "-";
  const value = rate * 100;
  return `${value.toFixed(value > 99 && value < 100 ? 2 : 1)} %`;
}

const times = (mean: number | null, median: number | null): string =>
  mean === null ? "-" : `${duration(mean)} / ${duration(median)}`;

/** The two largest units: "850ms", "42s", "4m 30s", "1h 5m", "2d 3h". */
export function duration(ms: number | null): string {
  if (ms === null) return "-";
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
    small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), "m", seconds % 60, "s");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "m");
  const hours = Math.floor(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}
