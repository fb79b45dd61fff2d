/** After the load: is everything processed, and is everything there? */
import type { Run } from "./field.ts";
import { metricPrefix } from "./k6/options.ts";
import { atMost } from "./result/verdict.ts";
import type { Check } from "./result/verdict.ts";
import type { Sampler } from "./watch/sampler.ts";
import { urlOf } from "./target.ts";
import type { Target } from "./target.ts";
import type { ServerCounters } from "./watch/server-counters.ts";
import { look } from "./watch/server-sample.ts";

const lookEveryMs = 250;
const queryWithinMs = 30_000;

/** Seconds until no stage lags; null: still lagging after `seconds`. */
export async function drain(sampler: Sampler, seconds: number): Promise<number | null> {
  const startMs = performance.now();
  for (;;) {
    const sample = await sampler.sample();
    const elapsed = (performance.now() - startMs) / 1000;
    if (sample !== null) {
      const { alertsBehind, stepsBehind, relayBacklog } = sample;
      if (!alertsBehind && !stepsBehind && !relayBacklog) return elapsed;
    }
    if (elapsed > seconds) return null;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

export async function reconcile(
  run: Run,
  before: ServerCounters,
  target: Target,
  drainSeconds: number,
): Promise<Check[]> {
  const drained = run.drainedSeconds;
  const lag: Check =
    drained === null
      ? { name: "lag gone after the load", wanted: `≤ ${drainSeconds} s`, got: "no", holds: false }
      : atMost("lag gone after the load", drained, drainSeconds, "s");
  const sent = run.record.phases.filter(({ phase }) => metricPrefix(phase) === "alerts");
  const accepted = sent.reduce((sum, { counts }) => sum + counts.accepted, 0);
  const fresh = sent.reduce((sum, { counts }) => sum + counts.fresh, 0);
  const now = await look(target);
  const processed = now === null ? null : now.processed - before.processed;
  return [lag, lost(accepted, processed), await rows(run.id, fresh, target, drainSeconds)];
}

/** More may be processed than we saw accepted: others send too, and answers can get lost. */
function lost(accepted: number, processed: number | null): Check {
  const name = "lost: accepted but never processed";
  if (processed === null) return { name, wanted: "0", got: "no answer", holds: false };
  return { ...atMost(name, Math.max(0, accepted - processed), 0, "alerts"), wanted: "0" };
}

/** On a busy machine the status tells late of what is not yet stored: so it asks for a while. */
async function rows(
  id: string,
  fresh: number,
  target: Target,
  withinSeconds: number,
): Promise<Check> {
  const name = "distinct alerts that are rows";
  const wanted = `≥ ${fresh.toLocaleString("en")}`;
  const query =
    "select uniqExact(fingerprint) from tocsin.alert_events " +
    `where kind = 'opened' and startsWith(labels['instance'], 'gpu-${id}-')`;
  const deadlineMs = performance.now() + withinSeconds * 1000;
  try {
    for (;;) {
      const found = await count(`${urlOf(target)}/v1/sql`, query);
      const holds = found >= fresh;
      if (holds || performance.now() > deadlineMs) {
        return { name, wanted, got: found.toLocaleString("en"), holds };
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  } catch (error) {
    // ClickHouse may be away without an alert being lost; the streams keep what is not yet a row.
    return { name, wanted, got: `not known (${(error as Error).message})`, holds: null };
  }
}

async function count(url: string, query: string): Promise<number> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, format: "TabSeparated" }),
    signal: AbortSignal.timeout(queryWithinMs),
  });
  const text = (await answer.text()).trim();
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return Number(text);
}
