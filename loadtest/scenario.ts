/** What a scenario is, and what it works with. */
import type { Script } from "./generator/script-run.ts";
import type { Settings as ScriptSettings } from "./k6/settings.ts";
import type { LoadRecord, PhaseRecord } from "./result/load-record.ts";
import type { Check, Limits } from "./result/verdict.ts";
import type { Target } from "./target.ts";
import type { Sampler } from "./watch/sampler.ts";

export type Scenario = {
  name: string;
  /** What it asks, in one line. */
  question: string;
  /** How long the load itself is said to take, in seconds; null: as long as its checks take. */
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

/** A script that k6 runs. */
export type Load = {
  /** One for each phase, in the order of the plan; they fill while it runs. */
  records: PhaseRecord[];
  /** Until the phase begins or its time is up, while answers may be on their way. */
  until(record: PhaseRecord, moment: "begin" | "end"): Promise<void>;
  /**
   * Until all answers are there: whether the script's thresholds held.
   * @throws Error when k6 failed.
   */
  ended: Promise<Check[]>;
};

/** The server under load, filled and drained, and everything that watches it. */
export type Ground = {
  readonly settings: Settings;
  readonly target: Target;
  /** How long the scenario's load shall last, in seconds; 0: as the script has it. */
  readonly seconds: number;
  readonly record: LoadRecord;
  readonly sampler: Sampler;
  /** Starts a script, with this scenario's settings and those changed. */
  start(script: Script, change?: Partial<ScriptSettings>): Load;
  /** Waits until nothing lags, at most so long. */
  idle(seconds: number): Promise<void>;
  /** Phases that get a line in the table. */
  show(...records: PhaseRecord[]): void;
  expect(...checks: Check[]): void;
  /** A fact for the report that is neither held nor broken. */
  note(text: string): void;
  /** Why a phase's figures do not blame the server; null: they do. */
  fault(record: PhaseRecord): string | null;
  say(line: string): void;
};
