/** The steps of a scenario: what happens, when, and what is expected to be told. */
import type { Labels } from "../../actors/alert/events.ts";
import type { DispatchConfig } from "../../actors/dispatch/config.ts";
import type { GroupReason, SilenceRecurrence } from "../../actors/dispatch/types.ts";
import { boundedSource } from "../../actors/incident/matchers.ts";
import type { Matcher } from "../../actors/incident/types.ts";
import type {
  Expectation,
  ScenarioAction,
  ScenarioSilence,
  ScenarioStep,
} from "../scenario.ts";
import { refusedWish } from "../silence-changes.ts";
import { parseMatchers } from "./alertmanager/matcher-list.ts";
import { parseRecurrence } from "./recurrence.ts";
import { type ConfigValue, hint } from "./value.ts";

export type StepContext = {
  /** In force at the first step; null when that is a problem already. */
  config: DispatchConfig | null;
  /** Reads the configuration that a value names; null when that is a problem. */
  load(value: ConfigValue): DispatchConfig | null;
  startMs: number;
};

const stepsMax = 10_000;
const alertsMax = 10_000;
const labelsMax = 1_000;
const matchersMax = 100;
const countMax = 1_000_000;
const longestMs = 400 * 86_400_000;
const statuses = ["firing", "resolved"] as const;
const reasons: readonly GroupReason[] = [
  "first notification",
  "new alerts in group",
  "some alerts in group resolved",
  "all alerts in group resolved",
  "repeat interval elapsed",
];

export function readSteps(value: ConfigValue, context: StepContext): ScenarioStep[] {
  if (value.list(stepsMax).length === 0) value.expected("a list of steps");
  const reader = new StepReader(context);
  return value.list(stepsMax).map((step) => reader.read(step));
}

/** Goes over the steps in order, and knows what was said before. */
class StepReader {
  readonly #context: StepContext;
  #config: DispatchConfig | null;
  #afterMs = 0;
  #silences = new Set<string>();

  constructor(context: StepContext) {
    this.#context = context;
    this.#config = context.config;
  }

