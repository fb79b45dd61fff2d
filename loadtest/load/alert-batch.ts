/**
 * Request bodies as a Prometheus of an LLM platform would send them: its field order, 8 labels,
 * about 500 bytes an alert. What alerts have in common is text built once; a body is little more
 * than joining it.
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

export class AlertBatches {
  readonly #mix: Mix;
  readonly #fixed: { open: string; middle: string; tail: string }[];

  constructor(mix: Mix) {
    this.#mix = mix;
    const startsAt = new Date(mix.startsAtMs).toISOString();
    this.#fixed = rules.map(([name, severity, description]) => ({
      open: `{"annotations":{"description":"${description}","summary":"${name} on `,
      middle:
        `","startsAt":"${startsAt}","generatorURL":` +
        `"http://prometheus.internal:9090/graph?g0.expr=llm%3A${name}&g0.tab=1",` +
        `"labels":{"alertname":"${name}","environment":"production","instance":"`,
      tail: `","severity":"${severity}","tenant_id":"tenant-`,
    }));
  }

  /** The part of the population that request `n` sends for the first time; 0 alerts: no more. */
  fill(n: number, nowMs: number): Batch {
    const { batch, population } = this.#mix;
    const alerts = Math.max(0, Math.min(batch, population - n * batch));
    const endsAt = later(nowMs);
    const texts: string[] = [];
    for (let i = 0; i < alerts; i++) texts.push(this.#alert(n * batch + i, "known", endsAt));
    return { body: `[${texts.join(",")}]`, alerts, fresh: alerts };
  }

  /** The n-th request of the phase. */
  request(n: number, nowMs: number): Batch {
    const { batch, population, phase, resolveAfter } = this.#mix;
    const firstNew = this.#newBefore(n);
    const fresh = this.#newBefore(n + 1) - firstNew;
    const endsAt = later(nowMs);
    const texts: string[] = [];
    for (let i = 0; i < fresh; i++) texts.push(this.#alert(firstNew + i, phase, endsAt));
    const past = n - resolveAfter;
    if (resolveAfter > 0 && past >= 0) {
      const ended = new Date(nowMs).toISOString();
      for (let i = this.#newBefore(past); i < this.#newBefore(past + 1); i++) {
        texts.push(this.#alert(i, phase, ended));
      }
    }
    for (let i = n * batch; texts.length < batch; i++) {
      texts.push(this.#alert(i % population, "known", endsAt));
    }
    return { body: `[${texts.join(",")}]`, alerts: texts.length, fresh };
  }

  #newBefore(n: number): number {
    const { batch, repeats, resolveAfter } = this.#mix;
    const perRequest = (batch * (1 - repeats)) / (resolveAfter > 0 ? 2 : 1);
    // The tiny addition: 64 × (1 − 0.75) must not be 15.999….
    return Math.floor(n * perRequest + 1e-6);
  }

  #alert(index: number, phase: string, endsAt: string): string {
    const kind = index + this.#mix.seed;
    const { open, middle, tail } = this.#fixed[Math.floor(kind / 7) % rules.length]!;
    const service = `${services[Math.floor(kind / tenants) % services.length]!}-${kind % pools}`;
    return (
      `${open}${service}"},"endsAt":"${endsAt}${middle}` +
      `gpu-${this.#mix.run}-${phase}-${index}:9400","job":"inference-gateway",` +
      `"model_id":"assistant-large-2","service":"${service}${tail}${kind % tenants}"}}`
    );
  }
}

function later(nowMs: number): string {
  return new Date(nowMs + endsAfterMs).toISOString();
}
