/**
 * How soon does a new alert become an event of its incident? From its acceptance (the 200 was read)
 * and from when its request was due, until a subscriber of the public stream has the event. Rates
 * are fixed (open-loop.ts), 95 % of the alerts are repeats, and only new ones make events.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { workedOff } from "./backlog.ts";
import { median } from "./bench.ts";
import type { Bench, BenchSettings, Measurement } from "./bench.ts";
import type { Running } from "./contenders.ts";
import type { ListenerData, ListenerMessage } from "./incident-listener.ts";
import { delaysOf, spread } from "./new-alerts.ts";
import type { Delays, Sent } from "./new-alerts.ts";
import { runOpenLoop } from "./open-loop.ts";
import type { OpenResult } from "./open-loop.ts";
import { fill } from "./paired.ts";

const rates = [10_000, 25_000, 50_000];
const alertsPerRequest = 60;
const newPerRequest = 3;
const population = 10_240;
const connections = 32;
/** As many times the length of a round: a percentile of rare events needs many. */
const roundsLong = 3;
/** Events that have not come this long after the last answer do not come. */
const eventsWithinMs = 15_000;
const pollMs = 250;

type Round = { delays: Delays; load: OpenResult };

export const latency: Bench = {
  name: "latency",
  question: "time from an alert to its incident's event in the public stream, 95 % repeats",
  async run(settings: BenchSettings): Promise<Measurement[]> {
    const measurements: Measurement[] = [];
    for (const rate of rates) {
      if (!String(rate).includes(settings.match)) continue;
      const rounds: Round[] = [];
      for (let nth = 0; nth < settings.rounds; nth++) {
        const round = await measureRound(rate, settings);
        rounds.push(round);
        settings.say(`latency at ${rate}/s round ${nth + 1}: ${describe(round)}`);
      }
      measurements.push(...measurementsOf(rate, rounds));
    }
    return measurements;
  },
};

async function measureRound(rate: number, settings: BenchSettings): Promise<Round> {
  const server = await settings.tocsin.start();
  let listener: Listener | null = null;
  try {
    await fill(server, { connections, alertsPerRequest, population }, settings);
    await workedOff(server);
    listener = await Listener.start(await natsUrlOf(server));
    const sent: Sent[] = [];
    const { timeOrigin } = performance;
    const measuredFromMs = performance.now() + settings.warmUpMs;
    const load = await runOpenLoop({
      ...{ host: server.host, port: server.port, path: "/api/v2/alerts" },
      ...{ connections, alertsPerRequest, newPerRequest, population },
      alertsPerSecond: rate,
      durationMs: settings.warmUpMs + settings.roundMs * roundsLong,
      firstAlert: settings.seed,
      onNew({ firstNew, dueMs, answeredMs }) {
        if (dueMs < measuredFromMs) return;
        const times = { dueMs: timeOrigin + dueMs, acceptedMs: timeOrigin + answeredMs };
        for (let i = 0; i < newPerRequest; i++) sent.push({ alert: firstNew + i, ...times });
      },
    });
    return { delays: await listener.delays(sent), load };
  } finally {
    await listener?.stop();
    await server.stop();
  }
}

async function natsUrlOf({ host, port }: Running): Promise<string> {
  const status = await (await fetch(`http://${host}:${port}/v1/status`)).json();
  return (status as { nats: { url: string } }).nats.url;
}

/** The bench's side of the thread in incident-listener.ts. */
class Listener {
  readonly #worker: Worker;
  readonly #heardAtMs = new Map<string, number>();

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async start(natsUrl: string): Promise<Listener> {
    const workerData: ListenerData = { natsUrl };
    const worker = new Worker(new URL("incident-listener.ts", import.meta.url), { workerData });
    const listener = new Listener(worker);
    await listener.#next();
    return listener;
  }

  /** Waits for the events that are still to come. */
  async delays(sent: Sent[]): Promise<Delays> {
    const untilMs = performance.now() + eventsWithinMs;
    for (;;) {
      await this.#collect();
      const delays = delaysOf(sent, this.#heardAtMs);
      if (delays.unmatched === 0 || performance.now() > untilMs) return delays;
      await pause(pollMs);
    }
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  async #collect(): Promise<void> {
    const answer = this.#next();
    this.#worker.postMessage("what was heard");
    const message = await answer;
    if (message.kind !== "heard") return;
    message.fingerprints.forEach((fingerprint, i) => {
      const atMs = message.atMs[i] ?? 0;
      if (!this.#heardAtMs.has(fingerprint)) this.#heardAtMs.set(fingerprint, atMs);
    });
  }

  #next(): Promise<ListenerMessage> {
    return new Promise((resolve, reject) => {
      this.#worker.once("error", reject);
      this.#worker.once("message", (message: ListenerMessage) => {
        this.#worker.off("error", reject);
        resolve(message);
      });
    });
  }
}

function measurementsOf(rate: number, rounds: Round[]): Measurement[] {
  const spans = ["fromAcceptance", "fromDue"] as const;
  const names = { fromAcceptance: "from acceptance", fromDue: "from due time" };
  const measurements = spans.flatMap((span) =>
    (["p50", "p99", "max"] as const).map((what): Measurement => {
      const value = median(rounds.map(({ delays }) => spread(delays[span])[what]));
      return { name: `latency/${rate}/${names[span]} ${what}`, value, unit: "ms", better: "less" };
    }),
  );
  const unmatched = rounds.reduce((sum, { delays }) => sum + delays.unmatched, 0);
  const note = rounds.map(circumstances).join("; ");
  measurements.push({
    ...{ name: `latency/${rate}/unmatched`, value: unmatched, unit: "alerts", better: "less" },
    note,
  });
  return measurements;
}

function circumstances({ delays, load }: Round): string {
  return (
    `matched ${delays.fromDue.length}, unmatched ${delays.unmatched}, door p99 ` +
    `${load.p99Ms.toFixed(0)} ms, refused ${load.refused}, unsent ${load.unsent}`
  );
}

function describe(round: Round): string {
  const { delays } = round;
  const [fromAcceptance, fromDue] = [delays.fromAcceptance, delays.fromDue].map((sorted) => {
    const { p50, p99, max } = spread(sorted);
    return `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, max ${max.toFixed(0)} ms`;
  });
  const delay = `from acceptance ${fromAcceptance}; from due time ${fromDue}`;
  return `${delay}; ${circumstances(round)}`;
}
