/** A script under way: its samples become records, and its phases moments to wait for. */
import { ScriptRun } from "./generator/script-run.ts";
import type { Script } from "./generator/script-run.ts";
import type { K6Sample } from "./generator/sample-lines.ts";
import { thresholdChecks } from "./generator/thresholds.ts";
import { optionsFor } from "./k6/options.ts";
import type { Settings as ScriptSettings } from "./k6/settings.ts";
import { addFailure, sendsAlerts } from "./result/load-record.ts";
import type { LoadRecord, PhaseRecord } from "./result/load-record.ts";
import { atMost } from "./result/verdict.ts";
import type { Check } from "./result/verdict.ts";
import type { Load, Settings } from "./scenario.ts";
import { urlOf } from "./target.ts";
import type { Target } from "./target.ts";
import type { Sampler } from "./watch/sampler.ts";

export type LoadOptions = {
  k6Path: string;
  target: Target;
  settings: Settings;
  /** Stands in the labels of all alerts. */
  run: string;
  /** 0: the script's own. */
  seconds: number;
  change: Partial<ScriptSettings>;
};

export type Watchers = { record: LoadRecord; sampler: Sampler; say(line: string): void };

const progressEveryMs = 5_000;

export function startLoad(
  script: Script,
  options: LoadOptions,
  watchers: Watchers,
): Load & { stop(): Promise<void> } {
  const { record, sampler } = watchers;
  const settings = scriptSettings(options);
  const phases = script.plan(settings);
  const records = phases.map((phase) => record.begin(phase));
  const begun = Promise.withResolvers<number>();
  begun.promise.catch(() => {});
  let startMs: number | null = null;
  const onSample = (sample: K6Sample): void => {
    const of = records.find(({ phase }) => phase.name === sample.scenario);
    if (of === undefined) return;
    if (startMs === null) {
      startMs = beginning(of, sample);
      for (const each of records) place(each, record.second(startMs));
      begun.resolve(startMs);
    }
    record.add(of, sample);
  };
  const k6 = new ScriptRun(options.k6Path, script, settings, onSample);
  sampler.watchGenerator(k6.pid);
  const progress = setInterval(() => tellProgress(records, watchers), progressEveryMs);
  const ended = k6.ended
    .finally(() => {
      clearInterval(progress);
      sampler.watchGenerator(null);
      begun.reject(new Error(`${script.file} ended without a single sample`));
    })
    .then((summary) => {
      const { thresholds } = optionsFor(phases, settings);
      const unanswered = records.flatMap(countUnanswered);
      return [...thresholdChecks(thresholds, summary, records), ...unanswered];
    });
  ended.catch(() => {});
  return {
    ...{ records, ended },
    async until({ phase }, moment) {
      const second = phase.startSecond + (moment === "end" ? phase.seconds : 0);
      const waitMs = (await begun.promise) + second * 1000 - Date.now();
      await Promise.race([new Promise((resume) => setTimeout(resume, waitMs)), ended]);
    },
    stop: () => k6.stop(),
  };
}

function scriptSettings({ target, settings, run, seconds, change }: LoadOptions): ScriptSettings {
  const { batch, repeats, population, seed, connectionsMax, limits } = settings;
  // Scripts with a rate of their own need none.
  const rate = Math.max(1, settings.rate);
  return {
    ...{ url: urlOf(target), rate, batch, repeats, population, seed, seconds, run },
    ...{ connections: connectionsMax, p95Ms: limits.p95Ms, p99Ms: limits.p99Ms },
    ...{ level: 1, alone: false },
    ...change,
  };
}

/** When the script began, by its first sample: a request's lateness says when it was due. */
function beginning({ phase }: PhaseRecord, { metric, atMs, value }: K6Sample): number {
  return atMs - (metric.endsWith("_lateness") ? value : 0) - phase.startSecond * 1000;
}

function place(record: PhaseRecord, startSecond: number): void {
  record.startSecond = startSecond + record.phase.startSecond;
  record.endSecond = record.startSecond + record.phase.seconds;
}

/** Begun and never heard of again: interrupted at the phase's end, or the script went wrong. */
function countUnanswered({ phase, counts, failures }: PhaseRecord): Check[] {
  const answered = counts.accepted + counts.shed + counts.failed;
  const missing = counts.due - counts.unsent - answered;
  if (phase.work === "fill" || missing <= 0) return [];
  counts.failed += missing;
  addFailure(failures, "no answer before the end", missing);
  return [atMost(`${phase.name}: sent and never answered`, missing, 0, "")];
}

function tellProgress(records: PhaseRecord[], { record, sampler, say }: Watchers): void {
  const now = record.second(Date.now());
  const current = records.find(
    ({ phase, startSecond, endSecond }) =>
      sendsAlerts(phase) && now >= startSecond && now < endSecond,
  );
  if (current === undefined) return;
  const { phase, counts, latency, startSecond } = current;
  const latest = sampler.series.points().at(-1)?.value;
  // k6 tells of each second when it is over.
  const told = Math.max(1, Math.floor(now - startSecond));
  const behind = latest?.alertsBehind?.toLocaleString("en") ?? "?";
  say(
    `  ${phase.name} ${(now - startSecond).toFixed(0)} s of ${phase.seconds} s: ` +
      `${Math.round(counts.accepted / told).toLocaleString("en")}/s accepted, ` +
      `p95 ${latency.at(0.95).toFixed(1)} ms, ${behind} alerts behind`,
  );
}
