/**
 * Tocsin without a log, for the doors of other senders: real HTTP, the real intake, and behind it
 * the real dedup and incident stages. A frame is worked off before its request is answered.
 */
import type { LearntEdge } from "../actors/correlation/learnt-edges.ts";
import type { TopologyConfig } from "../actors/correlation/correlator.ts";
import { randomUUID } from "node:crypto";
import { FrameIntake } from "../ingress/alert-intake.ts";
import { Batcher } from "../ingress/batcher.ts";
import { HttpServer } from "../ingress/http-server.ts";
import { LagGate } from "../ingress/lag-gate.ts";
import type { SenderDeps } from "../ingress/senders/sender-deps.ts";
import { anyone } from "../ingress/senders/sender-deps.ts";
import { registerSamples } from "../ingress/samples/sample-routes.ts";
import type { SeriesKeeper } from "../ingress/samples/series-keeper.ts";
import { registerSenders } from "../ingress/senders/sender-routes.ts";
import { type Section, sectionsOf } from "../runtime/bundle.ts";
import { loadConfig } from "../runtime/config/load.ts";
import type { MetricsConfig } from "../runtime/config/metrics-section.ts";
import { DedupStage } from "../runtime/dedup-stage.ts";
import type { ListedAlert } from "../runtime/alert-list.ts";
import { type Heartbeat, heartbeatKey } from "../runtime/heartbeat.ts";
import type { RedactionConfig } from "../runtime/config/redaction-section.ts";
import type { HeartbeatStore } from "../runtime/ports.ts";
import type { DedupOutput } from "../runtime/step.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { joined } from "../streams/alert-client.ts";
import { codec } from "../streams/codec.ts";
import { StageIncidents } from "./incident-world.ts";
import { silentLog } from "./ingress-door.ts";

const places = { partitions: 4, lanes: 2 };

export type SenderWorld = {
  url: string;
  incidents: StageIncidents;
  intake: FrameIntake;
  alerts: SenderDeps["alerts"];
  /** The configuration of metrics in force; a test may exchange it. */
  metrics: { inForce: MetricsConfig };
  topology: { inForce: TopologyConfig | null };
  /** Edges of the service graph that metrics of traces brought. */
  seen: LearntEdge[];
  samples: SeriesKeeper;
  /** Whatever the dedup stage has told, in that order. */
  events: DedupOutput["event"][];
  /** The alerts that fire, in the order of their fingerprints. */
  firing(): Promise<ListedAlert[]>;
  /** While it is set, the log takes nothing. */
  refusal: { error: Error | null };
  /** @param body text as it is, anything else as JSON. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>;
  close(): Promise<void>;
};

const newStage = (): DedupStage => new DedupStage({ codec, config: null });

/** @param changes in place of what the doors get. */
export async function openSenderWorld(
  changes: Partial<SenderDeps> = {},
  redaction: RedactionConfig | null = null,
): Promise<SenderWorld> {
  const incidents = new StageIncidents();
  const refusal: SenderWorld["refusal"] = { error: null };
  const stages = Array.from({ length: places.partitions }, newStage);
  const events: DedupOutput["event"][] = [];
  let seq = 0;
  const apply = ({ partition, data }: Section): void => {
    const outputs: DedupOutput[] = [];
    seq += 1;
    stages[partition]?.apply(data, { seq, timeMs: Date.now() }, (one) => outputs.push(one));
    const items = outputs.map(({ event }, index) => ({ stepSeq: seq, index, event }));
    events.push(...items.map(({ event }) => event));
    if (items.length > 0) incidents.apply({ kind: "alerts", partition, items });
  };
  const publish = async (_lane: number, bundle: Uint8Array): Promise<void> => {
    if (refusal.error !== null) throw refusal.error;
    sectionsOf(Uint8Array.from(bundle))?.forEach(apply);
  };
  const intake = new FrameIntake({
    ...{ nowMs: Date.now, cacheSeed: 7, resolveTimeoutMs: 300_000 },
    ...{ batcher: new Batcher(places, publish), gate: new LagGate(() => 0, 5_000) },
    ...(redaction === null ? {} : { redaction }),
  });
  const alerts: SenderDeps["alerts"] = {
    list: async (filters, limit, after) =>
      joined(stages.map((stage) => stage.list({ filters, limit, after })), limit),
  };
  const server = new HttpServer({ log: silentLog });
  const keeper = registerSenders(server.route, {
    ...{ intake, alerts, incidents, clock: systemClock, newId: randomUUID, log: silentLog },
    ...{ heartbeats: memoryHeartbeats(), sources: [] },
    authenticate: () => anyone,
    ...changes,
  });
  keeper.start();
  const metrics = { inForce: loadConfig(null).metrics };
  const topology = { inForce: loadConfig(null).correlation.topology };
  const seen: LearntEdge[] = [];
  const samples = registerSamples(server.route, {
    ...{ intake, alerts, clock: systemClock, log: silentLog },
    metrics: () => metrics.inForce,
    topology: () => topology.inForce,
    graphs: { see: async (edges) => void seen.push(...edges) },
  });
  samples.start();
  const { port } = await server.listen("127.0.0.1", 0);
  const url = `http://127.0.0.1:${port}`;
  return {
    ...{ url, incidents, intake, events, alerts, metrics, topology, seen, samples, refusal },
    firing: async () => (await alerts.list([], 1_000, "")).items,
    async send(method, path, body, headers = {}) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const sent = body === undefined ? {} : { body: new Uint8Array(Buffer.from(text)) };
      const response = await fetch(`${url}${path}`, { method, headers, ...sent });
      const answer = await response.text();
      return {
        status: response.status,
        body: (answer === "" ? {} : JSON.parse(answer)) as Record<string, unknown>,
        headers: response.headers,
      };
    },
    async close() {
      await Promise.all([keeper.stop(), samples.stop()]);
      await server.drain(1_000);
    },
  };
}

/** A store that keeps what it is given as JSON, as the real one does. */
export function memoryHeartbeats(): HeartbeatStore {
  const stored = new Map<string, string>();
  return {
    all: async () => [...stored.values()].map((text) => JSON.parse(text) as Heartbeat),
    put: async (each) => void stored.set(heartbeatKey(each), JSON.stringify(each)),
    delete: async (name) => void stored.delete(heartbeatKey(name)),
  };
}
