/** What the process tells a door thread, and what the thread tells it back. */
import type { MessagePort } from "node:worker_threads";
import type { ApiKey } from "./api-keys.ts";
import type { TocsinConfig } from "./config/types.ts";
import type { RateLimits } from "./rate-limits.ts";

/** What a thread needs to ask for API keys, beside the bucket. */
export type DoorAuth = {
  limits: RateLimits;
  /** The process's buckets (rateMemory). */
  rates: SharedArrayBuffer;
  /** Keys that no bucket holds. */
  pinned: ApiKey[];
};

export type DoorTask = {
  door: string;
  natsUrl: string;
  host: string;
  port: number;
  ingest: TocsinConfig["ingest"];
  redaction: TocsinConfig["redaction"];
  /** Of the dedup stage, and the lanes that they share. */
  places: { partitions: number; lanes: number };
  /** What it stores is noted there (lag.ts). */
  newestStored: SharedArrayBuffer;
  logLevel: string;
  cacheSeed: number;
  routePrefix: string;
  /** Null: no keys are asked for. */
  auth: DoorAuth | null;
  link: MessagePort;
};

/** Besides the answers to forwarded requests (ingress/forwarding.ts). */
export type DoorCommand = { kind: "lag"; lagMs: number } | { kind: "close"; graceMs: number };

/** Besides forwarded requests. */
export type DoorReport<Readings> = { kind: "readings"; readings: Readings };
