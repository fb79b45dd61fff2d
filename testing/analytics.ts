/**
 * The analytics process over a real nats-server and real storage, for tests: steps go in as the
 * partition processors write them, rows come out.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager, type JetStreamClient } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import type { AlertEvent } from "../actors/alert/events.ts";
import type { IncidentOutput } from "../actors/incident/types.ts";
import type { Logger } from "../runtime/ports.ts";
import { encodeStep } from "../runtime/step-encoding.ts";
import { relayStart, type DedupStep, type IncidentStep, type StepHead } from "../runtime/step.ts";
import { startAnalytics, type AnalyticsChild } from "../streams/clickhouse/analytics-child.ts";
import { codec } from "../streams/codec.ts";
import { connectOptions } from "../streams/nats-connection.ts";
import { stepSubject } from "../streams/subjects.ts";
import { createTopology } from "../streams/topology.ts";
import { startNatsServer, type NatsServer } from "./nats-server.ts";

const deadlineMs = 20_000;
const pollMs = 15;

export class AnalyticsBench {
  nats: NatsServer;
  connection: NatsConnection;
  js: JetStreamClient;
  dataDir: string;
  /** Messages of warnings and errors that the child's side logged. */
  complaints: string[] = [];
  #children: AnalyticsChild[] = [];

  constructor(nats: NatsServer, connection: NatsConnection, dataDir: string) {
    this.nats = nats;
    this.connection = connection;
    this.js = jetstream(connection);
    this.dataDir = dataDir;
  }

  static async open(): Promise<AnalyticsBench> {
    const nats = await startNatsServer();
    const connection = await connect(connectOptions(nats.url, "analytics-bench"));
    await createTopology(connection);
    const dataDir = mkdtempSync(join(tmpdir(), "tocsin-analytics-"));
    return new AnalyticsBench(nats, connection, dataDir);
  }

  /** Starts the analytics process and waits until it answers. */
  async start(clickhouseUrl: string | null = null): Promise<AnalyticsChild> {
    const child = await this.startUnready(clickhouseUrl);
    await until("ClickHouse is ready", () => child.status().state === "ready");
    return child;
  }

  async startUnready(clickhouseUrl: string | null = null): Promise<AnalyticsChild> {
    const complain = (fields: object, message: string): void => {
      this.complaints.push(`${message} ${JSON.stringify(fields)}`);
    };
    const log: Logger = { debug() {}, info() {}, warn: complain, error: complain };
    const { dataDir } = this;
    const natsUrl = this.nats.url;
    const options = { dataDir, clickhouseUrl, natsUrl, retentionDays: 365, log };
    const child = await startAnalytics(options);
    this.#children.push(child);
    return child;
  }

  /** Appends one step and returns its sequence. */
  async alertStep(partition: number, events: AlertEvent[]): Promise<number> {
    const outputs = events.map((event) => ({ domain: "default/default", event }));
    const step: DedupStep = { kind: "step", ...this.#head(), outputs };
    return await this.#append(stepSubject("dedup", partition), encodeStep(codec, step));
  }

  async incidentStep(partition: number, outputs: IncidentOutput[]): Promise<number> {
    const step: IncidentStep = { kind: "step", ...this.#head(), outputs };
    return await this.#append(stepSubject("incident", partition), encodeStep(codec, step));
  }

  async rawStep(subject: string, data: Uint8Array): Promise<number> {
    return await this.#append(subject, data);
  }

  async stored(child: AnalyticsChild, seq: number): Promise<void> {
    await until(`step ${seq} is stored`, () => child.sinkPosition() >= seq, () => child.status());
  }

  async deadLetters(): Promise<Record<string, unknown>[]> {
    const manager = await jetstreamManager(this.connection);
    const letters: Record<string, unknown>[] = [];
    const { state } = await manager.streams.info("DEAD");
    for (let seq = state.first_seq; seq <= state.last_seq && seq > 0; seq++) {
      const message = await manager.streams.getMessage("DEAD", { seq });
      if (message !== null) letters.push(message.json<Record<string, unknown>>());
    }
    return letters;
  }

  async close(): Promise<void> {
    for (const child of this.#children) await child.stop();
    await this.connection.close();
    await this.nats.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #head(): StepHead {
    const timeMs = Date.now();
    return { owner: "bench", n: 1, inputSeq: 1, timeMs, relayed: relayStart, snapshot: "" };
  }

  async #append(subject: string, data: Uint8Array): Promise<number> {
    const ack = await this.js.publish(subject, data, { msgID: crypto.randomUUID(), retries: 10 });
    return ack.seq;
  }
}

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  state: () => unknown = () => "",
): Promise<void> {
  const giveUpMs = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > giveUpMs) {
      throw new Error(`waited too long until ${what}; state: ${JSON.stringify(state())}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
