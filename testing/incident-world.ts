/**
 * A small Tocsin for tests of the API and the command line: the real HTTP server, the real
 * routes and the real incident stage, without a log between them. Alerts are only collected.
 */
import type {
  Command,
  CommandOutcome,
  IncidentEvent,
  IncidentOutput,
} from "../actors/incident/types.ts";
import type { FormatIntake } from "../ingress/alert-intake.ts";
import { HttpServer } from "../ingress/http-server.ts";
import { json } from "../ingress/http.ts";
import { registerIncidents } from "../ingress/incident-routes.ts";
import { register as registerAlerts } from "../ingress/native.ts";
import { RetryableError } from "../runtime/errors.ts";
import { IncidentStage } from "../runtime/incident-stage.ts";
import type {
  IncidentFilter,
  IncidentPage,
  IncidentService,
  IntakeResult,
} from "../runtime/services.ts";
import type { WorkRecord } from "../runtime/work.ts";
import { codec } from "../streams/codec.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** IncidentService over one stage in memory; each call is one record, one millisecond apart. */
export class StageIncidents implements IncidentService {
  stage = new IncidentStage({ codec, partition: 0, config: null });
  events: IncidentEvent[] = [];
  /** So many commands take effect, and their answer is lost. */
  lostAnswers = 0;
  #nowMs = Date.now() - 60_000;
  #seq = 0;

  apply(record: WorkRecord): IncidentOutput[] {
    const outputs: IncidentOutput[] = [];
    this.#seq += 1;
    this.#nowMs += 1;
    this.stage.apply(codec.encode(record), { seq: this.#seq, timeMs: this.#nowMs }, (output) => {
      outputs.push(output);
      if (output.kind === "event") this.events.push(output.event);
    });
    return outputs;
  }

  /** An alert opens, with these labels. */
  alert(labels: Record<string, string>, annotations: Record<string, string> = {}): void {
    const fingerprint = (this.#seq + 1).toString(16).padStart(16, "0");
    const body = { labels, annotations, generatorURL: "", dedupKey: null };
    const times = { atMs: this.#nowMs, startsAtMs: this.#nowMs, endsAtMs: this.#nowMs + 300_000 };
    const event = { kind: "opened" as const, fingerprint, received: 1 as const, ...times, body };
    const item = { stepSeq: this.#seq + 1, index: 0, event };
    this.apply({ kind: "alerts", partition: 0, items: [item] });
  }

  async execute(command: Command): Promise<CommandOutcome> {
    const outputs = this.apply({ kind: "command", command: { ...command, replyTo: "test" } });
    const reply = outputs.find((output) => output.kind === "reply");
    if (reply === undefined) throw new Error("the stage did not answer a command");
    if (this.lostAnswers > 0) {
      this.lostAnswers -= 1;
      throw new RetryableError("the incident's owner did not answer in time", { retryAfterMs: 0 });
    }
    return reply.outcome;
  }

  async list(filter: IncidentFilter, limit: number, cursor: string | null): Promise<IncidentPage> {
    return this.stage.list(filter, limit, cursor);
  }

  get = async (id: string) => this.stage.get(id);
  timeline = async (id: string) => this.stage.timeline(id);
  members = async (id: string, from: number, limit: number) => {
    return this.stage.members(id, from, limit);
  };
}

/** Takes every alert that has a label, and is as busy as it is told to be. */
class CollectingIntake implements FormatIntake {
  #alerts: Record<string, unknown>[];
  #batches: number[];
  #settings: { busyAnswers: number };

  constructor(
    alerts: Record<string, unknown>[],
    batches: number[],
    settings: { busyAnswers: number },
  ) {
    this.#alerts = alerts;
    this.#batches = batches;
    this.#settings = settings;
  }

  asStored = <Texts>(texts: Texts): Texts => texts;

  async submit(body: Uint8Array): Promise<IntakeResult> {
    if (this.#settings.busyAnswers > 0) {
      this.#settings.busyAnswers -= 1;
      const reason = "too many alerts are in flight";
      return { kind: "overloaded", status: 429, retryAfterSeconds: 0, reason };
    }
    const given = JSON.parse(Buffer.from(body).toString("utf8")) as Record<string, unknown>[];
    const good = given.filter((alert) => Object.keys(alert["labels"] ?? {}).length > 0);
    const reason = "at least one label is required";
    const rejected = given.flatMap((alert, index) =>
      good.includes(alert) ? [] : [{ index, reason, field: "labels", value: "{}" }],
    );
    this.#alerts.push(...good);
    this.#batches.push(given.length);
    return { kind: "accepted", accepted: good.length, rejected };
  }

  submitLines = (body: Uint8Array): Promise<IntakeResult> => this.submit(body);
  submitWith = (body: Uint8Array): Promise<IntakeResult> => this.submit(body);
}

export type IncidentWorld = {
  url: string;
  incidents: StageIncidents;
  /** What POST /v1/alerts accepted, in order. */
  alerts: Record<string, unknown>[];
  /** Sizes of the requests that it answered with success. */
  batches: number[];
  /** Change them to change what the server does. */
  settings: { busyAnswers: number; natsUrl: string };
  close(): Promise<void>;
};

export async function startIncidentWorld(): Promise<IncidentWorld> {
  const server = new HttpServer({ log: quiet });
  const incidents = new StageIncidents();
  const alerts: Record<string, unknown>[] = [];
  const batches: number[] = [];
  const settings = { busyAnswers: 0, natsUrl: "" };
  let ids = 0;
  registerIncidents(server.route, { incidents, newId: () => `test-${++ids}` });
  server.route("GET", "/v1/status", () => {
    return json(200, { version: "0.1.0", nats: { url: settings.natsUrl } });
  });
  registerAlerts(server.route, { intake: new CollectingIntake(alerts, batches, settings) });
  const { port } = await server.listen("127.0.0.1", 0);
  return {
    url: `http://127.0.0.1:${port}`,
    incidents,
    alerts,
    batches,
    settings,
    close: () => server.drain(1_000),
  };
}
