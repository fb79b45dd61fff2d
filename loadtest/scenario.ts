/** What a scenario is, and what it works with. */
import type { Phase, Target } from "./load/phase.ts";
import type { LoadRecord, PhaseRecord } from "./result/load-record.ts";
import type { Check, Limits } from "./result/verdict.ts";
import type { Sampler } from "./watch/sampler.ts";

export type Scenario = {
  name: string;
  /** What it asks, in one line. */
  question: string;
  /** Of the load itself, without filling and draining; null: as long as its checks take. */
  seconds: number | null;
  /** False: it runs at a rate of its own and needs none. */
  needsRate: boolean;
  run(ground: Ground): Promise<void>;
};

export type Settings = {
  /** Alerts a second that steady holds; the other scenarios are multiples of it. */
  rate: number;
  batch: number;
  repeats: number;
  population: number;
  connectionsMax: number;
  seed: number;
  limits: Limits;
};

/** The server under load, filled and drained, and everything that watches it. */
export type Ground = {
  readonly settings: Settings;
  readonly target: Target;
  /** How long the scenario's load shall last, in seconds. */
  readonly seconds: number;
  readonly record: LoadRecord;
  readonly sampler: Sampler;
  /** Sends a phase; resolves when its time is up and its answers are there. */
  run(phase: Phase): Promise<PhaseRecord>;
  /** The same, but resolves when its time is up, while answers may be on their way. */
  runUntilOver(phase: Phase): Promise<PhaseRecord>;
  /** Waits until nothing lags, at most so long. */
  idle(seconds: number): Promise<void>;
  /** A phase that sends alerts at a fixed rate. */
  alerts(name: string, perSecond: number, seconds: number, resolveAfterSeconds?: number): Phase;
  /** Phases that get a line in the table. */
  show(...records: PhaseRecord[]): void;
  expect(...checks: Check[]): void;
  /** A fact for the report that is neither held nor broken. */
  note(text: string): void;
  say(line: string): void;
};
