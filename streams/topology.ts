/**
 * Creates, or brings up to date, the streams and buckets that Tocsin lives in.
 * Limits are generous but finite; a full input log refuses (`discard: new`), so that a sender
 * sees a 503 and nothing is lost silently (I9).
 */
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  jetstreamManager,
} from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/nats-core";
import { Objm } from "@nats-io/obj";
import { bucketNames, streamNames } from "./subjects.ts";

export type TopologyOptions = {
  replicas: number;
  /** Limits of the input and work logs together with the step log, bytes each. */
  inputBytesMax: number;
  stepBytesMax: number;
  /** How long subscribers may read incident events back, ms. */
  incidentsAgeMs: number;
};

export const defaultTopology: TopologyOptions = {
  replicas: 1,
  inputBytesMax: 8 * 1024 ** 3,
  stepBytesMax: 16 * 1024 ** 3,
  incidentsAgeMs: 30 * 24 * 3_600_000,
};

/** Covers a crashed owner's publishes that are still in flight when the next owner starts. */
const duplicateWindowMs = 10 * 60_000;
const outboxAgeMs = 7 * 24 * 3_600_000;
const deadAgeMs = 30 * 24 * 3_600_000;
const nanosPerMs = 1_000_000;
const nanos = (ms: number): number => ms * nanosPerMs;

export async function createTopology(
  connection: NatsConnection,
  options: TopologyOptions = defaultTopology,
): Promise<void> {
  const jsm = await jetstreamManager(connection);
  for (const stream of streams(options)) await ensureStream(jsm, stream);
  const kvm = new Kvm(connection);
  const bucket = { history: 1, replicas: options.replicas };
  await kvm.create(bucketNames.timers, bucket);
  await kvm.create(bucketNames.incidents, bucket);
  await kvm.create(bucketNames.meta, bucket);
  await kvm.create(bucketNames.keys, bucket);
  await kvm.create(bucketNames.heartbeats, bucket);
  await new Objm(connection).create(bucketNames.snapshots, { replicas: options.replicas });
}

type StreamWish = Partial<StreamConfig> & { name: string; subjects: string[] };

function streams(options: TopologyOptions): StreamWish[] {
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: options.replicas,
    duplicate_window: nanos(duplicateWindowMs),
    allow_direct: true,
  };
  const log = { ...common, duplicate_window: nanos(120_000) };
  return [
    { ...log, name: streamNames.input, subjects: ["in.*"], max_bytes: options.inputBytesMax },
    { ...log, name: streamNames.work, subjects: ["work.*"], max_bytes: options.inputBytesMax },
    { ...log, name: streamNames.steps, subjects: ["step.*.*"], max_bytes: options.stepBytesMax },
    {
      ...common,
      name: streamNames.incidents,
      subjects: ["incidents.>"],
      discard: DiscardPolicy.Old,
      max_age: nanos(options.incidentsAgeMs),
    },
    {
      ...common,
      name: streamNames.outbox,
      subjects: ["outbox.>"],
      discard: DiscardPolicy.Old,
      max_age: nanos(outboxAgeMs),
    },
    {
      ...common,
      name: streamNames.dead,
      subjects: ["dead.>"],
      discard: DiscardPolicy.Old,
      max_age: nanos(deadAgeMs),
      max_bytes: 1024 ** 3,
    },
  ];
}

async function ensureStream(jsm: JetStreamManager, wish: StreamWish): Promise<void> {
  try {
    await jsm.streams.info(wish.name);
  } catch {
    await jsm.streams.add(wish);
    return;
  }
  await jsm.streams.update(wish.name, wish);
}

/** The stream that stores a log subject. @throws for a subject that no stream stores. */
export function streamOf(subject: string): string {
  const head = subject.slice(0, subject.indexOf("."));
  switch (head) {
    case "in":
      return streamNames.input;
    case "work":
      return streamNames.work;
    case "step":
      return streamNames.steps;
    case "incidents":
      return streamNames.incidents;
    case "outbox":
      return streamNames.outbox;
    case "dead":
      return streamNames.dead;
    default:
      throw new Error(`no stream stores the subject ${subject}`);
  }
}
