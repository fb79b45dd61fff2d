/**
 * From samples to alerts: what each sample does to its series, and the alerts that follow from it
 * on their way into the log.
 *
 * K1 Samples are taken when the alerts that they cause are durable. Until then a series owes its
 *    alert or its ending, and pays it with its next sample: that is the repeated request, if need
 *    be. So a sender that repeats what was refused loses nothing, and no sample counts twice.
 * K2 What is in memory only is how long values have been over a threshold. Firing series are read
 *    from the alerts that fire, at the start; until then, or for `recoveryMsMax`, samples wait.
 * K3 An alert ends `staleMs` after it was sent last; a firing series sends it again when a fifth
 *    of that is over. So a series that falls silent ends by itself.
 */
import { type SeriesOutcome, initial, observe, resumed } from "../../actors/metric/series.ts";
import { converted } from "../../actors/metric/quantity.ts";
import type { MetricTemplate } from "../../actors/metric/template.ts";
import type { MetricsConfig } from "../../runtime/config/metrics-section.ts";
import { RetryableError } from "../../runtime/errors.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import { type LabelFilter, labelFilter } from "../../runtime/label-filter.ts";
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
import {
  metricAlert,
  readMetricAlert,
  seriesDedupKey,
  seriesKey,
  seriesLabels,
  templateLabel,
} from "./metric-alert.ts";
import { type DecodedSamples, type MetricSample, sampleReasons } from "./sample.ts";
import { type Series, type SeriesCounts, SeriesTable } from "./series-table.ts";
import { WatchedMetrics } from "./watched-metrics.ts";

const recoveryMsMax = 30_000;
const recoveryRetryMs = 500;
const recoveryPage = 1_000;
const futureMsMax = 5 * 60_000;
const refreshShare = 5;
const unwatchedNamesMax = 20;

export type SampleCounts = {
  accepted: number;
  /** Older than what came before them. */
  late: number;
  unwatched: number;
  rejected: number;
};

export type SamplesTaken = SampleCounts & {
  kind: "taken";
  unwatchedMetrics: string[];
  fired: number;
  resolved: number;
  refused: RejectedAlert[];
};

export type KeeperOptions = {
  intake: FormatIntake;
  alerts: AlertLists;
  clock: Clock;
  log: Logger;
  /** The configuration in force. */
  metrics(): MetricsConfig;
};

/** Alerts of one request, and which series owes each. */
type Batch = Decoded & {
  series: { series: Series; debt: Series["unsent"] }[];
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
    this.recovery ??= this.recover();
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
  async take(decoded: DecodedSamples, owner: AlertOwner | undefined): Promise<
    SamplesTaken | Exclude<IntakeResult, { kind: "accepted" }>
  > {
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
      if (result.kind !== "accepted") return result;
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
    return { alerts: [], places: [], refused: [], series: [], taken, nowMs };
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
      ...{ key, state: initial(), alert: null, unsent: null, sentAtMs: 0 },
    };
    const { nowMs } = batch;
    const outcome = observe(series.state, sample, template);
    const { alert } = series.state;
    if (alert !== null && (outcome === "fired" || outcome === "changed")) {
      series.alert = metricAlert(template, alert, sample, nowMs);
      this.owe(series, "alert", template.staleMs, sample.index, batch);
      if (outcome === "fired") batch.taken.fired += 1;
    } else if (outcome === "resolved") {
      this.owe(series, "ending", template.staleMs, sample.index, batch);
      batch.taken.resolved += 1;
    } else if (series.unsent !== null) {
      this.owe(series, series.unsent.what, template.staleMs, sample.index, batch);
    } else if (outcome === "firing" && nowMs - series.sentAtMs >= template.staleMs / refreshShare) {
      this.owe(series, "alert", template.staleMs, sample.index, batch);
    }
    this.table.keep(series, this.options.metrics().seriesMax);
    return outcome;
  }

  private owe(
    series: Series,
    what: "alert" | "ending",
    staleMs: number,
    index: number,
    batch: Batch,
  ): void {
    if (series.alert === null) return;
    const last = batch.series.at(-1);
    // Within a request an alert that has been put into it already need not follow itself.
    if (last?.series === series && last.debt === series.unsent && series.unsent?.what === what) {
      const isSame = batch.alerts.at(-1)?.annotations === series.alert.annotations;
      if (isSame) return;
    }
    series.unsent = { what };
    batch.alerts.push(sent(series.alert, what, staleMs, batch.nowMs));
    batch.places.push(index);
    batch.series.push({ series, debt: series.unsent });
  }

  /** What is durable is not owed any more, unless something newer is. */
  private settle(batch: Batch, rejected: RejectedAlert[]): void {
    const { taken, nowMs } = batch;
    for (const { series, debt } of batch.series) {
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

  private async recover(): Promise<void> {
    const { clock, log } = this.options;
    const untilMs = clock.nowMs() + recoveryMsMax;
    while (!this.end.signal.aborted && !this.recovered) {
      try {
        await this.readFiring();
        this.recovered = true;
      } catch (error) {
        if (clock.nowMs() >= untilMs) {
          log.error({ err: error }, "series begin without the alerts that fire: these end late");
          this.recovered = true;
        } else await clock.sleep(recoveryRetryMs, this.end.signal);
      }
    }
  }

  private async readFiring(): Promise<void> {
    let after = "";
    for (;;) {
      const { items, cursor } = await this.options.alerts.list([isOfMetric], recoveryPage, after);
      for (const item of items) this.resume(item);
      if (cursor === null || this.end.signal.aborted) return;
      after = cursor;
    }
  }

  private resume(listed: ListedAlert): void {
    const { labels, annotations, dedupKey, startsAtMs, updatedAtMs } = listed;
    const template = this.options
      .metrics()
      .templates.find(({ name }) => name === labels[templateLabel]);
    const alert = readMetricAlert(listed);
    if (template === undefined || alert === null || dedupKey === null) return;
    const series: Series = {
      key: seriesKey(labels, dedupKey),
      state: resumed(template, alert, updatedAtMs),
      alert: { labels, annotations, startsAt: timeText(startsAtMs), dedup_key: dedupKey },
      ...{ unsent: null, sentAtMs: 0 },
    };
    this.table.keep(series, this.options.metrics().seriesMax);
  }
}

const isOfMetric = labelFilter({ label: templateLabel, op: "!=", value: "" }) as LabelFilter;

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
