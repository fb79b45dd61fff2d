/** The data that templates see, field by field. */
import { expect, test } from "vitest";
import type { Labels } from "../../actors/alert/events.ts";
import { resolvedGroup, sampleGroup } from "../../testing/group-delivery.ts";
import { templateData } from "./template-data.ts";

const at = "http://tocsin.example.com";

test("a group has Alertmanager's names, times as Go writes them, sorted labels", () => {
  const data = templateData(sampleGroup(), at, "team.x");
  expect(JSON.stringify(data)).toBe(
    JSON.stringify({
      Receiver: "team\\.x",
      Status: "firing",
      Alerts: [
        {
          Status: "firing",
          Labels: { alertname: "Down", instance: "a", severity: "page" },
          Annotations: { runbook: "http://runbook", summary: "a is down" },
          StartsAt: "2026-01-02T23:00:00Z",
          EndsAt: "0001-01-01T00:00:00Z",
          GeneratorURL: "http://prometheus/graph?g0.expr=up",
          Fingerprint: "00000000000000a1",
        },
        {
          Status: "resolved",
          Labels: { alertname: "Down", instance: "b", severity: "page" },
          Annotations: { runbook: "http://runbook", summary: "b is down" },
          StartsAt: "2026-01-02T22:00:00.25Z",
          EndsAt: "2026-01-02T23:10:00.5Z",
          GeneratorURL: "",
          Fingerprint: "00000000000000b2",
        },
      ],
      NotificationReason: "new alerts in group",
      GroupLabels: { alertname: "Down" },
      CommonLabels: { alertname: "Down", severity: "page" },
      CommonAnnotations: { runbook: "http://runbook" },
      RouteLabels: {},
      ExternalURL: at,
    }),
  );
});

test("an alert without a common label leaves it out, even one named like a method", () => {
  const [first, second] = sampleGroup().alerts;
  const labels = JSON.parse('{ "toString": "x" }') as Labels;
  const alerts = [{ ...first!, labels }, { ...second!, labels: {} }];
  expect(templateData(sampleGroup({ alerts }), at, "x").CommonLabels).toEqual({});
});

test("a resolved group has no zero times", () => {
  const data = templateData(resolvedGroup(), at, "plain-name");
  expect(data.Receiver).toBe("plain-name");
  expect(data.Alerts.map((alert) => alert.EndsAt)).toEqual([
    "2026-01-02T23:30:00Z",
    "2026-01-02T23:10:00.5Z",
  ]);
});
