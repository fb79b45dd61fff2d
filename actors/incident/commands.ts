/**
 * Commands of people and programs. Each has one answer, remembered by its id: a repeated request
 * changes nothing and hears the same again. A refusal is an answer with its reason, and an event.
 */
import { assertNever } from "./assert-never.ts";
import { clipped } from "./duration.ts";
import { identityOf, labelOf, sortedLabels, titleCharsMax } from "./identity.ts";
import type { Incident } from "./incident.ts";
import { isOpen, judge } from "./lifecycle.ts";
import { mergeInto } from "./merge.ts";
import { relate } from "./relate.ts";
import { signOf } from "./root.ts";
import { openSeverity, setSeverity } from "./severity-steps.ts";
import { splitOff } from "./split.ts";
import { close, newIncident, open, reopen, resolve, take } from "./transitions.ts";
import type { Turn } from "./turn.ts";
import { record } from "./turn.ts";
import type { Command, CommandAction, CommandOutcome } from "./types.ts";
import { viewOf } from "./view.ts";

/** Longest note, cause or reason that an incident keeps, in characters; longer ones are cut. */
export const remarkCharsMax = 4_000;

type Create = Extract<CommandAction, { kind: "create" }>;
type OnIncident = Exclude<CommandAction, { kind: "create" }>;

export function applyCommand(turn: Turn, command: Command): void {
  const recall = turn.desk.commands.recall(command, turn.nowMs);
  switch (recall.kind) {
    case "repeated":
      reply(turn, command, recall.outcome);
      return;
    case "misused": {
      const reason = `command id "${clipped(command.id, 80)}" was used for another request before`;
      const incident = turn.desk.incidents.get(command.incidentId ?? "");
      reply(turn, command, conflict(reason, incident ?? null));
      return;
    }
    case "unknown": {
      const outcome = decide(turn, command);
      turn.desk.commands.remember(command, outcome, turn.nowMs);
      reply(turn, command, outcome);
      return;
    }
    default:
      assertNever(recall);
  }
}

function decide(turn: Turn, command: Command): CommandOutcome {
  const { action, by } = command;
  if (action.kind === "create") return create(turn, action, by);
  const id = command.incidentId ?? "";
  const incident = turn.desk.incidents.get(id);
  if (incident === undefined) {
    return { kind: "notFound", reason: `no incident ${id || "was named"} in memory here` };
  }
  const done = perform(turn, incident, action, by);
  if (typeof done !== "string") return { kind: "done", incident: viewOf(done ?? incident) };
  const refusal = done;
  const detail = { command: action.kind, command_id: command.id };
  record(turn, incident, { kind: "commandRefused", by, because: refusal, detail });
  return conflict(refusal, incident);
}

function create(turn: Turn, action: Create, by: string): CommandOutcome {
  const { desk } = turn;
  const labels = { ...action.labels };
  if (action.service !== "" && labelOf(labels, "service") === "") labels.service = action.service;
  const identity = identityOf(labels);
  const { dedupKey } = action;
  if (dedupKey !== null) {
    const known = desk.byGroupKey(identity, `dedup:${dedupKey}`);
    if (known !== undefined && isOpen(known.status)) {
      return { kind: "done", incident: viewOf(known) };
    }
  }
  const incident = newIncident(turn);
  incident.tenant = identity.tenant;
  incident.environment = identity.environment;
  incident.service = identity.service;
  incident.title = clipped(action.title, titleCharsMax);
  incident.description = clipped(action.description, remarkCharsMax);
  // Without a key of its own no alert's grouping key may lead to it.
  incident.groupKey = dedupKey === null ? `incident:${incident.id}` : `dedup:${dedupKey}`;
  incident.dedupKey = dedupKey;
  incident.labels = sortedLabels(labels);
  const sign = signOf(turn, "", { labels, annotations: { summary: action.title } });
  incident.signs = [{ ...sign, severity: action.severity }];
  const alert = { labels, annotations: {} };
  const worse = openSeverity(turn, incident, { alert, said: action.severity, joining: 0 });
  const because = `${by} opened it by hand${worse === "" ? "" : `; ${worse}`}`;
  return { kind: "done", incident: open(turn, incident, null, { by, because }) };
}

/** @returns why it was refused; when it is done null, or the incident to answer with. */
function perform(
  turn: Turn,
  incident: Incident,
  action: OnIncident,
  by: string,
): Incident | string | null {
  if (action.kind === "relate") return relate(turn, incident, action, by);
  const verdict = judge(incident.status, action.kind);
  if (verdict.kind === "refuse") return verdict.reason;
  const isSame = verdict.kind === "same";
  switch (action.kind) {
    case "acknowledge":
      if (!isSame) take(turn, incident, "acknowledged", { by, because: `${by} took it` });
      return null;
    case "investigate":
      if (!isSame) take(turn, incident, "investigating", { by, because: `${by} looks into it` });
      return null;
    case "identify":
      identify(turn, incident, clipped(action.cause, remarkCharsMax), by, isSame);
      return null;
    case "resolve": {
      if (isSame) return null;
      const note = clipped(action.note, remarkCharsMax);
      const because = remarked(`${by} resolved it`, note);
      resolve(turn, incident, { by, because, detail: { note } });
      return null;
    }
    case "close":
      if (!isSame) close(turn, incident, { by, because: `${by} closed it` });
      return null;
    case "reopen": {
      if (isSame) return null;
      const reason = clipped(action.reason, remarkCharsMax);
      const because = remarked(`${by} reopened it`, reason);
      reopen(turn, incident, { by, because, detail: { reason } });
      return null;
    }
    case "merge":
      return mergeInto(turn, incident, action.into, by);
    case "split":
      return splitOff(turn, incident, action, by);
    case "setSeverity": {
      const reason = clipped(action.reason, remarkCharsMax);
      return setSeverity(turn, incident, { severity: action.severity, reason }, by);
    }
    case "note": {
      const text = clipped(action.text, remarkCharsMax);
      const because = `${by} wrote a note`;
      record(turn, incident, { kind: "noteAdded", by, because, detail: { text } });
      return null;
    }
    default:
      return assertNever(action);
  }
}

/** Naming another cause later is a correction, not a repetition. */
function identify(
  turn: Turn,
  incident: Incident,
  cause: string,
  by: string,
  isSame: boolean,
): void {
  if (isSame && (cause === "" || cause === incident.cause)) return;
  incident.cause = cause;
  const because = remarked(`${by} found the cause`, cause);
  take(turn, incident, "identified", { by, because, detail: { cause } });
}

function remarked(what: string, remark: string): string {
  return remark === "" ? what : `${what}: ${clipped(remark, 200)}`;
}

function conflict(reason: string, incident: Incident | null): CommandOutcome {
  return { kind: "conflict", reason, incident: incident === null ? null : viewOf(incident) };
}

function reply(turn: Turn, command: Command, outcome: CommandOutcome): void {
  const { replyTo, id: commandId } = command;
  if (replyTo !== "") turn.emit({ kind: "reply", replyTo, commandId, outcome });
}
