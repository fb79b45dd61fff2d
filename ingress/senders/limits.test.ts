/** A key that has used up its limit of requests, at the doors of all senders. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { LimitError } from "../../runtime/errors.ts";
import { openSenderWorld, type SenderWorld } from "../../testing/sender-world.ts";

let world: SenderWorld;
beforeAll(async () => {
  world = await openSenderWorld({
    authenticate() {
      throw new LimitError("the limit of this API key is used up", { retryAfterMs: 2_500 });
    },
  });
});
afterAll(() => world.close());

const key = "0123456789abcdef0123456789abcdef";
const payload = { summary: "s", source: "h", severity: "error" };
const v2 = { routing_key: key, event_action: "trigger", payload };
const v1 = { service_key: key, event_type: "trigger", description: "d" };
const title = { title: "t", status: "firing" };

test.each([
  ["PagerDuty v2", "/v2/enqueue", v2, 429, "throttle exceeded"],
  ["PagerDuty v1", "/generic/2010-04-15/create_event.json", v1, 403, "throttle exceeded"],
  ["Opsgenie", "/v2/alerts", { message: "m" }, 429, "requestId"],
  ["incident.io", "/v2/alert_events/http/x", title, 429, "used up"],
  // Alertmanager drops what it gets a 4xx for.
  ["Alertmanager", "/v1/ingest/alertmanager", { version: "4", alerts: [] }, 503, "Unavailable"],
])("%s: told to wait in its own words", async (_name, path, body, status, text) => {
  const answer = await world.send("POST", path, body);
  expect(answer.status).toBe(status);
  expect(answer.headers.get("retry-after")).toBe("3");
  expect(JSON.stringify(answer)).toContain(text);
  expect(JSON.stringify(answer)).not.toContain(key);
});
