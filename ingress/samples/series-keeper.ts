/**
 * From samples to alerts: what each sample does to its series, and the alerts that follow from it
 * on their way into the log.
 *
 * K1 Samples are taken when the alerts that they cause are durable. When these are refused, the
 *    series are as they were, and the repeated request is the first of its kind. A series of which
 *    another request has said something meanwhile stays; it owes its alert or its ending, and pays
 *    with its next sample. So who repeats what was refused loses nothing, and nothing counts twice.
 * K2 What is in memory only is how long values have been over a threshold. Firing series are read
 *    from the alerts that fire, at the start; until then, or for half a minute, samples wait.
 * K3 An alert ends `staleMs` after it was sent last; a firing series sends it again when a fifth
 *    of that is over. So a series that falls silent ends by itself.
 */
import { type SeriesOutcome, initial, observe } from "../../actors/metric/series.ts";
import { converted } from "../../actors/metric/quantity.ts";
import type { MetricTemplate } from "../../actors/metric/template.ts";
import type { MetricsConfig } from "../../runtime/config/metrics-section.ts";
import { RetryableError } from "../../runtime/errors.ts";
import type { Clock, Logger } from "../../runtime/ports.ts";
import type {
  AlertLists,
  AlertOwner,
  IntakeResult,
  RejectedAlert,
} from "../../runtime/services.ts";
import { type Fault, fault, faultReasons } from "../alert-check.ts";
import type { FormatIntake } from "../alert-intake.ts";
import { submitDecoded } from "../senders/decoded-intake.ts";
import {
  type Decoded,
  type SentAlert,
  endedAt,
  ownedLabels,
  timeText,
} from "../senders/sender.ts";
import { anyone } from "../senders/sender-deps.ts";
import { readFiringSeries } from "./firing-series.ts";
import { metricAlert, seriesDedupKey, seriesKey, seriesLabels } from "./metric-alert.ts";
import {
  type DecodedSamples,
  type MetricSample,
  type SampleCounts,
  type SamplesTaken,
  sampleReasons,
} from "./sample.ts";
import { type Series, type SeriesCounts, SeriesTable } from "./series-table.ts";
import { WatchedMetrics } from "./watched-metrics.ts";

const futureMsMax = 5 * 60_000;
const refreshShare = 5;
const unwatchedNamesMax = 20;

export type KeeperOptions = {
  intake: FormatIntake;
  alerts: AlertLists;
  clock: Clock;
  log: Logger;
  /** The configuration in force. */
  metrics(): MetricsConfig;
};

/** Alerts of one request, what series owes each, and which is a series' last so far. */
type Batch = Decoded & {
  debts: { series: Series; debt: Series["unsent"] }[];
  last: Map<Series, SentAlert | "ending">;
  /** Series as they were before, and what of them this request has seen last. */
  before: Map<Series, { was: Series; version: number }>;
  taken: SamplesTaken;
  nowMs: number;
};

export class SeriesKeeper {
  /** Samples since the start. */
  readonly counters: SampleCounts = { accepted: 0, late: 0, unwatched: 0, rejected: 0 };
  private readonly options: KeeperOptions;
  private readonly table = new SeriesTable();
  private readonly end = new AbortController();
  private watched: WatchedMetrics | null = null;
  private recovered = false;
  private recovery: Promise<void> | null = null;

  constructor(options: KeeperOptions) {
    this.options = options;
  }

  /** Reads which series fire; until then samples are a 503. */
  start(): void {
    this.recovery ??= readFiringSeries(this.options, this.end.signal, (series) =>
      this.table.keep(series, this.options.metrics().seriesMax),
    ).then(() => {
      this.recovered = true;
    });
  }

  async stop(): Promise<void> {
    this.end.abort();
    await this.recovery;
  }

  series(): SeriesCounts & { evicted: number } {
    return { ...this.table.counts(), evicted: this.table.evicted };
  }

  isWatched(metric: string): boolean {
    return this.watching().has(metric);
  }

  /** @throws RetryableError before it is known which series fire. */
  async take(
    decoded: DecodedSamples,
    owner: AlertOwner | undefined,
  ): Promise<SamplesTaken | Exclude<IntakeResult, { kind: "accepted" }>> {
    if (!this.recovered) throw new RetryableError("the series are not read yet");
    const batch = this.emptyBatch(decoded);
    const { nowMs } = batch;
    const samples = decoded.samples.map((sample) => ({ ...sample, atMs: sample.atMs ?? nowMs }));
    // Of one series, and of equal times, in the order of the request: sorting is stable.
    for (const sample of samples.sort((a, b) => a.atMs - b.atMs)) {
      const found = this.observe(sample, owner ?? anyone, batch);
      if (found !== null) batch.taken.refused.push({ index: sample.index, ...found });
    }
    if (batch.alerts.length > 0) {
      const result = await submitDecoded(this.options.intake, batch, "metrics", owner ?? anyone);
      if (result.kind !== "accepted") {
        restore(batch);
        return result;
      }
      this.settle(batch, result.rejected);
    }
    return this.counted(batch);
  }

  private emptyBatch({ refused, unwatched }: DecodedSamples): Batch {
    const taken: SamplesTaken = {
      ...{ kind: "taken", accepted: 0, late: 0, rejected: 0, fired: 0, resolved: 0 },
      unwatched: unwatched.count,
      unwatchedMetrics: [...unwatched.metrics].slice(0, unwatchedNamesMax),
      refused: [...refused],
    };
    const nowMs = this.options.clock.nowMs();
    const empty = { alerts: [], places: [], refused: [], debts: [] };
    return { ...empty, last: new Map(), before: new Map(), taken, nowMs };
  }

