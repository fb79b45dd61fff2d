/**
 * A story about a configuration: what happens to alerts and silences in simulated time, and what
 * receivers are expected to be told. Plain data; scenario-run.ts plays it.
 */
import type { Labels } from "../actors/alert/events.ts";
import type { DispatchConfig } from "../actors/dispatch/config.ts";
import type { GroupReason, SilenceRecurrence } from "../actors/dispatch/types.ts";
import type { Matcher } from "../actors/incident/types.ts";

/** Where something is written; both from 1. */
export type Place = { file: string; line: number; column: number };

export type Scenario = {
  name: string;
  place: Place;
  /** The moment of `at: 0s`; time intervals go by it. */
  startMs: number;
  config: DispatchConfig;
  /** In the order of their times. */
  steps: ScenarioStep[];
};

export type ScenarioStep = {
  place: Place;
  /** From the start. */
  afterMs: number;
  /** In the order in which they happen. */
  actions: ScenarioAction[];
};

export type ScenarioAction =
  | { kind: "fire"; alerts: Labels[] }
  | { kind: "resolve"; alerts: Labels[] }
  | { kind: "silence"; silence: ScenarioSilence }
  | { kind: "expire"; id: string }
  | { kind: "reload"; config: DispatchConfig }
  /** Everything that was told since the last `expect`, in any order. */
  | { kind: "expect"; expected: Expectation[] }
  /** Since the last `expect`, these receivers were told nothing. */
  | { kind: "expectNone"; receivers: string[] };

export type ScenarioSilence = {
  id: string;
  matchers: Matcher[];
  forMs: number;
  recurrence: SilenceRecurrence | null;
};

/** Null: whatever it is. */
export type Expectation = {
  place: Place;
  receiver: string;
  /** Exactly these, e.g. "slack", "webhook/1" for the second of a kind. */
  integrations: string[] | null;
  /** From the start. */
  afterMs: number | null;
  groupLabels: Labels | null;
  groupKey: string | null;
  status: "firing" | "resolved" | null;
  reason: GroupReason | null;
  /** All alerts of the message, each by some of its labels. */
  alerts: Labels[] | null;
  firing: number | null;
  resolved: number | null;
};

/** One message; integrations of the receiver that were told the same are put together. */
export type Told = {
  afterMs: number;
  receiver: string;
  integrations: string[];
  groupKey: string;
  groupLabels: Labels;
  status: "firing" | "resolved";
  reason: GroupReason;
  alerts: { status: "firing" | "resolved"; labels: Labels }[];
};
