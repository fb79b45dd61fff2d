/**
 * What a POST or PATCH body asks for, as commands of the incident core. The table of a PATCH:
 *
 *   {"status": "acknowledged" | "investigating" | "identified" | "resolved" | "closed"}
 *   {"status": "triggered"}   reopens
 *   {"severity": "critical" | "high" | "medium" | "low" | "info", "reason": TEXT}
 *   {"merge_into": ID}, {"split": [FINGERPRINT | ID, …]}, {"note": TEXT}
 *
 * `note` may accompany a status or a severity; a resolution keeps it as its own note,
 * anything else is followed by a second command. `cause` goes with "identified", `reason` with
 * "triggered" and with a severity.
 */
import { assertNever } from "../actors/incident/assert-never.ts";
import { severities } from "../actors/incident/types.ts";
import type { CommandAction } from "../actors/incident/types.ts";
import { incidentLimits as limits } from "./incident-body.ts";
import type { BodyReader } from "./incident-body.ts";
import { shown } from "./incident-refusals.ts";

/** `actions` are to be executed in order, the next only when the one before was done. */
export type Change = { by: string; actions: CommandAction[] };

/** Who acts when the body does not say. */
const byDefault = "api";

const patchStatuses = [
  "triggered",
  "acknowledged",
  "investigating",
  "identified",
  "resolved",
  "closed",
] as const;

/** @returns a change that is meaningful only when `reader.finish()` has no faults. */
export function readCreate(reader: BodyReader): Change {
  const by = reader.text("by", limits.byMax) ?? byDefault;
  const title = reader.requiredText("title", limits.titleMax);
  const description = reader.looseText("description", limits.textMax);
  const severity = reader.choice("severity", severities) ?? "medium";
  const service = reader.text("service", limits.serviceMax);
  const labels = reader.labels("labels");
  const dedupKey = reader.text("dedup_key", limits.dedupKeyMax);
  const labelled = labels["service"];
  if (service !== null && labelled !== undefined && labelled !== service) {
    const expected = `the same as the label "service", ${shown(labelled)}, or no such label`;
    reader.faults.push({ name: "service", value: shown(service), expected });
  }
  return {
    by,
    actions: [
      {
        kind: "create",
        title,
        description,
        severity,
        service: service ?? "",
        labels,
        dedupKey,
      },
    ],
  };
}

export function readNote(reader: BodyReader): Change {
  const by = reader.text("by", limits.byMax) ?? byDefault;
  return { by, actions: [{ kind: "note", text: reader.requiredText("text", limits.textMax) }] };
}

export function readPatch(reader: BodyReader): Change {
  const status = reader.choice("status", patchStatuses);
  const severity = reader.choice("severity", severities);
  const mergeInto = reader.text("merge_into", limits.serviceMax);
  const split = reader.texts("split", limits.splitMax, limits.serviceMax);
  const note = reader.text("note", limits.textMax);
  const by = reader.text("by", limits.byMax) ?? byDefault;
  const cause = reader.text("cause", limits.causeMax);
  const reason = reader.text("reason", limits.causeMax);
  const fault = (name: string, value: unknown, expected: string) =>
    reader.faults.push({ name, value: shown(value), expected });
  if (cause !== null && status !== "identified") {
    fault("cause", cause, 'it only together with "status": "identified"');
  }
  if (reason !== null && status !== "triggered" && severity === null && split === null) {
    fault("reason", reason, 'it only together with "status": "triggered", a severity or "split"');
  }
  const others = [status, severity, mergeInto, note];
  if (split !== null && others.some((other) => other !== null)) {
    fault("split", split, "it without status, severity, merge_into and note");
  }
  if (mergeInto !== null && (status !== null || severity !== null || note !== null)) {
    fault("merge_into", mergeInto, "it without status, severity and note");
  }
  if (severity !== null && status !== null) fault("severity", severity, "it without status");
  else if (severity !== null && reason === null) fault("reason", undefined, "why, as a text");
  const actions: CommandAction[] = [];
  if (severity !== null) actions.push({ kind: "setSeverity", severity, reason: reason ?? "" });
  else if (status !== null) {
    actions.push(statusAction(status, note ?? "", cause ?? "", reason ?? ""));
  } else if (mergeInto !== null) actions.push({ kind: "merge", into: mergeInto });
  else if (split !== null) actions.push({ kind: "split", alerts: split, reason: reason ?? "" });
  if (note !== null && status !== "resolved" && mergeInto === null) {
    actions.push({ kind: "note", text: note });
  }
  if (actions.length === 0 && reader.faults.length === 0) {
    const statuses = patchStatuses.join(", ");
    const expected = `one of status (${statuses}), severity, merge_into, split, note`;
    reader.faults.push({ name: "status", value: "nothing", expected });
  }
  return { by, actions };
}

function statusAction(
  status: (typeof patchStatuses)[number],
  note: string,
  cause: string,
  reason: string,
): CommandAction {
  switch (status) {
    case "triggered":
      return { kind: "reopen", reason };
    case "acknowledged":
      return { kind: "acknowledge" };
    case "investigating":
      return { kind: "investigate" };
    case "identified":
      return { kind: "identify", cause };
    case "resolved":
      return { kind: "resolve", note };
    case "closed":
      return { kind: "close" };
    default:
      return assertNever(status);
  }
}
