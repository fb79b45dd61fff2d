/**
 * A flood: batches of alerts that are due at a rate, whatever the program does; nearly all of
 * them repeats of series that it knows, the rest never sent before. Disasters do not end it:
 * senders connect again, to wherever the program is now. A sender that was told to come back
 * later does so, and the others go on; what was refused is not sent again.
 */
import { Agent, request } from "node:http";
import { Random } from "../random.ts";
import { FloodBooks, type Batch } from "./flood-books.ts";

const alertsPerRequest = 64;
const series = 4_096;
const newShare = 0.05;
/** Each has one request under way at most. */
const senders = 160;
const tickMs = 2;
/** What became due while no sender was free and is sent at once when they are; older is dropped. */
const owedMsMax = 500;
const answerWithinMs = 10_000;
const brokenPauseMs = 100;
/** Few of them, so that incidents grow by thousands of alerts each. */
const services = 12;
/** One wrong answer brings thousands of its kind. */
const surprisesMax = 20;

type Outcome =
  | { kind: "answer"; status: number; retryAfterMs: number; body: string }
  | { kind: "unreachable" }
  | { kind: "broken" };

export class Flood {
  readonly books = new FloodBooks(series);
  /** Alerts: written to a connection; answered with 200, with 429 or 503; never answered. */
  readonly counts = { sent: 0, accepted: 0, refused: 0, broken: 0 };
  /** Answers that no crash explains, e.g. a 400; the first of them. */
  readonly surprises: string[] = [];
  private readonly random: Random;
  private readonly address: () => string;
  private readonly alertsPerMs: number;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: senders });
  private readonly bodies = Array.from({ length: series }, (_, index) => alertJson("k", index));
  private running: Promise<void> | null = null;
  private over = false;
  private busy = 0;
  private owedNew = 0;

  /** @param address the program's present URL; it changes with every restart. */
  constructor(seed: number, alertsPerSecond: number, address: () => string) {
    this.random = new Random(seed);
    this.alertsPerMs = alertsPerSecond / 1000;
    this.address = address;
  }

  start(): void {
    this.running = this.run();
  }

  /** Resolves when no request is under way any more. */
  async stop(): Promise<void> {
    this.over = true;
    await this.running;
    this.agent.destroy();
  }

  private async run(): Promise<void> {
    let lastMs = performance.now();
    let owed = 0;
    while (!this.over) {
      const nowMs = performance.now();
      owed = Math.min(owed + (nowMs - lastMs) * this.alertsPerMs, owedMsMax * this.alertsPerMs);
      lastMs = nowMs;
      while (owed >= alertsPerRequest && this.busy < senders) {
        owed -= alertsPerRequest;
        void this.send();
      }
      await pause(tickMs);
    }
    while (this.busy > 0) await pause(tickMs);
  }

  private async send(): Promise<void> {
    this.busy += 1;
    const batch = this.batch();
    this.books.send(batch);
    const pauseMs = this.book(batch, await this.post(batch));
    // Whoever waits for the end of the flood need not wait for those who would come back.
    for (const endMs = performance.now() + pauseMs; !this.over && performance.now() < endMs; ) {
      await pause(Math.min(pauseMs, brokenPauseMs));
    }
    this.busy -= 1;
  }

  /** @returns how long the sender now keeps quiet, ms. */
  private book(batch: Batch, outcome: Outcome): number {
    const { books, counts } = this;
    // Nobody listened, so no byte left.
    if (outcome.kind === "unreachable") {
      books.takeBack(batch);
      return brokenPauseMs;
    }
    counts.sent += alertsPerRequest;
    if (outcome.kind === "broken") {
      counts.broken += alertsPerRequest;
      return brokenPauseMs;
    }
    const { status, retryAfterMs, body } = outcome;
    if (status === 200) {
      books.acknowledge(batch);
      counts.accepted += alertsPerRequest;
      return 0;
    }
    counts.refused += alertsPerRequest;
    // Told before the body is looked at; a 503 may come after some of its alerts were stored.
    if (status === 429) books.takeBack(batch);
    else if (status !== 503 && this.surprises.length < surprisesMax) {
      this.surprises.push(`${status} ${body.slice(0, 200)}`);
    }
    return retryAfterMs;
  }

  private batch(): Batch {
    this.owedNew += alertsPerRequest * newShare;
    const fresh: number[] = [];
    for (; this.owedNew >= 1; this.owedNew -= 1) fresh.push(this.books.makeNew());
    const known = Array.from({ length: alertsPerRequest - fresh.length }, () =>
      this.random.between(0, series - 1),
    );
    return { known, fresh };
  }

  /** Never rejects, and never sends twice. */
  private post({ known, fresh }: Batch): Promise<Outcome> {
    const alerts = [
      ...known.map((index) => this.bodies[index]),
      ...fresh.map((index) => alertJson("n", index)),
    ];
    const body = Buffer.from(`[${alerts.join(",")}]`);
    const { hostname: host, port } = new URL(this.address());
    const headers = { "content-type": "application/json", "content-length": body.length };
    const path = "/api/v2/alerts";
    return new Promise((resolve) => {
      const sending = request({ host, port, method: "POST", path, headers, agent: this.agent });
      const late = setTimeout(() => sending.destroy(new Error("no answer")), answerWithinMs);
      const finish = (outcome: Outcome): void => {
        clearTimeout(late);
        resolve(outcome);
      };
      const fail = (error: NodeJS.ErrnoException): void => {
        finish({ kind: error.code === "ECONNREFUSED" ? "unreachable" : "broken" });
      };
      sending.once("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.once("error", fail);
        response.once("end", () => {
          const status = response.statusCode ?? 0;
          const retryAfterMs = Number(response.headers["retry-after"] ?? 0) * 1000;
          finish({ kind: "answer", status, retryAfterMs, body: text });
        });
      });
      sending.on("error", fail);
      sending.end(body);
    });
  }
}

/** Name and number decide everything, so that a repeat is byte for byte a repeat. */
function alertJson(name: "k" | "n", number: number): string {
  const service = `model-${number % services}`;
  return JSON.stringify({
    labels: {
      alertname: name === "k" ? "FloodKnown" : "FloodNew",
      service,
      tenant_id: number % 3 === 0 ? "acme" : "globex",
      severity: "warning",
      flood: `${name}${number}`,
    },
    annotations: { summary: `${service} is under water` },
    startsAt: "2026-01-01T00:00:00Z",
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
