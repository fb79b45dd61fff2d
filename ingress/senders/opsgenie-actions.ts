/**
 * What a client of Opsgenie's API does to an alert: close, acknowledge, note, new texts. The
 * answer is a 202 when it is done and durable, and also when there is no such alert (any more),
 * as there: the request's outcome says which.
 */
import type { CommandAction } from "../../actors/incident/types.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import { submitOne } from "./decoded-intake.ts";
import { isOpenIncident } from "./incident-finder.ts";
import {
  isOpsgenie,
  opsgenieDedupKey,
  opsgenieLimits,
  readMessage,
  readPriority,
  updated,
} from "./opsgenie-alert.ts";
import { cutChars } from "./alert-details.ts";
import type { IdentifierType, OpsgenieDesk } from "./opsgenie-desk.ts";
import {
  type OpsgenieAnswer,
  type OpsgenieCall,
  accepted,
  opsgenieBody,
  refusalOf,
  unprocessable,
} from "./opsgenie-exchange.ts";
import type { RequestOutcomes } from "./opsgenie-requests.ts";
import type { RecentAlerts } from "./recent-alerts.ts";
import {
  type JsonObject,
  type SentAlert,
  endedAt,
  fieldOf,
  keyLabels,
  textField,
} from "./sender.ts";
import type { SenderDeps } from "./sender-deps.ts";
import { opsgeniePriorities } from "./severity-words.ts";

export type OpsgenieShared = {
  deps: SenderDeps;
  desk: OpsgenieDesk;
  outcomes: RequestOutcomes;
  recent: RecentAlerts;
};

/** An alert as a request names it. */
export type Target = { identifier: string; type: IdentifierType };
type Done = { isSuccess: boolean; status: string };
type Action = (
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  body: JsonObject,
) => Promise<Done | OpsgenieAnswer>;

type Named = { method: "POST" | "PUT"; name: string; run: Action };

/** By the last part of the path. */
export const opsgenieActions: Record<string, Named> = {
  close: { method: "POST", name: "Close", run: close },
  acknowledge: { method: "POST", name: "Acknowledge", run: acknowledge },
  notes: { method: "POST", name: "AddNote", run: addNote },
  message: { method: "PUT", name: "UpdateMessage", run: updateMessage },
  description: { method: "PUT", name: "UpdateDescription", run: updateDescription },
  priority: { method: "PUT", name: "UpdatePriority", run: updatePriority },
};

const absent: Done = { isSuccess: false, status: "Alert does not exist" };

export async function act(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  action: { name: string; run: Action },
): Promise<OpsgenieAnswer> {
  const read = opsgenieBody(call.request, true);
  if ("refused" in read) return read.refused;
  const done = await action.run(shared, call, target, read.object);
  if ("body" in done) return done;
  shared.outcomes.note(call.requestId, {
    ...{ action: action.name, ...done, processedAtMs: shared.deps.clock.nowMs() },
    alertId: shared.desk.fingerprint(target.identifier, target.type, call.principal) ?? "",
    alias: target.type === "alias" ? target.identifier : "",
    tenant: call.principal.tenant,
  });
  return accepted();
}

async function close(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  body: JsonObject,
): Promise<Done | OpsgenieAnswer> {
  const { desk, deps, recent } = shared;
  const fingerprint = desk.fingerprint(target.identifier, target.type, call.principal);
  const alert = fingerprint === null ? null : await desk.find(fingerprint, call.principal);
  if (fingerprint === null || (alert === null && target.type !== "alias")) return absent;
  const note = textField(body, "note");
  if (alert !== null && note !== "") await tell(shared, fingerprint, userOf(body), noteOf(note));
  const endsAt = endedAt(deps.clock.nowMs());
  // By its alias an alert can be ended unseen; it may be on its way through another door.
  const ending: SentAlert =
    alert === null
      ? {
          labels: { ...keyLabels(call.principal), alertname: "Opsgenie alert" },
          dedup_key: opsgenieDedupKey(target.identifier),
          endsAt,
        }
      : endingOf(alert, endsAt);
  const refusal = refusalOf(await submitOne(deps.intake, ending, "opsgenie", call.principal));
  if (refusal !== null) return refusal;
  recent.forget(fingerprint);
  return alert === null ? absent : { isSuccess: true, status: "Closed alert" };
}