  /** @returns why the sample is refused. */
  private observe(
    sample: MetricSample & { atMs: number },
    owner: AlertOwner,
    batch: Batch,
  ): Fault | null {
    const { taken, nowMs } = batch;
    const { lateMsMax } = this.options.metrics();
    const at = timeText(sample.atMs);
    if (sample.atMs - nowMs > futureMsMax) return fault(sampleReasons.future, "at", at);
    if (nowMs - sample.atMs > lateMsMax) return fault(sampleReasons.tooOld, "at", at);
    const labels = ownedLabels(sample.labels, owner);
    if (labels === null) {
      return fault(faultReasons.otherTenant, "labels.tenant_id", sample.labels["tenant_id"]);
    }
    const templates = this.watching().matching(sample.metric, labels);
    if (templates.length === 0) {
      taken.unwatched += 1;
      const names = taken.unwatchedMetrics;
      if (names.length < unwatchedNamesMax && !names.includes(sample.metric)) {
        names.push(sample.metric);
      }
      return null;
    }
    const values = templates.map(({ unit }) => converted(sample.value, sample.unit ?? unit, unit));
    const odd = values.indexOf(null);
    if (odd !== -1) {
      const wanted = templates[odd]?.unit ?? "";
      return fault(sampleReasons.otherUnit, "unit", `${sample.unit ?? ""}, expected ${wanted}`);
    }
    const owned = { ...sample, labels };
    const outcomes = templates.map((template, at) =>
      this.judge(template, { ...owned, value: values[at] as number }, batch),
    );
    if (outcomes.every((outcome) => outcome === "late")) taken.late += 1;
    else taken.accepted += 1;
    return null;
  }

  private judge(
    template: MetricTemplate,
    sample: MetricSample & { atMs: number },
    batch: Batch,
  ): SeriesOutcome {
    const own = seriesLabels(template, sample.labels);
    const key = seriesKey(own, seriesDedupKey(template, own));
    const series: Series = this.table.get(key) ?? {
      ...{ key, state: initial(), alert: null, unsent: null, sentAtMs: 0, version: 0 },
    };
    const { nowMs, taken } = batch;
    const was = batch.before.get(series)?.was ?? { ...series, state: { ...series.state } };
    series.version += 1;
    batch.before.set(series, { was, version: series.version });
    const outcome = observe(series.state, sample, template);
    const { alert } = series.state;
    const isNew = outcome === "fired" || outcome === "changed";
    if (alert !== null && isNew) series.alert = metricAlert(template, alert, sample, nowMs);
    const debt = outcome === "resolved" ? "ending" : isNew ? "alert" : series.unsent?.what;
    const refreshMs = template.staleMs / refreshShare;
    if (debt !== undefined) {
      const isOwed = this.owe(series, debt, template, sample, batch);
      if (isOwed) taken[debt === "alert" ? "fired" : "resolved"] += 1;
    } else if (outcome === "firing" && nowMs - series.sentAtMs >= refreshMs) {
      this.owe(series, "alert", template, sample, batch);
    }
    this.table.keep(series, this.options.metrics().seriesMax);
    return outcome;
  }

  /** @returns false when the request holds it already, or there is nothing to tell. */
  private owe(
    series: Series,
    what: "alert" | "ending",
    { staleMs }: MetricTemplate,
    { index }: MetricSample,
    batch: Batch,
  ): boolean {
    const { alert } = series;
    if (alert === null) return false;
    const told = what === "ending" ? what : alert;
    if (batch.last.get(series) === told) return false;
    batch.last.set(series, told);
    series.unsent = { what };
    batch.alerts.push(sent(alert, what, staleMs, batch.nowMs));
    batch.places.push(index);
    batch.debts.push({ series, debt: series.unsent });
    return true;
  }

  /** What is durable is not owed any more, unless something newer is. */
  private settle(batch: Batch, rejected: RejectedAlert[]): void {
    const { taken, nowMs } = batch;
    for (const { series, debt } of batch.debts) {
      if (series.unsent !== debt || debt === null) continue;
      series.unsent = null;
      series.sentAtMs = nowMs;
      if (debt.what === "ending" && series.state.alert === null) series.alert = null;
      if (this.table.get(series.key) === series) {
        this.table.keep(series, this.options.metrics().seriesMax);
      }
    }
    if (rejected.length === 0) return;
    // Repeating would not help: the template makes an alert that cannot be one.
    this.options.log.error({ rejected: rejected[0] }, "an alert of a metric was refused");
    const places = new Set(rejected.map(({ index }) => index));
    taken.refused.push(...rejected);
    taken.accepted -= places.size;
  }

  private counted({ taken }: Batch): SamplesTaken {
    taken.rejected = taken.refused.length;
    this.counters.accepted += taken.accepted;
    this.counters.late += taken.late;
    this.counters.unwatched += taken.unwatched;
    this.counters.rejected += taken.rejected;
    return taken;
  }

  private watching(): WatchedMetrics {
    const { templates } = this.options.metrics();
    if (this.watched?.source !== templates) this.watched = new WatchedMetrics(templates);
    return this.watched;
  }
}

/** What `observe` changes are the fields of the state, never what is in them. */
function restore({ before }: Batch): void {
  for (const [series, { was, version }] of before) {
    if (series.version === version) Object.assign(series, was, { version });
  }
}

/** An ending has no start: it may come within the same second. */
function sent(
  alert: SentAlert,
  what: "alert" | "ending",
  staleMs: number,
  nowMs: number,
): SentAlert {
  if (what === "alert") return { ...alert, endsAt: timeText(nowMs + staleMs) };
  const { startsAt: _, ...rest } = alert;
  return { ...rest, endsAt: endedAt(nowMs) };
}
