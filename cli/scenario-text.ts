/** What became of scenarios, as a test runner tells it. */
import { labelsText } from "../actors/dispatch/text.ts";
import { formatDuration } from "../runtime/config/units.ts";
import type { Expectation, Told } from "../runtime/scenario.ts";
import type { Missing } from "../runtime/scenario-match.ts";
import type {
  HeldBack,
  ScenarioFailure,
  ScenarioResult,
  Waiting,
} from "../runtime/scenario-run.ts";
import type { Paint } from "./colours.ts";
import { plain, plainLines } from "./plain-text.ts";

const alertsShown = 5;

/** Several lines, each indented and safe to print. */
export function scenarioText({ scenario, failures, notifications }: ScenarioResult, paint: Paint) {
  const isGood = failures.length === 0;
  const mark = isGood ? paint("green", "✓") : paint("red", "✗");
  const told = notifications === 1 ? "1 notification" : `${notifications} notifications`;
  const endMs = scenario.steps.at(-1)?.afterMs ?? 0;
  const about = paint("dim", `(${told} in ${formatDuration(endMs)})`);
  const head = `  ${mark} ${plain(scenario.name)} ${about}\n`;
  return head + failures.map((each) => failureText(each, scenario.startMs, paint)).join("");
}

function failureText(failure: ScenarioFailure, startMs: number, paint: Paint): string {
  const { place, afterMs, message, missing, unexpected } = failure;
  const counts = [
    missing.length === 0 ? "" : `${missing.length} expected and not told`,
    unexpected.length === 0 ? "" : `${unexpected.length} told and not expected`,
  ].filter((count) => count !== "");
  const what = message === "" ? counts.join(", ") : message;
  const near = new Set(missing.flatMap((each) => each.nearest?.told ?? []));
  const lines = [
    `${place.file}:${place.line}:${place.column}: at ${timeText(afterMs, startMs)}: ${what}`,
    ...missing.flatMap((each) => missingLines(each)),
    ...unexpected.flatMap((each) => (near.has(each) ? [] : [`  + told      ${toldText(each)}`])),
    ...failure.heldBack.map((each) => `    quiet     ${heldBackText(each)}`),
    ...failure.waiting.map((each) => `    waits     ${waitingText(each)}`),
    ...failure.unrouted.map((name) => `    routes    no alert that fires is routed to ${name}`),
  ];
  return lines.map((line, at) => `${painted(plainLines(line, "      "), at, paint)}\n`).join("");
}

function painted(line: string, at: number, paint: Paint): string {
  if (at === 0) return paint("bold", line);
  const sign = line.trimStart()[0];
  return paint(sign === "-" ? "red" : sign === "+" ? "green" : "dim", line);
}

function missingLines({ expectation, nearest }: Missing): string[] {
  const line = `  - expected  ${expectationText(expectation)}`;
  if (nearest === null) return [line];
  return [
    line,
    `  + told      ${toldText(nearest.told)}`,
    ...nearest.differences.map(
      ({ field, expected, told }) => `    ${field}: expected ${expected}, told ${told}`,
    ),
  ];
}

function expectationText(expectation: Expectation): string {
  const { receiver, integrations, afterMs, groupLabels, groupKey } = expectation;
  const { status, reason, alerts, firing, resolved } = expectation;
  const counts = [
    firing === null ? null : `${firing} firing`,
    resolved === null ? null : `${resolved} resolved`,
  ];
  const parts = [
    afterMs === null ? null : `at ${formatDuration(afterMs)}`,
    receiver + (integrations === null ? "" : ` (${integrations.join(", ")})`),
    groupLabels === null ? null : `of ${labelsText(groupLabels)}`,
    groupKey,
    status,
    reason,
    ...counts,
    alerts === null ? null : alertsText(alerts.map(labelsText)),
  ];
  return parts.filter((part) => part !== null).join(", ");
}

function toldText(told: Told): string {
  const { afterMs, receiver, integrations, groupLabels, status, reason, alerts } = told;
  const texts = alerts.map(
    (alert) => labelsText(alert.labels) + (alert.status === "resolved" ? " resolved" : ""),
  );
  const who = `${receiver} (${integrations.join(", ")}) of ${labelsText(groupLabels)}`;
  return `at ${formatDuration(afterMs)}, ${who}, ${status}, ${reason}: ${alertsText(texts)}`;
}

function alertsText(alerts: string[]): string {
  const more = alerts.length - alertsShown;
  const shown = alerts.slice(0, alertsShown).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function heldBackText({ labels, silencedBy, inhibitedBy, mutedBy }: HeldBack): string {
  const why = [
    silencedBy.length === 0 ? "" : `silenced by ${silencedBy.join(", ")}`,
    inhibitedBy.length === 0 ? "" : `inhibited by ${alertsText(inhibitedBy)}`,
    mutedBy.length === 0 ? "" : `muted by ${mutedBy.join(", ")}`,
  ];
  return `${labelsText(labels)}: ${why.filter((each) => each !== "").join("; ")}`;
}

function waitingText({ receiver, groupLabels, afterMs }: Waiting): string {
  const group = `${receiver} of ${labelsText(groupLabels)}`;
  return `${group} is looked at next at ${formatDuration(afterMs)}`;
}

function timeText(afterMs: number, startMs: number): string {
  const at = new Date(startMs + afterMs);
  const day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][at.getUTCDay()];
  return `${formatDuration(afterMs)} (${day} ${at.toISOString().slice(0, 19)}Z)`;
}

/** Plain data for programs. */
export function scenarioJson({ scenario, failures, notifications }: ScenarioResult): object {
  return {
    name: scenario.name,
    line: scenario.place.line,
    passed: failures.length === 0,
    start: new Date(scenario.startMs).toISOString(),
    simulatedMs: scenario.steps.at(-1)?.afterMs ?? 0,
    notifications,
    failures,
  };
}
