/** A firing alert in the form in which Opsgenie's API shows alerts. Pure. */
import type { IncidentView } from "../../actors/incident/types.ts";
import type { ListedAlert } from "../../runtime/alert-list.ts";
import { alertAlias, alertMessage, alertPriority, alertTags } from "./opsgenie-alert.ts";
import { timeText } from "./sender.ts";

/** @param incident the one that it belongs to, which people take and acknowledge. */
export function briefView(alert: ListedAlert, incident: IncidentView | null): object {
  const { fingerprint, labels, annotations } = alert;
  const team = labels["team"] ?? "";
  return {
    id: fingerprint,
    tinyId: BigInt(`0x${fingerprint}`).toString(),
    alias: alertAlias(alert),
    message: alertMessage(alert),
    status: "open",
    acknowledged: incident !== null && incident.status !== "triggered",
    isSeen: incident !== null && incident.status !== "triggered",
    tags: alertTags(alert),
    snoozed: false,
    count: alert.received,
    createdAt: timeText(alert.startsAtMs),
    updatedAt: timeText(alert.updatedAtMs),
    lastOccurredAt: timeText(alert.updatedAtMs),
    source: labels["source"] ?? annotations["source"] ?? alert.generatorURL,
    owner: incident?.acknowledged_by ?? "",
    priority: alertPriority(alert),
    teams: [],
    responders: team === "" ? [] : [{ type: "team", id: team }],
    integration: { id: "tocsin", name: "Tocsin", type: "API" },
    ownerTeamId: "",
    incidentId: incident?.id ?? null,
  };
}

export function fullView(alert: ListedAlert, incident: IncidentView | null): object {
  const { labels, annotations } = alert;
  return {
    ...briefView(alert, incident),
    actions: listOf(annotations["actions"]),
    entity: labels["entity"] ?? "",
    description: annotations["description"] ?? "",
    details: { ...labels, ...detailsOf(annotations["details"]) },
  };
}

/** A text that may have been cut is then no JSON any more. */
function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function listOf(text: string | undefined): unknown[] {
  const value = parsed(text);
  return Array.isArray(value) ? value : [];
}

/** Clients expect texts. */
function detailsOf(text: string | undefined): Record<string, string> {
  const value = parsed(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const texts = Object.entries(value).map(([name, each]: [string, unknown]) => [
    name,
    typeof each === "string" ? each : JSON.stringify(each),
  ]);
  return Object.fromEntries(texts) as Record<string, string>;
}