function endingOf({ labels, annotations, dedupKey }: ListedAlert, endsAt: string): SentAlert {
  const ending: SentAlert = { labels, annotations, endsAt };
  if (dedupKey !== null) ending.dedup_key = dedupKey;
  return ending;
}

async function acknowledge(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  body: JsonObject,
): Promise<Done> {
  const alert = await findTarget(shared, call, target);
  if (alert === null) return absent;
  const by = userOf(body);
  const note = textField(body, "note");
  const incident = await shared.desk.incident(alert.fingerprint, isOpenIncident);
  if (incident === null || !isOpenIncident(incident)) return absent;
  const isTold = await tell(shared, alert.fingerprint, by, { kind: "acknowledge" });
  if (note !== "") await tell(shared, alert.fingerprint, by, noteOf(note));
  const status = isTold ? "Acknowledged alert" : "Somebody is further with it already";
  return { isSuccess: isTold, status };
}

async function addNote(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  body: JsonObject,
): Promise<Done | OpsgenieAnswer> {
  const note = textField(body, "note");
  if (note.trim() === "") return unprocessable({ note: "Note can not be empty." });
  const alert = await findTarget(shared, call, target);
  if (alert === null) return absent;
  const isTold = await tell(shared, alert.fingerprint, userOf(body), noteOf(note));
  return isTold ? { isSuccess: true, status: "Added note" } : absent;
}

function updateMessage(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  body: JsonObject,
): Promise<Done | OpsgenieAnswer> {
  const errors: Record<string, string> = {};
  const summary = readMessage(body, errors);
  if (Object.keys(errors).length > 0) return Promise.resolve(unprocessable(errors));
  return update(shared, call, target, { annotations: { summary } });
}

function updateDescription(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  body: JsonObject,
): Promise<Done | OpsgenieAnswer> {
  const description = cutChars(textField(body, "description"), opsgenieLimits.descriptionMax);
  if (description.trim() === "") {
    return Promise.resolve(unprocessable({ description: "Description can not be empty." }));
  }
  return update(shared, call, target, { annotations: { description } });
}

async function updatePriority(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  body: JsonObject,
): Promise<Done | OpsgenieAnswer> {
  const errors: Record<string, string> = {};
  const priority = readPriority(fieldOf(body, "priority"), errors);
  if (Object.keys(errors).length > 0) return unprocessable(errors);
  const severity = opsgeniePriorities[priority] ?? "medium";
  return update(shared, call, target, { labels: { severity } });
}

async function update(
  shared: OpsgenieShared,
  call: OpsgenieCall,
  target: Target,
  change: { annotations?: Record<string, string>; labels?: Record<string, string> },
): Promise<Done | OpsgenieAnswer> {
  const { deps, recent } = shared;
  const alert = await findTarget(shared, call, target);
  if (alert === null) return absent;
  if (change.labels !== undefined && !isOpsgenie(alert)) {
    return { isSuccess: false, status: "The labels of this alert are its identity" };
  }
  const sent = updated(alert, change, deps.clock.nowMs());
  const refusal = refusalOf(await submitOne(deps.intake, sent, "opsgenie", call.principal));
  if (refusal !== null) return refusal;
  recent.note(alert.fingerprint, deps.intake.asStored(sent));
  return { isSuccess: true, status: "Updated alert" };
}

async function findTarget(
  { desk }: OpsgenieShared,
  { principal }: OpsgenieCall,
  { identifier, type }: Target,
): Promise<ListedAlert | null> {
  const fingerprint = desk.fingerprint(identifier, type, principal);
  return fingerprint === null ? null : desk.find(fingerprint, principal);
}

/** Gives the alert's incident a command. @returns whether it was done. */
async function tell(
  { desk, deps }: OpsgenieShared,
  fingerprint: string,
  by: string,
  action: CommandAction,
): Promise<boolean> {
  const incident = await desk.incident(fingerprint);
  if (incident === null) return false;
  const id = deps.newId();
  const command = { id, incidentId: incident.id, by, action, replyTo: "" };
  return (await deps.incidents.execute(command)).kind === "done";
}

const noteOf = (text: string): CommandAction => ({
  kind: "note",
  text: cutChars(text, opsgenieLimits.noteMax),
});

const userOf = (body: JsonObject): string =>
  cutChars(textField(body, "user") || textField(body, "source"), opsgenieLimits.userMax) ||
  "Opsgenie API";
