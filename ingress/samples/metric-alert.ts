/** The alert that a series of samples is, and how both find each other. Pure. */
import { alertReason, levelOf, wordsFor } from "../../actors/metric/explanation.ts";
import { renderText } from "../../actors/metric/placeholders.ts";
import type { MetricAlert } from "../../actors/metric/series.ts";
import { levelNames, type MetricTemplate } from "../../actors/metric/template.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import { defaultTenant, tenantLabels } from "../fingerprint.ts";
import {
  type SentAlert,
  annotationText,
  dedupKeyOf,
  labelText,
  textMap,
  timeText,
} from "../senders/sender.ts";

/** The label that every alert of a metric has: its template's name. */
export const templateLabel = "metric_template";

type Labels = Readonly<Record<string, string>>;

/** The labels that tell the series from others, with the tenant's. */
export function seriesLabels(template: MetricTemplate, labels: Labels): Record<string, string> {
  const names = [...tenantLabels, ...template.series];
  return textMap(names.map((name): [string, string] => [name, labels[name] ?? ""]));
}

/** Names the series among those of its tenant; a change of thresholds does not change it. */
export function seriesDedupKey(template: MetricTemplate, series: Labels): string {
  const names = Object.keys(series).filter((name) => !tenantLabels.includes(name)).sort();
  const pairs = names.map((name) => [name, series[name]]);
  return dedupKeyOf("metrics", `${template.name}/${JSON.stringify(pairs)}`);
}

/** Names the series in the whole program. */
export function seriesKey(labels: Labels, dedupKey: string): string {
  const name = tenantLabels.find((each) => (labels[each] ?? "") !== "");
  const tenant = name === undefined ? defaultTenant : (labels[name] as string);
  return JSON.stringify([tenant, dedupKey]);
}

/**
 * Without an end. It stays the same until the level changes, so that what follows is a repeat of
 * it: `value` is the one that made it what it is.
 * @param nowMs it starts at the sample's time, but not in the future.
 */
export function metricAlert(
  template: MetricTemplate,
  alert: MetricAlert,
  sample: { metric: string; labels: Labels },
  nowMs: number,
): SentAlert {
  const level = levelOf(template, alert.level);
  const words = wordsFor(template, level, alert.value, sample.metric);
  const series = seriesLabels(template, sample.labels);
  const rendered = (key: "labels" | "annotations", cut: (text: string) => string) =>
    template[key].map(([name, pieces]): [string, string] => [
      name,
      cut(renderText(pieces, words, sample.labels)),
    ]);
  return {
    labels: textMap([
      ...rendered("labels", labelText),
      ...Object.entries(series),
      ["alertname", labelText(template.alertname)],
      ["severity", level.severity],
      [templateLabel, template.name],
    ]),
    annotations: textMap([
      ["reason", annotationText(alertReason(template, level, alert.value))],
      ...rendered("annotations", annotationText),
      ["metric", sample.metric],
      ["value", words.raw_value],
      ["threshold", String(level.threshold)],
      ["unit", template.unit],
      ["level", level.name],
    ]),
    startsAt: timeText(Math.min(alert.startsAtMs, nowMs)),
    dedup_key: seriesDedupKey(template, series),
  };
}

/** What an alert that fires says of its series; null: it is none of a series. */
export function readMetricAlert(listed: ListedAlert): MetricAlert | null {
  const { annotations, startsAtMs } = listed;
  const level = levelNames.find((name) => name === annotations["level"]);
  const value = Number(annotations["value"] ?? Number.NaN);
  if (level === undefined || !Number.isFinite(value)) return null;
  return { level, value, startsAtMs };
}
