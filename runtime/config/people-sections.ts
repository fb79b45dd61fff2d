/** The sections about being told: receivers, escalation policies, and which rule picks which. */
import type { EscalationLevel } from "../../actors/escalation/escalation.ts";
import type { Matcher } from "../../actors/incident/types.ts";
import { parseMatcher } from "./matcher-text.ts";
import type { TocsinConfig } from "./types.ts";
import { hint, type ConfigValue } from "./value.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

const policiesMax = 1_000;
const levelsMax = 50;
const receiversPerLevelMax = 50;
const repeatsMax = 100;
const rulesMax = 10_000;
const matchersMax = 50;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** A name of the user's own, each once in its section. */
export function readName(value: ConfigValue, taken: Set<string>): string {
  const name = value.text();
  if (name === "") return name;
  if (!namePattern.test(name)) {
    value.expected("a name of letters, digits, _ . and -, at most 64");
  } else if (taken.has(name)) value.problem(`the name ${name} is taken already`);
  taken.add(name);
  return name;
}

export function readPolicies(value: ConfigValue, receivers: string[]): TocsinConfig["policies"] {
  const taken = new Set<string>();
  const policies: TocsinConfig["policies"] = {};
  for (const entry of value.list(policiesMax)) {
    const section = entry.section(["name", "levels", "repeats", "repeat_after"]);
    const name = readName(section("name"), taken);
    const levels = section("levels").list(levelsMax);
    if (levels.length === 0) section("levels").expected("at least one level");
    policies[name] = {
      name,
      levels: levels.map((level) => readLevel(level, receivers)),
      repeats: section("repeats").integer({ default: 0, min: 0, max: repeatsMax }),
      repeatAfterMs: section("repeat_after").duration({
        default: 5 * minute,
        min: 0,
        max: 7 * day,
      }),
    };
  }
  return policies;
}

function readLevel(value: ConfigValue, known: string[]): EscalationLevel {
  const section = value.section(["after", "receivers"]);
  const receivers = section("receivers").list(receiversPerLevelMax);
  if (receivers.length === 0) section("receivers").expected("at least one receiver");
  return {
    afterMs: section("after").duration({ default: 0, min: 0, max: 7 * day }),
    receivers: receivers.map((receiver) => readReference(receiver, "receiver", known)),
  };
}

export function readRules(value: ConfigValue, policies: string[]): TocsinConfig["rules"] {
  return value.list(rulesMax).map((entry) => {
    const section = entry.section(["match", "policy"]);
    return {
      matchers: section("match").list(matchersMax).flatMap(readMatcher),
      policy: readReference(section("policy"), "escalation policy", policies),
    };
  });
}

export function readMatcher(value: ConfigValue): Matcher[] {
  const text = value.text();
  if (text === "") return [];
  const matcher = parseMatcher(text);
  if (!("problem" in matcher)) return [matcher];
  value.problem(`got ${JSON.stringify(text)}: ${matcher.problem}`);
  return [];
}

function readReference(value: ConfigValue, kind: string, known: string[]): string {
  const name = value.text();
  if (name !== "" && !known.includes(name)) {
    const all = known.length === 0 ? "none is configured" : `there is ${known.join(", ")}`;
    value.problem(`there is no ${kind} ${name} (${all})${hint(name, known)}`);
  }
  return name;
}
