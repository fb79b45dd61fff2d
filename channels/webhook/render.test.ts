import { expect, test } from "vitest";
import { renderWebhook, summarize } from "./render.ts";
import { sampleIncident, sampleNotification } from "../../testing/sample-notification.ts";

test("a notification is one structured CloudEvent", () => {
  const notification = sampleNotification();
  expect(renderWebhook(notification, "/tocsin")).toEqual({
    specversion: "1.0",
    type: "io.tocsin.incident.opened",
    id: "inc-1:4:oncall",
    source: "/tocsin",
    time: "2026-01-01T00:00:05.000Z",
    subject: "inc-1",
    datacontenttype: "application/json",
    data: {
      reason: "opened",
      level: 1,
      receiver: "oncall",
      text: "Critical incident opened: HighLatency (chat-api, prod, acme), 2 alerts firing.",
      incident: notification.incident,
    },
  });
});

test("each reason has its sentence", () => {
  const incident = sampleIncident({ firing_count: 1, resolved_by: "alerts", alert_count: 1 });
  const text = (reason: "escalated" | "reopened" | "resolved" | "flapping"): string =>
    summarize(sampleNotification({ reason, level: 2, incident }));
  expect(text("escalated")).toBe(
    "Critical incident still triggered, escalated to level 2: " +
      "HighLatency (chat-api, prod, acme), 1 alert firing.",
  );
  expect(text("reopened")).toBe(
    "Critical incident reopened: HighLatency (chat-api, prod, acme), 1 alert firing.",
  );
  expect(text("flapping")).toBe(
    "Critical incident flaps: HighLatency (chat-api, prod, acme). It stays open; what begins and " +
      "ends in it is not told until it is quiet.",
  );
  expect(text("resolved")).toBe(
    "Incident resolved by alerts: HighLatency (chat-api, prod, acme), 1 alert received.",
  );
});

test("an incident without a title or a service still reads as a sentence", () => {
  const incident = sampleIncident({ title: "", service: "", environment: "", tenant: "" });
  expect(summarize(sampleNotification({ incident }))).toBe(
    "Critical incident opened: inc-1 (no service), 2 alerts firing.",
  );
});
