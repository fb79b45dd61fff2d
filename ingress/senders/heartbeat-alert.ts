/** The alert that a missed heartbeat is. Pure. */
import { type Heartbeat, intervalMs } from "../../runtime/heartbeat.ts";
import {
  type SentAlert,
  annotationText,
  dedupKeyOf,
  endedAt,
  firingFrom,
  keyLabels,
  labelText,
  textMap,
  timeText,
} from "./sender.ts";
import { opsgeniePriorities } from "./severity-words.ts";

/** @param atMs when it became one; the alert is the same however often it is sent. */
export function heartbeatAlert(heartbeat: Heartbeat, atMs: number, nowMs: number): SentAlert {
  const { name, description, alertMessage, alertPriority, lastPingAtMs } = heartbeat;
  return {
    ...identity(heartbeat),
    labels: {
      ...identity(heartbeat).labels,
      ...textMap([
        ["severity", opsgeniePriorities[alertPriority] ?? ""],
        ["team", labelText(heartbeat.ownerTeam)],
        ["tags", labelText(heartbeat.alertTags.join(","))],
      ]),
    },
    annotations: textMap([
      ["summary", annotationText(alertMessage || `Heartbeat ${name} is missing`)],
      ["description", annotationText(description)],
      ["last_ping", lastPingAtMs === null ? "" : timeText(lastPingAtMs)],
      ["interval", `${intervalMs(heartbeat) / 60_000} min`],
    ]),
    ...firingFrom(nowMs),
    startsAt: timeText(Math.min(atMs, nowMs)),
  };
}

export function heartbeatEnding(heartbeat: Heartbeat, nowMs: number): SentAlert {
  return { ...identity(heartbeat), endsAt: endedAt(nowMs) };
}

function identity({ tenant, name }: Heartbeat): SentAlert {
  const labels = { alertname: "HeartbeatMissed", heartbeat: name };
  return {
    labels: { ...keyLabels({ tenant, service: null }), ...labels },
    dedup_key: dedupKeyOf("heartbeat", name),
  };
}
