/** Group notifications delivered with settings as they stand in alertmanager.yml, for tests. */
import type { GroupNotification } from "../actors/dispatch/types.ts";
import { createGroupChannel } from "../channels/alertmanager/group-channel.ts";
import type { GroupChannelOptions } from "../channels/alertmanager/group-channel.ts";
import type { DeliveryResult } from "../channels/channel.ts";
import { readGlobal } from "../runtime/config/alertmanager/global.ts";
import { readReceivers } from "../runtime/config/alertmanager/receivers.ts";
import type { ReceiverSettings } from "../runtime/config/alertmanager/receivers.ts";
import { Reading } from "../runtime/config/reading.ts";
import { ConfigValue } from "../runtime/config/value.ts";
import { fakeTemplates } from "./fake-templates.ts";

/** @throws Error with the problems of `yaml`, which has `receivers` and maybe `global`. */
export function receiversOf(yaml: string): ReceiverSettings[] {
  const file = "/nowhere/alertmanager.yml";
  const reading = new Reading(file, yaml, { placesMax: 10_000 });
  const root = new ConfigValue(reading, reading.document.contents, "", null);
  const section = root.section(["global", "receivers"]);
  const global = readGlobal(section("global"), file);
  const { receivers } = readReceivers(section("receivers"), { configFile: file, global });
  const [problem] = reading.problems;
  if (problem !== undefined) throw new Error(`${problem.path}: ${problem.message}`);
  return receivers;
}

/** A channel to the receivers of `yaml`, with templates that only show what they are given. */
export function groupChannel(
  yaml: string,
  over: Partial<GroupChannelOptions> = {},
): (notification?: GroupNotification, signal?: AbortSignal) => Promise<DeliveryResult> {
  const receivers = receiversOf(yaml);
  const channel = createGroupChannel({
    receivers: () => receivers,
    renderer: () => fakeTemplates,
    clock: { nowMs: () => Date.now(), sleep: async () => {} },
    externalUrl: "http://tocsin.example.com",
    userAgent: "Tocsin/test",
    ...over,
  });
  return (notification = sampleGroup(), signal = new AbortController().signal) =>
    channel.send(notification, signal);
}

/** Two alerts of one job, one of them over; for the receiver "team.x". */
export function sampleGroup(over: Partial<GroupNotification> = {}): GroupNotification {
  return {
    kind: "group",
    id: "dispatch:0:17:2",
    receiver: "team.x",
    integration: { kind: "webhook", index: 0 },
    groupKey: '{}/{severity="page"}:{alertname="Down"}',
    groupLabels: { alertname: "Down" },
    reason: "new alerts in group",
    status: "firing",
    atMs: Date.parse("2026-01-02T23:30:00Z"),
    alerts: [
      {
        fingerprint: "00000000000000a1",
        status: "firing",
        labels: { severity: "page", alertname: "Down", instance: "a" },
        annotations: { summary: "a is down", runbook: "http://runbook" },
        startsAtMs: Date.parse("2026-01-02T23:00:00Z"),
        endsAtMs: null,
        generatorURL: "http://prometheus/graph?g0.expr=up",
        isNew: false,
      },
      {
        fingerprint: "00000000000000b2",
        status: "resolved",
        labels: { severity: "page", alertname: "Down", instance: "b" },
        annotations: { summary: "b is down", runbook: "http://runbook" },
        startsAtMs: Date.parse("2026-01-02T22:00:00.250Z"),
        endsAtMs: Date.parse("2026-01-02T23:10:00.5Z"),
        generatorURL: "",
        isNew: false,
      },
    ],
    ...over,
  };
}

/** The same group once nothing of it fires any more. */
export function resolvedGroup(over: Partial<GroupNotification> = {}): GroupNotification {
  const group = sampleGroup(over);
  const { alerts, atMs } = group;
  const ended = alerts.map((alert) => ({
    ...alert,
    status: "resolved" as const,
    endsAtMs: alert.endsAtMs ?? atMs,
  }));
  return { ...group, status: "resolved", reason: "all alerts in group resolved", alerts: ended };
}
