/**
 * Senders that never stop: each request carries alerts nobody else ever sends (label `seq`) and
 * repeats of a few steady series. It remembers what was acknowledged, what surely was not, and
 * what may or may not have got in, for the reconciliation at the end.
 */
import { Random } from "../random.ts";

const uniquePerRequest = 6;
const repeatsPerRequest = 6;
const requestTimeoutMs = 5_000;
const pauseMs = 40;
const series = 24;

export type Sent = { acknowledged: number; sent: number };

export class Firehose {
  /** `seq` labels of alerts in requests that got a 2xx. */
  readonly acknowledged = new Set<string>();
  /** Those of all requests. */
  readonly sent = new Set<string>();
  readonly series = new Map<string, Sent>();
  /** Requests answered with a 2xx so far. */
  accepted = 0;
  /** Requests refused (429, 503) or broken so far. */
  refused = 0;
  /** Answers that no crash explains, e.g. a 400. */
  readonly surprises: string[] = [];
  private readonly random: Random;
  private readonly address: () => string;
  private running = false;
  private next = 0;
  private workers: Promise<void>[] = [];

  /** @param address the program's present URL; it changes with every restart. */
  constructor(seed: number, address: () => string) {
    this.random = new Random(seed);
    this.address = address;
  }

  start(workers: number): void {
    this.running = true;
    this.workers = Array.from({ length: workers }, () => this.work());
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.workers);
  }

  private async work(): Promise<void> {
    while (this.running) {
      await this.request();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  private async request(): Promise<void> {
    const unique = Array.from({ length: uniquePerRequest }, () => `s${++this.next}`);
    const repeats = Array.from({ length: repeatsPerRequest }, () =>
      `r${this.random.between(1, series)}`,
    );
    for (const seq of unique) this.sent.add(seq);
    for (const name of repeats) this.book(name).sent += 1;
    const body = JSON.stringify([...unique, ...repeats].map(alert));
    const ok = await this.post(body);
    if (!ok) {
      this.refused += 1;
      return;
    }
    this.accepted += 1;
    for (const seq of unique) this.acknowledged.add(seq);
    for (const name of repeats) this.book(name).acknowledged += 1;
  }

  private async post(body: string): Promise<boolean> {
    try {
      const response = await fetch(`${this.address()}/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      const text = await response.text();
      const known = response.ok || response.status === 503 || response.status === 429;
      if (!known) this.surprises.push(`${response.status} ${text.slice(0, 200)}`);
      return response.ok;
    } catch {
      return false; // the connection broke: it may or may not have been stored
    }
  }

  private book(name: string): Sent {
    const known = this.series.get(name) ?? { acknowledged: 0, sent: 0 };
    this.series.set(name, known);
    return known;
  }
}

/** The name decides everything, so that a repeat is byte for byte a repeat. */
function alert(name: string): object {
  const number = Number(name.slice(1));
  const service = ["gateway", "inference", "billing", "search"][number % 4];
  const steady = name.startsWith("r");
  return {
    labels: {
      alertname: steady ? "SteadyBurn" : "Burst",
      service,
      tenant_id: number % 3 === 0 ? "acme" : "globex",
      severity: steady && number % 4 === 0 ? "critical" : "warning",
      seq: name,
    },
    annotations: { summary: `${service} is on fire` },
    startsAt: "2026-01-01T00:00:00Z",
  };
}
