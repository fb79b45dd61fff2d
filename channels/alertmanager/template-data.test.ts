/** The data that templates see, field by field. */
import { expect, test } from "vitest";
import type { Labels } from "../../actors/alert/events.ts";
import { resolvedGroup, sampleGroup } from "../../testing/group-delivery.ts";
import { templateData } from "./template-data.ts";

const at = "http://tocsin.example.com";

test("a group has the names of webhooks, times as Go writes them, sorted labels", () => {
  const data = templateData(sampleGroup(), at, "team.x");
  expect(JSON.stringify(data)).toBe(
    JSON.stringify({
      receiver: "team\\.x",
      status: "firing",
      alerts: [
        {
          status: "firing",
          labels: { alertname: "Down", instance: "a", severity: "page" },
          annotations: { runbook: "http://runbook", summary: "a is down" },
          startsAt: "2026-01-02T23:00:00Z",
          endsAt: "0001-01-01T00:00:00Z",
          generatorURL: "http://prometheus/graph?g0.expr=up",
          fingerprint: "00000000000000a1",
        },
        {
          status: "resolved",
          labels: { alertname: "Down", instance: "b", severity: "page" },
          annotations: { runbook: "http://runbook", summary: "b is down" },
          startsAt: "2026-01-02T22:00:00.25Z",
          endsAt: "2026-01-02T23:10:00.5Z",
          generatorURL: "",
          fingerprint: "00000000000000b2",
        },
      ],
      notification_reason: "new alerts in group",
      groupLabels: { alertname: "Down" },
      commonLabels: { alertname: "Down", severity: "page" },
      commonAnnotations: { runbook: "http://runbook" },
      routeLabels: {},
      externalURL: at,
    }),
  );
});

test("an alert without a common label leaves it out, even one named like a method", () => {
  const [first, second] = sampleGroup().alerts;
  const labels = JSON.parse('{ "toString": "x" }') as Labels;
  const alerts = [{ ...first!, labels }, { ...second!, labels: {} }];
  expect(templateData(sampleGroup({ alerts }), at, "x").commonLabels).toEqual({});
});

test("a resolved group has no zero times", () => {
  const data = templateData(resolvedGroup(), at, "plain-name");
  expect(data.receiver).toBe("plain-name");
  expect(data.alerts.map((alert) => alert.endsAt)).toEqual([
    "2026-01-02T23:30:00Z",
    "2026-01-02T23:10:00.5Z",
  ]);
});

test("an alert that joined a group that was told of says so, others say nothing", () => {
  const [first, second] = sampleGroup().alerts;
  const alerts = [{ ...first!, isNew: true }, second!];
  const data = templateData(sampleGroup({ alerts }), at, "x");
  expect(data.alerts.map((alert) => alert.isNew)).toEqual([true, undefined]);
});
