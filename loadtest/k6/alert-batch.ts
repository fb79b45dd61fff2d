/**
 * Request bodies as a Prometheus of an LLM platform would send them: its field order, 8 labels,
 * about 500 bytes an alert. k6 interprets its scripts, so a body is made of texts that are built
 * once, with the few that change between them, joined by native code.
 *
 * B1 An alert is its number: the same number always has the same labels, no other one has them.
 * B2 Of a phase's requests, exactly the asked share is new, however small the batch: the new
 *    alerts of request n are those between two multiples of the share.
 * B3 Repeats go round a population that was sent before the phase, so they are repeats.
 */
export type Mix = {
  /** Tells this run's alerts from those of any other run on the same server. */
  run: string;
  /** Tells the new alerts of one phase from those of another. */
  phase: string;
  /** Shifts which rule, service and tenant an alert has. */
  seed: number;
  batch: number;
  /** Share of the alerts that the server already knows, 0 to 1. */
  repeats: number;
  population: number;
  /** New alerts are resolved so many requests later, and half as many are new; 0: never. */
  resolveAfter: number;
  startsAtMs: number;
};

export type Batch = { body: string; alerts: number; fresh: number };

const tenants = 16;
const services = ["chat", "completions", "embeddings", "rerank", "moderation", "agents"];
const pools = 8;
/** So many alerts in a row have the same rule. */
const ruleRun = 7;
/** Four times the usual interval between two sendings, rounded up. */
const endsAfterMs = 300_000;

const rules: [name: string, severity: string, description: string][] = [
  ["CompletionLatencyP99High", "warning", "p99 latency of completions is above 4 s on this node."],
  ["TimeToFirstTokenHigh", "warning", "Users wait more than 2 s for the first token."],
  ["GpuMemoryAlmostFull", "critical", "Less than 3 % of the GPU's memory is free."],
  ["ProviderRateLimited", "warning", "More than 5 % of upstream calls get a 429."],
  ["InferenceQueueDeep", "warning", "More than 200 requests wait for a free replica."],
  ["TokenThroughputLow", "info", "Tokens per second are a third below last week's."],
  ["GatewayErrorRateHigh", "critical", "More than 2 % of requests fail with a 5xx."],
  ["KvCacheHitRateLow", "info", "The prefix cache answers fewer than 20 % of prompts."],
  ["CostPerHourHigh", "warning", "This hour costs three times the usual hour."],
  ["EmbeddingBacklogGrows", "info", "Documents arrive faster than they are embedded."],
  ["SafetyFilterTimeouts", "critical", "The safety filter misses its 500 ms deadline."],
  ["ModelReplicaRestarting", "warning", "A replica restarted more than 3 times in 10 minutes."],
];

/** After so many alerts, rules, services, pools and tenants come in the same order again. */
const cycle = ruleRun * services.length * tenants;

/** An alert's text is `before`, the time of its end, `middle`, its name and `after`. */
type Frame = { before: string; middle: string; after: string };

export class AlertBatches {
  readonly #mix: Mix;
  readonly #startsAt: string;
  /** Made when first needed: a virtual user that sends little keeps little. */
  readonly #frames: Frame[] = [];

  constructor(mix: Mix) {
    this.#mix = mix;
    this.#startsAt = new Date(mix.startsAtMs).toISOString();
  }

  /** The part of the population that request `n` sends for the first time; 0 alerts: no more. */
  fill(n: number, nowMs: number): Batch {
    const { batch, population } = this.#mix;
    const alerts = Math.max(0, Math.min(batch, population - n * batch));
    const run = this.#run(n * batch, alerts, "known", population, ends(nowMs + endsAfterMs));
    return { body: `[${run}]`, alerts, fresh: alerts };
  }

  /** The n-th request of the phase. */
  request(n: number, nowMs: number): Batch {
    const { batch, population, phase, resolveAfter } = this.#mix;
    const firstNew = this.#newBefore(n);
    const fresh = this.#newBefore(n + 1) - firstNew;
    const endsAt = ends(nowMs + endsAfterMs);
    const runs: string[] = [];
    if (fresh > 0) runs.push(this.#run(firstNew, fresh, phase, Infinity, endsAt));
    let over = 0;
    const past = n - resolveAfter;
    if (resolveAfter > 0 && past >= 0) {
      const firstOver = this.#newBefore(past);
      over = this.#newBefore(past + 1) - firstOver;
      if (over > 0) runs.push(this.#run(firstOver, over, phase, Infinity, ends(nowMs)));
    }
    const known = Math.max(0, batch - fresh - over);
    if (known > 0) runs.push(this.#run(n * batch, known, "known", population, endsAt));
    return { body: `[${runs.join(",")}]`, alerts: fresh + over + known, fresh };
  }

  #newBefore(n: number): number {
    const { batch, repeats, resolveAfter } = this.#mix;
    const perRequest = (batch * (1 - repeats)) / (resolveAfter > 0 ? 2 : 1);
    // The tiny addition: 64 × (1 − 0.75) must not be 15.999….
    return Math.floor(n * perRequest + 1e-6);
  }

  /** `count` alerts in a row, whose numbers go round `modulus`; all end at the same time. */
  #run(first: number, count: number, phase: string, modulus: number, endsAt: string): string {
    const { run, seed } = this.#mix;
    const segments: string[] = [];
    let segment = "";
    for (let i = first; i < first + count; i++) {
      const index = i % modulus;
      const { before, middle, after } = this.#frame((index + seed) % cycle);
      segments.push(segment + before);
      segment = `${middle}gpu-${run}-${phase}-${index}${after}${i + 1 < first + count ? "," : ""}`;
    }
    segments.push(segment);
    return segments.join(endsAt);
  }

  #frame(kind: number): Frame {
    const found = this.#frames[kind];
    if (found !== undefined) return found;
    const [name, severity, description] = rules[Math.floor(kind / ruleRun) % rules.length]!;
    const service = `${services[Math.floor(kind / tenants) % services.length]!}-${kind % pools}`;
    const frame = {
      before:
        `{"annotations":{"description":"${description}","summary":"${name} on ${service}"},` +
        `"endsAt":"`,
      middle:
        `","startsAt":"${this.#startsAt}","generatorURL":` +
        `"http://prometheus.internal:9090/graph?g0.expr=llm%3A${name}&g0.tab=1",` +
        `"labels":{"alertname":"${name}","environment":"production","instance":"`,
      after:
        `:9400","job":"inference-gateway","model_id":"assistant-large-2",` +
        `"service":"${service}","severity":"${severity}","tenant_id":"tenant-${kind % tenants}"}}`,
    };
    this.#frames[kind] = frame;
    return frame;
  }
}

function ends(ms: number): string {
  return new Date(ms).toISOString();
}
