/** Which series fire: read at the start from the alerts that do, since these are durable. */
import { resumed } from "../../actors/metric/series.ts";
import type { MetricTemplate } from "../../actors/metric/template.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import type { MetricsConfig } from "../../runtime/config/metrics-section.ts";
import { type LabelFilter, labelFilter } from "../../runtime/label-filter.ts";
import type { Clock, Logger } from "../../runtime/ports.ts";
import type { AlertLists } from "../../runtime/services.ts";
import { timeText } from "../senders/sender.ts";
import { readMetricAlert, seriesKey, templateLabel } from "./metric-alert.ts";
import type { Series } from "./series-table.ts";

/** Partitions that do not answer for so long must not keep samples out. */
const tryMsMax = 30_000;
const retryMs = 500;
const pageAlerts = 1_000;

const isOfMetric = labelFilter({ label: templateLabel, op: "!=", value: "" }) as LabelFilter;

type Sources = {
  alerts: AlertLists;
  clock: Clock;
  log: Logger;
  metrics(): MetricsConfig;
};

/** Never rejects: without an answer series begin anew, and alerts of before end by themselves. */
export async function readFiringSeries(
  { alerts, clock, log, metrics }: Sources,
  signal: AbortSignal,
  found: (series: Series) => void,
): Promise<void> {
  const untilMs = clock.nowMs() + tryMsMax;
  const byName = new Map(metrics().templates.map((template) => [template.name, template]));
  while (!signal.aborted) {
    try {
      for (let after: string | null = ""; after !== null; ) {
        const page = await alerts.list([isOfMetric], pageAlerts, after);
        for (const item of page.items) {
          const series = seriesOf(item, byName);
          if (series !== null) found(series);
        }
        after = signal.aborted ? null : page.cursor;
      }
      return;
    } catch (error) {
      if (clock.nowMs() >= untilMs) {
        log.error({ err: error }, "metrics: alerts that fire cannot be read; series begin anew");
        return;
      }
      await clock.sleep(retryMs, signal);
    }
  }
}

function seriesOf(
  listed: ListedAlert,
  byName: ReadonlyMap<string, MetricTemplate>,
): Series | null {
  const { labels, annotations, dedupKey, startsAtMs, updatedAtMs } = listed;
  const template = byName.get(labels[templateLabel] ?? "");
  const alert = readMetricAlert(listed);
  if (template === undefined || alert === null || dedupKey === null) return null;
  return {
    key: seriesKey(labels, dedupKey),
    state: resumed(template, alert, updatedAtMs),
    // The same as before, so that what comes next is a repeat of it.
    alert: { labels, annotations, startsAt: timeText(startsAtMs), dedup_key: dedupKey },
    ...{ unsent: null, sentAtMs: 0, version: 0 },
  };
}
