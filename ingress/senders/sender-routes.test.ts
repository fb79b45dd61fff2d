/** What holds for every door: overload in each sender's words, and no body that breaks one. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "../../runtime/config/load.ts";
import type { IntakeResult } from "../../runtime/services.ts";
import { type SenderWorld, openSenderWorld } from "../../testing/sender-world.ts";
import type { SenderDeps } from "./sender-deps.ts";

const { sources } = loadConfig(
  "t.yaml",
  `sources:
  - name: any
    items: alerts
    labels: { alertname: labels.alertname, b: { path: [., status], map: { a: b } } }
    annotations: { c: annotations }
    status: status
    starts_at: startsAt
    ends_at: endsAt
    dedup_key: dedup_key
`,
);
const payload = { summary: "s", source: "s", severity: "info" };
const alerts = [{ status: "firing", labels: { alertname: "A" }, dedup_key: "k" }];
/** A good body for each door, and its answers when there is too much. */
const doors: [path: string, body: object, busy: number][] = [
  ["/v1/ingest/alertmanager", { alerts }, 503],
  ["/v1/ingest/grafana", { alerts }, 503],
  ["/v1/ingest/any", { alerts }, 429],
  ["/v2/enqueue", { routing_key: "r", event_action: "trigger", payload }, 429],
  [
    "/generic/2010-04-15/create_event.json",
    { service_key: "s", event_type: "trigger", description: "d" },
    403,
  ],
  ["/v2/alerts", { message: "m", tags: ["t"], details: { service: "s" } }, 429],
  ["/v2/alert_events/http/x", { title: "t", status: "firing", metadata: {} }, 429],
];

let world: SenderWorld;
beforeAll(async () => void (world = await openSenderWorld({ sources })));
afterAll(() => world.close());

test("too much: each sender's status, always with Retry-After", async () => {
  const overloaded: IntakeResult = {
    ...{ kind: "overloaded", status: 429, retryAfterSeconds: 7, reason: "too much" },
  };
  const busy = async (): Promise<IntakeResult> => overloaded;
  const intake: SenderDeps["intake"] = {
    ...{ submit: busy, submitLines: busy, submitWith: busy, asStored: (texts) => texts },
  };
  const full = await openSenderWorld({ sources, intake });
  for (const [path, body, status] of doors) {
    const answer = await full.send("POST", path, body);
    expect([path, answer.status, answer.headers.get("retry-after")]).toEqual([path, status, "7"]);
  }
  const { headers } = await full.send("POST", "/v2/alerts", { message: "m" });
  expect([headers.get("x-ratelimit-state"), headers.get("x-ratelimit-period-in-sec")]).toEqual([
    ...["THROTTLED", "7"],
  ]);
  await full.close();
});

const values = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom("", "firing", "resolve", "P1", "0001-01-01T00:00:00Z", -1e308, "\u0000\ud800"),
);

/** The body with one of its values, at any depth, replaced or taken away. */
function broken(body: unknown, at: number, value: unknown): unknown {
  let left = at;
  return JSON.parse(
    JSON.stringify(body, (name, each: unknown) => {
      left -= 1;
      return left === 0 && name !== "" ? value : each;
    }),
  ) as unknown;
}

test.each(doors)("%s takes its body, and refuses any broken one with a 4xx", async (path, body) => {
  expect(Math.floor((await world.send("POST", path, body)).status / 100)).toBe(2);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 12 }), values, async (at, value) => {
      const answer = await world.send("POST", path, broken(body, at, value));
      expect([200, 202, 400, 422]).toContain(answer.status);
    }),
    { numRuns: 60, seed: 11 },
  );
  for (const odd of ['{"__proto__":{"a":1}}', `${"[".repeat(200)}`, "\ufffe", '{"a":1}{', "[[]]"]) {
    const { status } = await world.send("POST", path, odd);
    expect([odd, [400, 422].includes(status)]).toEqual([odd, true]);
  }
});
