/** Plays samples through one template, as the running program would judge them. */
import { outcomeReason } from "../actors/metric/explanation.ts";
import { initial, observe, type SeriesOutcome, type SeriesState } from "../actors/metric/series.ts";
import type { MetricTemplate } from "../actors/metric/template.ts";
import { durationText } from "../actors/incident/duration.ts";
import { compileMatchers } from "../actors/incident/matchers.ts";
import { metricAlert, seriesLabels } from "../ingress/samples/metric-alert.ts";
import type { SentAlert } from "../ingress/senders/sender.ts";
import type { ReadSample } from "./metric-samples.ts";

export type PlayedSample = {
  at: string;
  /** Labels that tell the series from others; "-": there are none. */
  series: string;
  outcome: SeriesOutcome | "unwatched";
  why: string;
  /** What fires, changes or has ended; null: nothing did. */
  alert: Pick<SentAlert, "labels" | "annotations"> | null;
};

type Series = { state: SeriesState; alert: SentAlert | null };

export function playSamples(template: MetricTemplate, samples: ReadSample[]): PlayedSample[] {
  const all = new Map<string, Series>();
  const holds = compileMatchers(template.matchers);
  const played = samples.map((sample) => {
    const labels = seriesLabels(template, sample.labels);
    const series = seriesText(labels);
    const at = timeText(sample.atMs);
    if (!template.metrics.includes(sample.metric) || !holds((name) => sample.labels[name] ?? "")) {
      const why = "the template's metrics and matchers leave it out";
      return { at, series, outcome: "unwatched" as const, why, alert: null };
    }
    const known = all.get(series) ?? { state: initial(), alert: null };
    all.set(series, known);
    return { at, series, ...judged(template, known, sample) };
  });
  return [...played, ...silences(template, all)];
}

function judged(
  template: MetricTemplate,
  series: Series,
  sample: ReadSample,
): Pick<PlayedSample, "outcome" | "why" | "alert"> {
  const outcome = observe(series.state, sample, template);
  const { alert } = series.state;
  const isNew = outcome === "fired" || outcome === "changed";
  if (alert !== null && isNew) {
    series.alert = metricAlert(template, alert, sample, sample.atMs);
  }
  const why = outcomeReason(template, series.state, sample, outcome);
  return { outcome, why, alert: isNew || outcome === "resolved" ? shown(series.alert) : null };
}

/** What still fires after the last sample ends when its series has been silent for long enough. */
function silences(template: MetricTemplate, all: Map<string, Series>): PlayedSample[] {
  return [...all].flatMap(([series, { state, alert }]) => {
    if (state.alert === null || state.lastAtMs === null) return [];
    const at = timeText(state.lastAtMs + template.staleMs);
    const why = `no sample for ${durationText(template.staleMs)}`;
    return [{ at, series, outcome: "resolved" as const, why, alert: shown(alert) }];
  });
}

function shown(alert: SentAlert | null): PlayedSample["alert"] {
  if (alert === null) return null;
  const { labels, annotations = {} } = alert;
  return { labels, annotations };
}

function seriesText(labels: Record<string, string>): string {
  const names = Object.keys(labels).sort();
  return names.length === 0 ? "-" : names.map((name) => `${name}=${labels[name]}`).join(" ");
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
