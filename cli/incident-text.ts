/** How incidents look in a terminal: the table, one in detail, its timeline. */
import type { IncidentView } from "../actors/incident/types.ts";
import type { TimelineEntry } from "../runtime/services.ts";
import { severityColour, statusColour } from "./colours.ts";
import type { Paint } from "./colours.ts";
import { showDuration } from "./durations.ts";
import { plain, plainLines } from "./plain-text.ts";
import { table } from "./table.ts";

const heads = ["ID", "STATUS", "SEVERITY", "AGE", "ALERTS", "SERVICE", "TITLE"];

/** @param nowMs what the ages are counted to. */
export function incidentTable(items: IncidentView[], nowMs: number, paint: Paint): string {
  const rows = items.map((item) => [
    plain(item.id),
    plain(item.status),
    plain(item.severity),
    showDuration(nowMs - Date.parse(item.created_at)),
    String(item.alert_count),
    plain(item.service),
    plain(item.title),
  ]);
  return table(heads, rows, (cell, column, row) => {
    const item = items[row];
    if (item === undefined) return paint("dim", cell);
    if (column === 1) return paint(statusColour(item.status), cell);
    if (column === 2) return paint(severityColour(item.severity), cell);
    return cell;
  });
}

export function incidentDetails(item: IncidentView, nowMs: number, paint: Paint): string {
  const lines: string[] = [];
  const add = (name: string, value: string | null): void => {
    if (value !== null && value !== "") lines.push(`  ${name.padEnd(13)}${value}`);
  };
  add("status", paint(statusColour(item.status), plain(item.status)));
  add("severity", paint(severityColour(item.severity), plain(item.severity)));
  add("service", plain(item.service));
  add("tenant", plain(`${item.tenant} / ${item.environment}`));
  add(
    "alerts",
    `${item.alert_count} received, ${item.fingerprint_count} distinct, ${item.firing_count} firing`,
  );
  if (item.flapping) add("flapping", "yes: it stays open until its alerts are quiet");
  add("created", when(item.created_at, nowMs));
  add("updated", when(item.updated_at, nowMs));
  add("acknowledged", whenBy(item.acknowledged_at, item.acknowledged_by, nowMs));
  add("resolved", whenBy(item.resolved_at, item.resolved_by, nowMs));
  add("closed", item.closed_at === null ? null : when(item.closed_at, nowMs));
  add("merged into", item.merged_into === null ? null : plain(item.merged_into));
  add("cause", item.cause === null ? null : plain(item.cause));
  add("escalation", escalation(item, nowMs));
  add("group key", plain(item.group_key));
  add("labels", pairs(item.labels));
  const head = `${paint("bold", plain(item.id))}  ${plain(item.title)}\n`;
  const about = item.description === "" ? "" : `\n${plainLines(item.description, "  ")}\n`;
  return `${head}${lines.join("\n")}\n${about}`;
}

export function timelineText(entries: TimelineEntry[], paint: Paint): string {
  if (entries.length === 0) return "";
  const lines = entries.map((entry) => {
    const what = paint("cyan", plain(entry.event).padEnd(19));
    const text = entry.event === "noteAdded" ? entry.detail["text"] : undefined;
    const note = text === undefined ? "" : `: ${plain(String(text))}`;
    return `  ${plain(entry.at)}  ${what} ${plain(entry.because)}${note} (${plain(entry.by)})`;
  });
  return `\nTimeline\n${lines.join("\n")}\n`;
}

function escalation(item: IncidentView, nowMs: number): string | null {
  if (item.escalation === null) return null;
  const { policy, level, round, next_at, stopped_because } = item.escalation;
  const place = `policy ${plain(policy)}, level ${level}, round ${round}`;
  if (stopped_because !== null) return `${place}; stopped: ${plain(stopped_because)}`;
  if (next_at === null) return place;
  return `${place}; next in ${showDuration(Date.parse(next_at) - nowMs)}`;
}

function when(at: string, nowMs: number): string {
  return `${plain(at)} (${showDuration(nowMs - Date.parse(at))} ago)`;
}

function whenBy(at: string | null, by: string | null, nowMs: number): string | null {
  if (at === null) return null;
  return when(at, nowMs) + (by === null ? "" : ` by ${plain(by)}`);
}

function pairs(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${plain(name)}=${plain(value)}`)
    .join(" ");
}
