import { afterEach, expect, test } from "vitest";
import type { RedactionConfig } from "../../runtime/config/redaction-section.ts";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";

const redaction: RedactionConfig = {
  ...{ enabled: true, kinds: ["mail"], fields: "both", style: "kind", patterns: [] },
  except: { annotations: [], labels: [] },
};
let world: SenderWorld;
afterEach(() => world.close());

const person = "jane@example.com";
const trigger = {
  ...{ routing_key: "0".repeat(32), event_action: "trigger", dedup_key: "k" },
  payload: { summary: `of ${person}`, source: person, severity: "error" },
};
const webhook = {
  ...{ version: "4", status: "firing", receiver: "r", groupKey: "{}", truncatedAlerts: 0 },
  alerts: [
    {
      ...{ status: "firing", labels: { alertname: "A" }, annotations: { summary: person } },
      ...{ startsAt: "2026-01-01T00:00:00Z", endsAt: "0001-01-01T00:00:00Z" },
    },
  ],
};

test.each([
  ["/v2/alerts", { message: `of ${person}`, alias: "a", details: { owner: person } }],
  ["/v2/enqueue", trigger],
  ["/v1/ingest/alertmanager", webhook],
])("%s", async (path, body) => {
  world = await openSenderWorld({}, redaction);
  const { status } = await world.send("POST", path, body);
  expect(status).toBeLessThan(300);
  const firing = await world.firing();
  expect(firing).toHaveLength(1);
  expect(JSON.stringify(firing)).toContain("[mail]");
  expect(JSON.stringify(firing)).not.toContain(person);
});

test("an alert of Opsgenie's is seen at once, although it is stored otherwise", async () => {
  world = await openSenderWorld({}, redaction);
  await world.send("POST", "/v2/alerts", { message: `of ${person}`, alias: "a" });
  const startedMs = performance.now();
  const found = await world.send("GET", "/v2/alerts/a?identifierType=alias");
  expect(found).toMatchObject({ status: 200, body: { data: { message: "of [mail]" } } });
  const change = await world.send("PUT", "/v2/alerts/a/message?identifierType=alias", {
    message: `again of ${person}`,
  });
  expect(change.status).toBe(202);
  const again = await world.send("GET", "/v2/alerts/a?identifierType=alias");
  expect(again).toMatchObject({ body: { data: { message: "again of [mail]" } } });
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});
