/** The configuration as the program uses it: complete, checked, in ms and bytes, frozen. */
import type { EscalationPolicy } from "../../actors/escalation/escalation.ts";
import type { IncidentConfig, Matcher } from "../../actors/incident/types.ts";
import type { FlappingConfig } from "../../actors/incident/flapping.ts";
import type { SeverityConfig } from "../../actors/severity/config.ts";
import type { AlertmanagerConfig } from "./alertmanager/load.ts";
import type { RedactionConfig } from "./redaction-section.ts";
import type { RateLimits } from "../rate-limits.ts";
import type { MetricsConfig } from "./metrics-section.ts";
import type { SourceMapping } from "./sources.ts";
import type { TextModelsConfig } from "./text-models-section.ts";

export type HostPort = { host: string; port: number };

export type WebhookReceiver = {
  name: string;
  channel: "webhook";
  webhook: {
    url: string;
    /** Names in lower case; `authorization` comes from authorization_file. */
    headers: Record<string, string>;
    /** Key of the HMAC signature; null: unsigned. */
    secret: string | null;
    timeoutMs: number;
    allowPrivate: boolean;
  };
};
export type Receiver = WebhookReceiver;

export type TocsinConfig = {
  /** The file it was read from; null: built-in defaults. */
  source: string | null;
  listen: HostPort;
  dataDir: string;
  /**
   * Fixed when a data directory is created. `lanes`: how many messages the alerts that come
   * together are written in; "auto": one where one thread processes all of them, else one for
   * each dedup partition.
   */
  partitions: { dedup: number; incident: number; lanes: number | "auto" };
  /** "auto": one fewer than the machine's processors, at least one. */
  shards: number | "auto";
  /** Threads that listen. "auto": one for every four processors, at least one. */
  listeners: number | "auto";
  nats: {
    /** Null: a nats-server of our own. */
    url: string | null;
    port: number | "preferred";
    durability: "default" | "always";
  };
  clickhouse: {
    /** Null: embedded. */
    url: string | null;
    /** Null: rows are kept for ever. */
    retentionDays: number | null;
  };
  auth: {
    /** Whether requests need an API key. */
    mode: "none" | "keys";
    /** Whether GET /metrics needs one, too. */
    metrics: "keys" | "open";
    limits: RateLimits;
  };
  ingest: {
    resolveTimeoutMs: number;
    bodyBytesMax: number;
    bodyTimeoutMs: number;
    requestsInFlightMax: number;
    pendingBytesMax: number;
    lagMsMax: number;
    framesInFlightMax: number;
    frameBytesTarget: number;
    lingerMs: number;
  };
  redaction: RedactionConfig;
  dedup: { rollupFirstMs: number; rollupMaxMs: number; domainBy: string[][] };
  grouping: { by: string[] };
  correlation: IncidentConfig["correlation"];
  textModels: TextModelsConfig;
  lifecycle: { reopenWindowMs: number; closeAfterMs: number; retireAfterMs: number };
  flapping: FlappingConfig;
  severity: SeverityConfig;
  /** How long before its end a silence is reminded of; 0: never. */
  silences: { remindBeforeMs: number };
  receivers: Receiver[];
  policies: Record<string, EscalationPolicy>;
  rules: { matchers: Matcher[]; policy: string }[];
  /** Routes, receivers and what belongs to them; null: there are none. */
  alertmanager: AlertmanagerConfig | null;
  sources: SourceMapping[];
  metrics: MetricsConfig;
};
