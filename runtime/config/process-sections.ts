/** The sections about the process itself: address, data, engines, ingest. */
import { parseListen } from "./listen.ts";
import type { TocsinConfig } from "./types.ts";
import type { ConfigValue } from "./value.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const kib = 1024;
const mib = 1024 * kib;

const partitionsMax = 256;
const shardsMax = 256;
const listenersMax = 64;
const retentionDaysMax = 3_660;
/** nats-server's max_payload, less what a frame's headers take. */
const frameBytesMax = 768 * kib;

export const defaultListen = { host: "127.0.0.1", port: 9093 };

type Section = (key: string) => ConfigValue;

export function readListen(value: ConfigValue): TocsinConfig["listen"] {
  const text = value.optionalText();
  if (text === null) return { ...defaultListen };
  const parsed = parseListen(text);
  if (!("problem" in parsed)) return parsed;
  value.problem(parsed.problem);
  return { ...defaultListen };
}

export function readPartitions(value: ConfigValue): TocsinConfig["partitions"] {
  const section = value.section(["dedup", "incident", "lanes"]);
  const count = (key: string, fallback: number) =>
    section(key).integer({ default: fallback, min: 1, max: partitionsMax });
  const dedup = count("dedup", 8);
  return { dedup, incident: count("incident", 8), lanes: readLanes(section("lanes"), dedup) };
}

function readLanes(value: ConfigValue, dedup: number): number | "auto" {
  if (!value.present || value.is("auto")) return "auto";
  return value.integer({ default: 1, min: 1, max: dedup });
}

export function readShards(value: ConfigValue): TocsinConfig["shards"] {
  if (!value.present || value.is("auto")) return "auto";
  return value.integer({ default: 1, min: 1, max: shardsMax });
}

export function readListeners(value: ConfigValue): TocsinConfig["listeners"] {
  if (!value.present || value.is("auto")) return "auto";
  return value.integer({ default: 1, min: 1, max: listenersMax });
}

export function readNats(value: ConfigValue): TocsinConfig["nats"] {
  const section = value.section(["url", "port", "durability"]);
  return {
    url: readUrl(section("url"), ["nats:", "tls:", "ws:", "wss:"]),
    port: readPort(section("port")),
    durability: section("durability").choice(["default", "always"], "default"),
  };
}

function readPort(value: ConfigValue): TocsinConfig["nats"]["port"] {
  if (!value.present || value.is("preferred")) return "preferred";
  return value.integer({ default: 0, min: 0, max: 65_535 });
}

export function readClickhouse(value: ConfigValue): TocsinConfig["clickhouse"] {
  const section = value.section(["url", "retention"]);
  return {
    url: readUrl(section("url"), ["http:", "https:"]),
    retentionDays: readRetention(section("retention")),
  };
}

function readRetention(value: ConfigValue): number | null {
  if (!value.present || value.is("forever")) return null;
  const ms = value.duration({ default: day, min: day, max: retentionDaysMax * day });
  if (ms % day !== 0) value.expected("whole days, such as 90d, or forever");
  return Math.ceil(ms / day);
}

/** Several URLs may be separated by commas (a cluster's nodes). */
function readUrl(value: ConfigValue, protocols: string[]): string | null {
  const text = value.optionalText();
  if (text === null) return null;
  const valid = text
    .split(",")
    .every((url) => URL.canParse(url.trim()) && protocols.includes(new URL(url.trim()).protocol));
  if (!valid) value.expected(`a URL with ${protocols.map((p) => `${p}//`).join(" or ")}`);
  return text;
}

export function readIngest(value: ConfigValue): TocsinConfig["ingest"] {
  const section: Section = value.section([
    "resolve_timeout",
    "body_max",
    "body_timeout",
    "requests_in_flight",
    "pending_max",
    "lag_max",
    "frames_in_flight",
    "frame_target",
    "linger",
  ]);
  const ingest = {
    resolveTimeoutMs: section("resolve_timeout").duration({
      default: 5 * minute,
      min: second,
      max: 30 * day,
    }),
    bodyBytesMax: section("body_max").size({ default: 16 * mib, min: kib, max: 256 * mib }),
    bodyTimeoutMs: section("body_timeout").duration({
      default: 30 * second,
      min: second,
      max: 10 * minute,
    }),
    requestsInFlightMax: section("requests_in_flight").integer({
      default: 4_096,
      min: 1,
      max: 65_536,
    }),
    pendingBytesMax: section("pending_max").size({ default: 64 * mib, min: mib, max: 4096 * mib }),
    lagMsMax: section("lag_max").duration({ default: 10 * second, min: second, max: day }),
    framesInFlightMax: section("frames_in_flight").integer({ default: 64, min: 1, max: 1_024 }),
    frameBytesTarget: section("frame_target").size({
      default: 128 * kib,
      min: kib,
      max: frameBytesMax,
    }),
    lingerMs: section("linger").duration({ default: 2, min: 0, max: second }),
  };
  if (ingest.pendingBytesMax < ingest.bodyBytesMax) {
    section("pending_max").expected("at least body_max, or no full body could be taken");
  }
  return ingest;
}
