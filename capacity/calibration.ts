/**
 * What a calibration found out, as it is saved and read back: readings only, nothing derived.
 * Plans are made from this alone, so a saved calibration answers at once and always the same.
 */
import type { CorePoint } from "./core-scaling.ts";

/** CPU seconds per alert, by what spends them. */
export type CpuCost = {
  /** The main thread: HTTP, fingerprints, frames. One thread whatever the machine has. */
  door: number;
  /** Further threads of the main process: garbage collection, compiling. */
  helpers: number;
  /** The shard threads together: dedup, incidents, relay. */
  shards: number;
  nats: number;
  /** The analytics process's own thread, which makes rows of steps. One thread. */
  sink: number;
  /** ClickHouse's threads in that process. */
  clickhouse: number;
};

export const cpuParts = ["door", "helpers", "shards", "nats", "sink", "clickhouse"] as const;

/** Throughput with so many requests in flight, all the time. */
export type LoadPoint = {
  inFlight: number;
  accepted: number;
  acceptedPerSecond: number;
  /** Of the same alerts, until the last one was processed and stored as rows. */
  processedPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of the program and its children. */
  cpuSecondsPerAlert: number;
  /** What the load generator took of the same machine meanwhile, in cores. */
  generatorCores: number;
};

/** Bytes that stay behind, by where. */
export type StoredBytes = { work: number; steps: number; incidents: number; clickhouse: number };

export type Calibration = {
  format: 1;
  measuredAt: string;
  tocsinVersion: string;
  machine: {
    platform: string;
    cpu: string;
    cores: number;
    memoryBytes: number;
  };
  settings: {
    secondsPerPoint: number;
    repeatShare: number;
    alertsPerRequest: number;
    population: number;
  };
  points: LoadPoint[];
  /** Alerts only repeated, and only new: the two ends of every mix. */
  cpu: {
    /** False: only whole processes could be read, so door and sink count as 0. */
    byThread: boolean;
    repeated: CpuCost;
    fresh: CpuCost;
  };
  memory: {
    /** The program itself before the first alert. */
    idleBytes: number;
    perFingerprintBytes: number;
    /** How far above rest the program went under full load. */
    burstBytes: number;
    /** The most that nats-server and ClickHouse took together. */
    enginesBytes: number;
    /** Fingerprints that came between the two readings. */
    fingerprints: number;
  };
  disk: {
    /** Messages of the input log per alert; they go once a snapshot covers them. */
    inputBytes: { repeated: number; fresh: number };
    perFresh: StoredBytes;
    /** Per roll-up of an alert's repeats; null: there was none, the run was too short. */
    perRollup: StoredBytes | null;
    /** Snapshots, and the state that subscribers read. */
    bucketBytesPerFingerprint: number;
  };
  /** What the streams are configured to hold. */
  limits: {
    inputBytesMax: number;
    stepsBytesMax: number;
    stepsKeptMs: number;
    incidentsKeptMs: number;
    rollupMaxMs: number;
    partitions: number;
  };
  /** Processed alerts a second on so many of the cores; empty: not measured. */
  coreCounts: CorePoint[];
};

/** @throws Error that says what is wrong with the text. */
export function readCalibration(text: string): Calibration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error("it is no JSON");
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== 1) throw new Error(`its format is ${JSON.stringify(format)}, expected 1`);
  const problem = difference(value, shape, "");
  if (problem !== null) throw new Error(problem);
  return value as Calibration;
}

const cost = { door: 0, helpers: 0, shards: 0, nats: 0, sink: 0, clickhouse: 0 };
const stored: StoredBytes = { work: 0, steps: 0, incidents: 0, clickhouse: 0 };

/** An example of everything; a file has to have at least this, with numbers of 0 or more. */
const shape: Calibration = {
  format: 1,
  measuredAt: "",
  tocsinVersion: "",
  machine: { platform: "", cpu: "", cores: 0, memoryBytes: 0 },
  settings: { secondsPerPoint: 0, repeatShare: 0, alertsPerRequest: 0, population: 0 },
  points: [
    {
      inFlight: 0,
      accepted: 0,
      acceptedPerSecond: 0,
      processedPerSecond: 0,
      p50Ms: 0,
      p99Ms: 0,
      cpuSecondsPerAlert: 0,
      generatorCores: 0,
    },
  ],
  cpu: { byThread: true, repeated: cost, fresh: cost },
  memory: {
    idleBytes: 0,
    perFingerprintBytes: 0,
    burstBytes: 0,
    enginesBytes: 0,
    fingerprints: 0,
  },
  disk: {
    inputBytes: { repeated: 0, fresh: 0 },
    perFresh: stored,
    perRollup: stored,
    bucketBytesPerFingerprint: 0,
  },
  limits: {
    inputBytesMax: 0,
    stepsBytesMax: 0,
    stepsKeptMs: 0,
    incidentsKeptMs: 0,
    rollupMaxMs: 0,
    partitions: 0,
  },
  coreCounts: [{ cores: 0, perSecond: 0 }],
};

const nullable = new Set([".disk.perRollup"]);

/** The first place where `value` is not like `example`; null: it is. */
function difference(value: unknown, example: unknown, path: string): string | null {
  if (value === null && nullable.has(path)) return null;
  const name = path === "" ? "the file" : path.slice(1);
  if (Array.isArray(example)) {
    if (!Array.isArray(value)) return `${name}: expected a list`;
    return first(value.map((each, i) => difference(each, example[0], `${path}[${i}]`)));
  }
  if (typeof example === "object" && example !== null) {
    if (typeof value !== "object" || value === null) return `${name}: expected an object`;
    const fields = value as Record<string, unknown>;
    const entries = Object.entries(example);
    return first(entries.map(([key, each]) => difference(fields[key], each, `${path}.${key}`)));
  }
  if (typeof example === "number") {
    const fits = typeof value === "number" && Number.isFinite(value) && value >= 0;
    return fits ? null : `${name}: got ${JSON.stringify(value)}, expected a number of 0 or more`;
  }
  if (typeof value === typeof example) return null;
  return `${name}: got ${JSON.stringify(value)}, expected a ${typeof example}`;
}

const first = (problems: (string | null)[]): string | null =>
  problems.find((problem) => problem !== null) ?? null;