  /** Within a step things happen in the order of this list. */
  read(step: ConfigValue): ScenarioStep {
    const readers: [key: string, read: (value: ConfigValue) => ScenarioAction | null][] = [
      ["reload", (value) => this.#reload(value)],
      ["silence", (value) => ({ kind: "silence", silence: this.#silence(value) })],
      ["expire", (value) => this.#expire(value)],
      ["fire", (value) => ({ kind: "fire", alerts: readAlerts(value) })],
      ["resolve", (value) => ({ kind: "resolve", alerts: readAlerts(value) })],
      ["expect_none", (value) => this.#expectNone(value)],
      ["expect", (value) => ({ kind: "expect", expected: this.#expected(value) })],
    ];
    const keys = readers.map(([key]) => key);
    const section = step.section(["at", ...keys]);
    const afterMs = section("at").duration({ default: this.#afterMs, min: 0, max: longestMs });
    if (afterMs < this.#afterMs) section("at").problem("before the step above, time goes on");
    this.#afterMs = Math.max(this.#afterMs, afterMs);
    const given = readers.filter(([key]) => section(key).given);
    // A misspelt key has been told already.
    if (step.isMap() && step.entries(labelsMax).every(([key]) => key === "at")) {
      step.problem(`nothing happens, expected one of ${keys.join(", ")}`);
    }
    const actions = given.map(([key, read]) => read(section(key)));
    return {
      place: step.position(),
      afterMs: this.#afterMs,
      actions: actions.filter((action) => action !== null),
    };
  }

  #reload(value: ConfigValue): ScenarioAction | null {
    const config = this.#context.load(value);
    this.#config = config;
    return config === null ? null : { kind: "reload", config };
  }

  #silence(value: ConfigValue): ScenarioSilence {
    const section = value.section(["id", "matchers", "for", "recur"]);
    const id = section("id").scalarText(`silence-${this.#silences.size + 1}`);
    if (this.#silences.has(id)) section("id").problem(`the silence ${id} was made already`);
    this.#silences.add(id);
    if (!section("for").present) section("for").expected("how long it holds, such as 2h");
    const silence: ScenarioSilence = {
      id,
      matchers: readMatchers(section("matchers")),
      forMs: section("for").duration({ default: 1, min: 1, max: longestMs }),
      recurrence: readRecurrence(section("recur")),
    };
    const startsAtMs = this.#context.startMs + this.#afterMs;
    const times = { startsAtMs, endsAtMs: startsAtMs + silence.forMs };
    const wish = { ...silence, ...times, createdBy: "", comment: "", annotations: {} };
    const refusal = refusedWish(wish, startsAtMs);
    if (refusal !== null) section("matchers").problem(refusal);
    return silence;
  }

  #expire(value: ConfigValue): ScenarioAction {
    const id = value.scalarText("");
    if (!this.#silences.has(id)) {
      const known = [...this.#silences];
      const these = known.length === 0 ? "there is none" : `one of ${known.join(", ")}`;
      value.expected(`the id of a silence made before: ${these}${hint(id, known)}`);
    }
    return { kind: "expire", id };
  }

  #expected(value: ConfigValue): Expectation[] {
    if (!value.present) value.expected("a list of messages, [] for none");
    const items = value.isMap() ? [value] : value.list(alertsMax);
    return items.map((item) => this.#expectation(item));
  }

  #expectation(item: ConfigValue): Expectation {
    const keys = ["receiver", "integrations", "at", "group", "group_key", "status", "reason"];
    const section = item.section([...keys, "alerts", ...statuses]);
    const choice = <T extends string>(key: string, words: readonly T[]): T | null =>
      section(key).present ? section(key).choice(words, words[0]!) : null;
    const alerts = section("alerts");
    const groupKey = section("group_key");
    return {
      place: item.position(),
      receiver: this.#receiver(section("receiver")),
      integrations: readIntegrations(section("integrations")),
      afterMs: section("at").present ? readAt(section("at"), this.#afterMs) : null,
      groupLabels: section("group").present ? readLabels(section("group"), true) : null,
      groupKey: groupKey.present ? groupKey.text() : null,
      status: choice("status", statuses),
      reason: choice("reason", reasons),
      alerts: alerts.present ? readAlerts(alerts) : null,
      firing: readCount(section("firing")),
      resolved: readCount(section("resolved")),
    };
  }

  #expectNone(value: ConfigValue): ScenarioAction {
    if (value.plain() === true) return { kind: "expect", expected: [] };
    const items = value.isList() ? value.list(alertsMax) : [value];
    return { kind: "expectNone", receivers: items.map((item) => this.#receiver(item)) };
  }

  /** Who is no receiver of the configuration in force would never be told anything. */
  #receiver(value: ConfigValue): string {
    const name = value.text();
    const names = this.#config?.receivers.map((receiver) => receiver.name) ?? [name];
    if (name !== "" && !names.includes(name)) {
      value.expected(`a receiver of the configuration: ${names.join(", ")}${hint(name, names)}`);
    }
    return name;
  }
}

function readAt(value: ConfigValue, untilMs: number): number {
  const afterMs = value.duration({ default: 0, min: 0, max: longestMs });
  if (afterMs > untilMs) value.problem("after this step; nothing was told then yet");
  return afterMs;
}

/** One alert's labels, or a list of them. */
function readAlerts(value: ConfigValue): Labels[] {
  if (!value.present) value.expected("the labels of an alert, or a list of them");
  const items = value.isList() ? value.list(alertsMax) : [value];
  return items.map((item) => readLabels(item, false));
}

/** Values just as they are written, numbers and truth values too. */
function readLabels(value: ConfigValue, mayBeEmpty: boolean): Labels {
  const entries = value.entries(labelsMax).map(([name, entry]): [string, string] => {
    const text = entry.scalarText("");
    if (text === "") entry.expected(`a value of the label ${name}; one without is left out`);
    return [name, text];
  });
  if (entries.length === 0 && !mayBeEmpty && value.isMap()) value.expected("at least one label");
  return Object.fromEntries(entries);
}

function readMatchers(value: ConfigValue): Matcher[] {
  const items = value.isList() ? value.list(matchersMax) : [value];
  return items.flatMap((item) => {
    const parsed = parseMatchers(item.text());
    if (parsed.kind === "error") {
      item.problem(parsed.message);
      return [];
    }
    for (const { op, value: text } of parsed.matchers) {
      // Silences take less than routes do, and what they do not take never holds.
      const bounded = op === "=~" || op === "!~" ? boundedSource(text) : null;
      if (bounded?.kind === "error") item.problem(`not taken in silences: ${bounded.message}`);
    }
    return parsed.matchers;
  });
}

function readRecurrence(value: ConfigValue): SilenceRecurrence | null {
  if (!value.present) return null;
  const recurrence = parseRecurrence(value.text());
  if (!("problem" in recurrence)) return recurrence;
  value.problem(recurrence.problem);
  return null;
}

function readIntegrations(value: ConfigValue): string[] | null {
  if (!value.present) return null;
  const items = value.isList() ? value.list(labelsMax) : [value];
  return items.map((item) => item.text());
}

function readCount(value: ConfigValue): number | null {
  return value.present ? value.integer({ default: 0, min: 0, max: countMax }) : null;
}
