/**
 * Request bodies as a Prometheus of an LLM platform would send them: its field order, 8 labels,
 * about 500 bytes an alert. k6 interprets its scripts, so most of a body is text that is built
 * once, with the times that change between its pieces, joined by native code.
 *
 * B1 An alert is its number: the same number always has the same labels, no other one has them.
 * B2 Of a phase's requests, exactly the asked share is new, however small the batch: the new
 *    alerts of request n are those between two multiples of the share.
 * B3 Repeats go round a population that was sent before the phase, so they are repeats. Virtual
 *    users share it: each repeats its own part, as each Prometheus repeats its own alerts.
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

/** Which of the virtual users that share the population this is, from 0. */
export type Share = { user: number; users: number };

/** Alerts in a row, as the texts around the times of their ends: one more than there are alerts. */
type Row = string[];

export class AlertBatches {
  readonly #mix: Mix;
  readonly #startsAt: string;
  /** The rows of the population that this user repeats, by turns, once they are made. */
  readonly #rows: { slot: number; row: Row | null }[] = [];
  #turn = 0;

  constructor(mix: Mix, { user, users }: Share = { user: 0, users: 1 }) {
    this.#mix = mix;
    this.#startsAt = new Date(mix.startsAtMs).toISOString();
    const slots = Math.ceil(mix.population / mix.batch);
    const first = users >= slots ? user % slots : user % users;
    for (let slot = first; slot < slots; slot += users) this.#rows.push({ slot, row: null });
  }

  /** The part of the population that request `n` sends for the first time; 0 alerts: no more. */
  fill(n: number, nowMs: number): Batch {
    const { batch, population } = this.#mix;
    const alerts = Math.max(0, Math.min(batch, population - n * batch));
    const row = alerts === 0 ? [] : this.#row(n * batch, alerts, "known", population);
    return { body: `[${row.join(ends(nowMs + endsAfterMs))}]`, alerts, fresh: alerts };
  }

  /** The n-th request of the phase. */
  request(n: number, nowMs: number): Batch {
    const { batch, phase, resolveAfter } = this.#mix;
    const firstNew = this.#newBefore(n);
    const fresh = this.#newBefore(n + 1) - firstNew;
    const endsAt = ends(nowMs + endsAfterMs);
    // One array, joined once: each + would copy the whole body again.
    const texts: string[] = ["["];
    if (fresh > 0) texts.push(this.#row(firstNew, fresh, phase, Infinity).join(endsAt), ",");
    let over = 0;
    const past = n - resolveAfter;
    if (resolveAfter > 0 && past >= 0) {
      const firstOver = this.#newBefore(past);
      over = this.#newBefore(past + 1) - firstOver;
      if (over > 0) texts.push(this.#row(firstOver, over, phase, Infinity).join(ends(nowMs)), ",");
    }
    const known = Math.max(0, batch - fresh - over);
    if (known > 0) this.#pushRepeats(known, endsAt, texts);
    else texts.pop();
    texts.push("]");
    return { body: texts.join(""), alerts: fresh + over + known, fresh };
  }

  #newBefore(n: number): number {
    const { batch, repeats, resolveAfter } = this.#mix;
    const perRequest = (batch * (1 - repeats)) / (resolveAfter > 0 ? 2 : 1);
    // The tiny addition: 64 × (1 − 0.75) must not be 15.999….
    return Math.floor(n * perRequest + 1e-6);
  }

  /** The next `count` alerts of the population. */
  #pushRepeats(count: number, endsAt: string, texts: string[]): void {
    const { batch, population } = this.#mix;
    const mine = this.#rows[this.#turn++ % this.#rows.length]!;
    const first = mine.slot * batch;
    mine.row ??= this.#row(first, batch, "known", population);
    const last = this.#afterEnd((first + count - 1) % population, "known");
    texts.push(mine.row.slice(0, count).join(endsAt), endsAt, last);
  }

  /** `count` alerts, from number `first` on; numbers go round `modulus`. */
  #row(first: number, count: number, phase: string, modulus: number): Row {
    const row: Row = [];
    let text = "";
    for (let i = first; i < first + count; i++) {
      row.push(text + this.#beforeEnd(i % modulus));
      text = `${this.#afterEnd(i % modulus, phase)},`;
    }
    row.push(text.slice(0, -1));
    return row;
  }

  #beforeEnd(index: number): string {
    const kind = index + this.#mix.seed;
    const [name, , description] = ruleOf(kind);
    const summary = `${name} on ${serviceOf(kind)}`;
    return `{"annotations":{"description":"${description}","summary":"${summary}"},"endsAt":"`;
  }

  #afterEnd(index: number, phase: string): string {
    const kind = index + this.#mix.seed;
    const [name, severity] = ruleOf(kind);
    return (
      `","startsAt":"${this.#startsAt}","generatorURL":` +
      `"http://prometheus.internal:9090/graph?g0.expr=llm%3A${name}&g0.tab=1",` +
      `"labels":{"alertname":"${name}","environment":"production",` +
      `"instance":"gpu-${this.#mix.run}-${phase}-${index}:9400","job":"inference-gateway",` +
      `"model_id":"assistant-large-2","service":"${serviceOf(kind)}",` +
      `"severity":"${severity}","tenant_id":"tenant-${kind % tenants}"}}`
    );
  }
}

function ruleOf(kind: number): (typeof rules)[number] {
  return rules[Math.floor(kind / ruleRun) % rules.length]!;
}

function serviceOf(kind: number): string {
  return `${services[Math.floor(kind / tenants) % services.length]!}-${kind % pools}`;
}

function ends(ms: number): string {
  return new Date(ms).toISOString();
}
