/** What the process tells a door thread, and what the thread tells it back. */
import type { MessagePort } from "node:worker_threads";
import type { TocsinConfig } from "./config/types.ts";

export type DoorTask = {
  door: string;
  natsUrl: string;
  host: string;
  port: number;
  ingest: TocsinConfig["ingest"];
  /** Of the dedup stage. */
  partitions: number;
  logLevel: string;
  cacheSeed: number;
  link: MessagePort;
};

/** Besides the answers to forwarded requests (ingress/forwarding.ts). */
export type DoorCommand = { kind: "lag"; lagMs: number } | { kind: "close"; graceMs: number };

/** Besides forwarded requests. */
export type DoorReport<Readings> = { kind: "readings"; readings: Readings };
