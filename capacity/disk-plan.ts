/** How much disk a demand fills, stream by stream, and which stream would be full first. Pure. */
import type { Calibration } from "./calibration.ts";

export type Demand = {
  alertsPerSecond: number;
  /** Alerts that are active at once. */
  fingerprints: number;
  /** How long ClickHouse keeps rows. */
  retentionMs: number;
  /** Of the alerts, those that only say again what is known. */
  repeatShare: number;
  /** Of cores and single threads, the share that may be busy. */
  utilisation: number;
  coresPerNode: number;
  /** Null: as many as it takes. */
  nodesMax: number | null;
};

export type DiskNeeds = {
  /** Of all nodes together, bytes. */
  input: number;
  steps: number;
  incidents: number;
  buckets: number;
  clickhouse: number;
  /** All of it, with room to spare, of one node. */
  bytesPerNode: number;
  /** What each node's streams sustain before they are full. */
  limits: { name: "input log"; perSecond: number; basis: "measured" }[];
  /** How far back the step log reaches: its retention, or less where its size ends it. */
  stepsKeptMs: number;
};

/** Snapshots come each half minute; what they have covered goes with the next one. */
const uncoveredSeconds = 60;
/** The new snapshot is written before the old one is removed. */
const snapshotCopies = 2;
/** Beyond this part of what it may hold, the step log loses its oldest (streams/janitor.ts). */
const stepsFilledMax = 0.5;
/** Of the disk; the rest is for merges and growth. */
const diskFillMax = 0.8;

export function diskNeeds(calibration: Calibration, demand: Demand, nodes: number): DiskNeeds {
  const { disk, limits } = calibration;
  const { alertsPerSecond: rate, repeatShare, fingerprints } = demand;
  const fresh = rate * (1 - repeatShare);
  // In the long run an alert that goes on gives a roll-up each rollup_max; it gives none at all
  // that would not be among the repeats.
  const rollups = Math.min(fingerprints / (limits.rollupMaxMs / 1000), rate * repeatShare);
  const perRollup = disk.perRollup ?? disk.perFresh;
  const flow = (place: "work" | "steps" | "incidents" | "clickhouse"): number =>
    fresh * disk.perFresh[place] + rollups * perRollup[place];
  const inputFlow =
    rate * (repeatShare * disk.inputBytes.repeated + (1 - repeatShare) * disk.inputBytes.fresh);
  const stepsRoom = limits.stepsBytesMax * stepsFilledMax * nodes;
  const stepsKeptMs = Math.min(limits.stepsKeptMs, (stepsRoom / flow("steps")) * 1000);
  const needs = {
    input: (inputFlow + flow("work")) * uncoveredSeconds,
    steps: (flow("steps") * stepsKeptMs) / 1000,
    incidents: (flow("incidents") * limits.incidentsKeptMs) / 1000,
    buckets: fingerprints * disk.bucketBytesPerFingerprint * snapshotCopies,
    clickhouse: (flow("clickhouse") * demand.retentionMs) / 1000,
  };
  const sum = Object.values(needs).reduce((bytes, each) => bytes + each, 0);
  const inputRate = (limits.inputBytesMax * nodes * rate) / Math.max(needs.input, 1e-9);
  return {
    ...needs,
    bytesPerNode: sum / nodes / diskFillMax,
    limits: [{ name: "input log", perSecond: inputRate / nodes, basis: "measured" }],
    stepsKeptMs,
  };
}
